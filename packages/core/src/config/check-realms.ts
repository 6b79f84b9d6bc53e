import { realmSchema, type RealmSettings } from "../realm/settings.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import type { DecidingProcedure } from "./check-rights.ts";
import { type Check, checkBySchema, type Path } from "./issues.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** The realms of a config, and checks for references to them. */
export interface Realms {
  readonly settings: readonly RealmSettings[];
  /** The authorizers of roles. */
  readonly called: readonly DecidingProcedure[];
  /** Checks that a realm has a role; without `realm`, that any realm has it. */
  requireRole(realm: string | null, role: string, at: Path): void;
  requireRealm(realm: string, at: Path): void;
  /** The names of the realms that have a role. */
  withRole(role: string): string[];
  /** Whether a realm has a role, or may have it; without `realm`, whether any has. */
  hasRole(realm: string | null, role: string): boolean;
}

/** Checks `realms`. A realm with a problem still counts as existing, so that one mistake is reported only once. */
export async function checkRealms(raw: unknown, check: Check): Promise<Realms> {
  const settings: RealmSettings[] = [];
  const roles = new Map<string, Set<string>>();
  const called: (DecidingProcedure & { readonly realm: string })[] = [];
  for (const [i, value] of listAt(raw, "realms", check).entries()) {
    const at = ["realms", i];
    note(value, roles);
    const checked = await checkBySchema(realmSchema, value, at, check);
    if (checked === null) continue;
    const realm = checked.value as RealmSettings;
    if (settings.some(({ name }) => name === realm.name))
      check.issues.add([...at, "name"], `a realm "${realm.name}" exists already`);
    checkRoles(realm, at, check);
    settings.push(realm);
    for (const [j, { authorizer: uri, "authorizer-realm": home = realm.name }] of realm.roles.entries()) {
      const realmKey = "authorizer-realm";
      if (uri === undefined) continue;
      called.push({ uri, realm: home, realmKey, what: "authorizer", at: [...at, "roles", j, "authorizer"] });
    }
  }
  const rolesOf = (realm: string | null): ReadonlySet<string> | undefined =>
    realm === null ? new Set([...roles.values()].flatMap((names) => [...names])) : roles.get(realm);
  const realms: Realms = {
    settings,
    called,
    requireRealm(realm, at) {
      if (roles.size > 0 && !roles.has(realm) && !isIncomplete(raw))
        check.issues.add(at, `no realm${quoted(realm)} is in realms${didYouMean(realm, roles.keys())}`);
    },
    withRole: (role) => [...roles].flatMap(([realm, own]) => (own.has(role) ? [realm] : [])),
    hasRole(realm, role) {
      const own = rolesOf(realm);
      return roles.size === 0 || own === undefined || own.has(role) || own.has(UNKNOWN);
    },
    requireRole(realm, role, at) {
      if (realms.hasRole(realm, role)) return;
      const where = realm === null ? "no realm" : `realm${quoted(realm)}`;
      const hint = didYouMean(role, rolesOf(realm) ?? []);
      check.issues.add(at, `${where} has ${realm === null ? "a" : "no"} role${quoted(role)}${hint}`);
    },
  };
  for (const { realm, realmKey, at } of called) realms.requireRealm(realm, [...at.slice(0, -1), realmKey]);
  return realms;
}

/** The list at a key of the config, which must have at least one member. */
export function listAt(raw: unknown, key: string, check: Check): readonly unknown[] {
  if (Array.isArray(raw) && raw.length > 0) return raw;
  check.issues.add(
    [key],
    `expected a list with at least one member, found ${Array.isArray(raw) ? "an empty one" : kindOf(raw)}`,
  );
  return [];
}

/** Stands for a name that is missing or no string: it may be the one that is looked for. */
const UNKNOWN = "";

/** Whether a realm has no name: it may be the one that is looked for. */
function isIncomplete(raw: unknown): boolean {
  return Array.isArray(raw) && raw.some((realm) => !isDict(realm) || typeof realm["name"] !== "string");
}

function note(realm: unknown, roles: Map<string, Set<string>>): void {
  if (!isDict(realm) || typeof realm["name"] !== "string") return;
  const list: unknown[] = Array.isArray(realm["roles"]) ? realm["roles"] : [];
  const names = list.map((role) => (isDict(role) && typeof role["name"] === "string" ? role["name"] : UNKNOWN));
  roles.set(realm["name"], new Set(names));
}

/** Checks what the schema of one role cannot see: keys that exclude each other, and names that occur twice. */
function checkRoles({ roles }: RealmSettings, at: Path, { issues }: Check): void {
  const seen = new Set<string>();
  for (const [i, { name, authorizer, "authorizer-realm": home, "allow-by-default": allows }] of roles.entries()) {
    const role = [...at, "roles", i];
    if (seen.has(name)) issues.add([...role, "name"], `a role${quoted(name)} exists already`);
    seen.add(name);
    if (authorizer !== undefined && allows)
      issues.add([...role, "authorizer"], "with allow-by-default: true it would never be asked; remove one");
    if (authorizer === undefined && home !== undefined)
      issues.add([...role, "authorizer-realm"], "it has no effect without authorizer; name the authorizer");
  }
}
