import type { CalledProcedure } from "../contract/strategy.ts";
import { Role } from "../realm/access/permissions.ts";
import type { RealmSettings } from "../realm/settings.ts";
import type { Issues, Path } from "./issues.ts";
import { quoted } from "./shown.ts";

/** A procedure that the router calls to decide something, and the place of the config that names it. */
export interface DecidingProcedure extends CalledProcedure {
  readonly what: "authenticator" | "authorizer";
  readonly at: Path;
}

/** A component's place in the realms. */
export interface ComponentPlace {
  readonly realm: string;
  readonly role: string;
  readonly at: Path;
}

interface Rights {
  readonly realms: readonly RealmSettings[];
  readonly called: readonly DecidingProcedure[];
  readonly components: readonly ComponentPlace[];
}

/** Warns of rights that are missing, so that something can never work. */
export function warnOfRights({ realms, called, components }: Rights, warnings: Issues): void {
  for (const procedure of called) warnIfUnregistered(procedure, { realms, components }, warnings);
  for (const component of components) warnIfPowerless(component, realms, warnings);
}

/** Warns if no role may register an authenticator or authorizer: on its URI only an exact rule counts. */
function warnIfUnregistered(
  { what, uri, realm, at }: DecidingProcedure,
  { realms, components }: Pick<Rights, "realms" | "components">,
  warnings: Issues,
): void {
  const homes = realms.filter(({ name }) => realm === null || name === realm);
  const roles = homes.flatMap((home) => home.roles.map((role) => ({ home: home.name, role: new Role(role) })));
  if (homes.length === 0) return;
  const decided = roles.map(({ home, role }) => ({ home, role, settled: role.decide("register", uri) }));
  if (decided.some(({ settled }) => settled?.decision.allow === true && settled.rule?.match === "exact")) return;
  const isRun = (home: string, name: string): boolean =>
    components.some((component) => component.realm === home && component.role === name);
  const meant = [
    ...decided.filter(({ home, role }) => isRun(home, role.name)),
    ...decided.filter(({ settled }) => settled?.decision.allow === true),
  ].map(({ role }) => quoted(role.name));
  const where = realm === null ? "any realm" : `the realm${quoted(realm)}`;
  const then =
    what === "authenticator" ? "every login that asks it fails" : "it is never asked, and nothing is allowed";
  const whose = [...new Set(meant)].slice(0, 3).join(" or");
  warnings.add(
    at,
    `no role of ${where} may register${quoted(uri)}, so ${then}. On the URI of an ${what} only an exact rule counts, no * or prefix and no allow-by-default: add { uri: ${quoted(uri).trim()}, allow: { register: true } } to the permissions of the role${whose === "" ? " that it logs in with" : whose}`,
  );
}

/** A component's role may do nothing at all. */
function warnIfPowerless(
  { realm, role: name, at }: ComponentPlace,
  realms: readonly RealmSettings[],
  warnings: Issues,
): void {
  const role = realms.find((one) => one.name === realm)?.roles.find((one) => one.name === name);
  if (
    role === undefined ||
    role.authorizer !== undefined ||
    (role["allow-by-default"] && role.permissions?.length !== 0)
  )
    return;
  if (role.permissions?.some(({ allow }) => Object.values(allow).includes(true)) === true) return;
  warnings.add(
    [...at, "role"],
    `no rule lets the role${quoted(name)} of the realm${quoted(realm)} do anything, so the component can neither register, call, publish nor subscribe; add what it needs to the role's permissions`,
  );
}
