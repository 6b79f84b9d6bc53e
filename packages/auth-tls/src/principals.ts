import {
  assignmentOf,
  assignmentsIn,
  type Assignment,
  type ClientCertificate,
  credential,
  DENIED,
  denied,
  ErrorUri,
  type Hello,
  type PrincipalAnswer,
  type PrincipalQuery,
  type StaticPrincipals,
  unknown,
} from "@wampgate/core";
import { type Block, block } from "./block.ts";
import { alternativeOf, attributeOf, authidFrom, endOf } from "./certificate.ts";
import { told } from "./told.ts";
import { fingerprint, selectorsOf } from "./selectors.ts";

/** A principal of a block. */
interface Known {
  /** Its key in `principals`. */
  readonly name: string;
  readonly assignment: Assignment;
}

/** The principals that name the same attributes of a subject, whatever their values. */
interface Subjects {
  readonly names: readonly string[];
  /** By the values, as JSON. */
  readonly known: Map<string, Known>;
}

/** A prepared block. */
interface Prepared {
  readonly own: Block;
  /** By hex digits. The schema has seen that no two have the same, nor the same name. */
  readonly byFingerprint: ReadonlyMap<string, Known>;
  readonly byAlternative: ReadonlyMap<string, Known>;
  /** By the names, as JSON. */
  readonly bySubject: ReadonlyMap<string, Subjects>;
  /** The authids of all. */
  readonly authids: ReadonlySet<string>;
}

const SHA1 =
  "its certificate-sha1 is no proof: other certificates with the same SHA-1 fingerprint can be made; list its certificate-sha256";

/** How the method keeps principals in its own block. */
export const staticPrincipals: StaticPrincipals<Prepared, Block> = {
  schema: block,
  prepare: prepared,
  find,
  assignments({ own: { principals, "authid-from": source } }) {
    const warnings = Object.values(principals).map((own) =>
      selectorsOf(own).some(({ key }) => key.endsWith("sha1")) ? SHA1 : undefined,
    );
    const named = assignmentsIn("principals", principals).map((own, i) => ({ ...own, warning: warnings[i] }));
    return source === undefined ? named : [...named, { path: ["authid-from"] }];
  },
};

function prepared(own: Block): Prepared {
  const [byFingerprint, byAlternative] = [new Map<string, Known>(), new Map<string, Known>()];
  const bySubject = new Map<string, Subjects>();
  const authids = new Set<string>();
  for (const [name, principal] of Object.entries(own.principals)) {
    const assignment = { ...assignmentOf(principal), authid: principal.authid ?? name };
    authids.add(assignment.authid);
    for (const selector of selectorsOf(principal)) {
      const known = { name, assignment };
      if (selector.kind === "fingerprints") for (const text of selector.fingerprints) byFingerprint.set(text, known);
      else if (selector.kind === "alternative") byAlternative.set(selector.name, known);
      else {
        const names = selector.attributes.map(([attribute]) => attribute);
        const subjects = bySubject.get(JSON.stringify(names)) ?? { names, known: new Map<string, Known>() };
        bySubject.set(JSON.stringify(names), subjects);
        subjects.known.set(JSON.stringify(selector.attributes.map(([, value]) => value)), known);
      }
    }
  }
  return { own, byFingerprint, bySubject, byAlternative, authids };
}

/**
 * By the certificate alone: an authid in HELLO does not count. What names one certificate comes before what may name several,
 * and a principal before what the authority has written.
 */
function find({ attempt, last }: PrincipalQuery, block: Prepared): PrincipalAnswer {
  const certificate = attempt.transport.client_cert;
  if (certificate === null) return unknown();
  for (const holders of [byFingerprint, bySubject, byAlternative]) {
    const found = holders(certificate, block);
    const [first] = found;
    const other = found.find(({ name }) => name !== first?.name);
    if (first === undefined) continue;
    if (other === undefined) return credential({}, ending(first.assignment, certificate));
    return refused(attempt, `two principals have it, ${first.name} and ${other.name}`);
  }
  const { "authid-from": source } = block.own;
  if (source === undefined) return unknown();
  const authid = authidFrom(certificate, source);
  // The next block may take another one.
  if (authid.value === null) return authid.isMissing && !last ? unknown() : refused(attempt, authid.problem);
  // A log, a limit or a kill that names this authid means the principal.
  if (block.authids.has(authid.value))
    return refused(attempt, `its ${source} is ${authid.value}, the authid of a principal that has another certificate`);
  return credential({}, ending({ authid: authid.value }, certificate));
}

function byFingerprint({ sha256, sha1 }: ClientCertificate, block: Prepared): readonly Known[] {
  return [sha256, sha1].flatMap((text) => block.byFingerprint.get(fingerprint(text)) ?? []);
}

function bySubject(certificate: ClientCertificate, block: Prepared): readonly Known[] {
  // An attribute that is missing, or there twice, is null: no principal has that.
  return Array.from(block.bySubject.values(), ({ names, known }) =>
    known.get(JSON.stringify(names.map((name) => attributeOf(certificate, name).value))),
  ).filter((known) => known !== undefined);
}

function byAlternative(certificate: ClientCertificate, block: Prepared): readonly Known[] {
  return ["DNS", "URI", "email"].flatMap((type) => {
    const { value } = alternativeOf(certificate, type);
    return value === null ? [] : (block.byAlternative.get(`${type}:${value}`) ?? []);
  });
}

/** No session lasts longer than what let it in. */
function ending<A extends Assignment>(assignment: A, certificate: ClientCertificate): A {
  const ends = [assignment.expires, endOf(certificate)].filter((end) => typeof end === "number");
  return ends.length === 0 ? assignment : { ...assignment, expires: Math.min(...ends) };
}

/** Who a certificate is of must be certain. */
function refused(hello: Hello, problem: string): PrincipalAnswer {
  return denied(ErrorUri.authenticationDenied, DENIED, told(hello, problem));
}
