import {
  assignmentOf,
  assignmentsIn,
  credential,
  type PrincipalAnswer,
  type PrincipalQuery,
  principalFields,
  type StaticPrincipals,
  unknown,
  z,
} from "@wampgate/core";
import { HEX32, weaknessOf } from "./keys.ts";
import { readAuthextra } from "./asked.ts";

/** How many keys a principal may have. */
const MOST_KEYS = 16;

const NO_TRUSTROOTS = "trustroots, the certificates of Ethereum, are not supported: list the keys in authorized_keys";

/** @param routerKey the router's public key; null if it has none */
function publicKey(routerKey: string | null): z.ZodString {
  return z
    .string()
    .regex(HEX32, { error: "expected an Ed25519 public key, 64 hex digits" })
    .superRefine((key, context) => {
      const problem = problemOf(key, routerKey);
      if (problem !== null) context.addIssue({ code: "custom", message: `the key ${problem}` });
    })
    .meta({ shown: true });
}

function problemOf(key: string, routerKey: string | null): string | null {
  // The router signs whatever a client sends it, so anybody could let it sign the challenge that this key must answer.
  if (key.toLowerCase() === routerKey)
    return "belongs to router-key, which signs for everybody: make another pair with wampgate keygen";
  return HEX32.test(key) ? weaknessOf(key) : null;
}

/** The keys of one principal: 64 hex digits each, in lower case. */
export class Keys {
  readonly list: readonly string[];

  constructor(keys: readonly string[]) {
    this.list = keys.map((key) => key.toLowerCase());
  }
}

/** What a strategy gives: one key or several. Static principals and decoys give what was checked already. */
export function credentialSchema(routerKey: string | null) {
  const key = publicKey(routerKey);
  const pubkey = z.union([z.instanceof(Keys), key, z.array(key).min(1).max(MOST_KEYS)], {
    error: `expected an Ed25519 public key, 64 hex digits, or a list of 1 to ${MOST_KEYS} of them`,
  });
  return z
    .object({ pubkey })
    .transform(({ pubkey: given }) => (given instanceof Keys ? given : new Keys([given].flat())));
}

/** A block's schema. */
export function blockSchema(routerKey: string | null) {
  const keys = z.array(publicKey(routerKey)).min(1).max(MOST_KEYS);
  const principal = z
    .strictObject({
      authorized_keys: keys.optional().describe("the public keys that may log in, each 64 hex digits"),
      "authorized-keys": keys.optional().describe("the same as `authorized_keys`"),
      ...principalFields,
    })
    .superRefine((own, context) => {
      if ((own.authorized_keys === undefined) === (own["authorized-keys"] === undefined))
        context.addIssue({
          code: "custom",
          path: ["authorized_keys"],
          message: `expected the principal's public keys, a list of 1 to ${MOST_KEYS}`,
        });
    });
  return z.strictObject({
    principals: z.record(z.string(), principal).describe("who may log in, by authid"),
    trustroots: z.never({ error: NO_TRUSTROOTS }).optional(),
  });
}

type Settings = z.output<ReturnType<typeof blockSchema>>;
type Principals = Settings["principals"];

/** A principal of a block. */
interface Known {
  /** Its key in `principals`. */
  readonly authid: string;
  readonly keys: Keys;
  readonly answer: PrincipalAnswer;
}

/** A prepared block. */
export interface Block {
  readonly principals: Principals;
  readonly byAuthid: ReadonlyMap<string, Known>;
  /** Those that are assigned another authid, by that one: a session whose client named none is found by it later. */
  readonly byAssigned: ReadonlyMap<string, readonly Known[]>;
  readonly byKey: ReadonlyMap<string, readonly Known[]>;
}

/** How the method keeps principals in its own block. */
export function staticPrincipals(routerKey: string | null): StaticPrincipals<Block, Settings> {
  return {
    schema: blockSchema(routerKey),
    prepare: ({ principals }) => prepared(principals),
    find,
    assignments({ principals, byAuthid, byKey }) {
      const warnings = Array.from(byAuthid.values(), (known) => warningOf(known, byKey));
      return assignmentsIn("principals", principals).map((own, i) => ({ ...own, warning: warnings[i] }));
    },
    secrets: ["authorized_keys", "authorized-keys"],
  };
}

function prepared(principals: Principals): Block {
  const byAuthid = new Map<string, Known>();
  const [byAssigned, byKey] = [new Map<string, Known[]>(), new Map<string, Known[]>()];
  for (const [authid, own] of Object.entries(principals)) {
    const keys = new Keys([own.authorized_keys, own["authorized-keys"]].flatMap((list) => list ?? []));
    const assigned = own.authid ?? authid;
    const answer = credential({ pubkey: keys }, { ...assignmentOf(own), authid: assigned });
    const known: Known = { authid, keys, answer };
    byAuthid.set(authid, known);
    if (assigned !== authid) add(byAssigned, assigned, known);
    for (const key of new Set(keys.list)) add(byKey, key, known);
  }
  return { principals, byAuthid, byAssigned, byKey };
}

function add(groups: Map<string, Known[]>, name: string, known: Known): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [known]);
  else group.push(known);
}

/**
 * By authid, or, if the client named none, by its key, which must be that of one principal alone. Whether the key is one of
 * an authid's own is the method's to decide, so that both cost the same.
 */
function find({ authid, attempt }: PrincipalQuery, { byAuthid, byAssigned, byKey }: Block): PrincipalAnswer {
  const asked = readAuthextra(attempt.authextra);
  // After a reload nothing is known of HELLO but its authid.
  const key = typeof asked === "string" || asked.pubkey === null ? "" : asked.pubkey;
  const holders = byKey.get(key) ?? [];
  if (authid === null) {
    const [holder, ...others] = holders;
    return holder === undefined || others.length > 0 ? unknown() : holder.answer;
  }
  const assigned = byAssigned.get(authid) ?? [];
  const known = byAuthid.get(authid) ?? assigned.find((other) => holders.includes(other)) ?? assigned[0];
  return known?.answer ?? unknown();
}

/** A key of two principals names neither. */
function warningOf({ authid, keys }: Known, byKey: Block["byKey"]): string | undefined {
  for (const key of keys.list) {
    const other = byKey.get(key)?.find((holder) => holder.authid !== authid);
    if (other !== undefined)
      return `its key ${key.slice(0, 8)}… is also a key of "${other.authid}": a client that names no authid is neither, and is denied`;
  }
  return undefined;
}
