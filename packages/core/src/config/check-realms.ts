import type { CalledProcedure } from "../contract/strategy.ts";
import { realmSchema, type RealmSettings } from "../realm/settings.ts";
import { isDict } from "../wamp/messages.ts";
import { type Check, checkBySchema, type Path } from "./issues.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** The realms of a config, and checks for references to them. */
export interface Realms {
  readonly settings: readonly RealmSettings[];
  /** The authorizers of roles. */
  readonly called: readonly CalledProcedure[];
  /** Checks that a realm has a role; without `realm`, that any realm has it. */
  requireRole(realm: string | null, role: string, at: Path): void;
  requireRealm(realm: string, at: Path): void;
  /** The names of the realms that have a role. */
  withRole(role: string): string[];
}

/** Checks `realms`. A realm with a problem still counts as existing, so that one mistake is reported only once. */
export async function checkRealms(raw: unknown, check: Check): Promise<Realms> {
  const settings: RealmSettings[] = [];
  const roles = new Map<string, Set<string>>();
  const called: (CalledProcedure & { readonly realm: string; readonly at: Path })[] = [];
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
      if (uri !== undefined) called.push({ uri, realm: home, realmKey, at: [...at, "roles", j, realmKey] });
    }
  }
  const realms: Realms = {
    settings,
    called: called.map(({ uri, realm, realmKey }) => ({ uri, realm, realmKey })),
    requireRealm(realm, at) {
      if (roles.size > 0 && !roles.has(realm))
        check.issues.add(at, `no realm${quoted(realm)} is in realms${didYouMean(realm, roles.keys())}`);
    },
    withRole: (role) => [...roles].flatMap(([realm, own]) => (own.has(role) ? [realm] : [])),
    requireRole(realm, role, at) {
      if (roles.size === 0) return;
      const own = realm === null ? new Set([...roles.values()].flatMap((names) => [...names])) : roles.get(realm);
      if (own === undefined || own.has(role)) return;
      const where = realm === null ? "no realm" : `realm${quoted(realm)}`;
      check.issues.add(at, `${where} has ${realm === null ? "a" : "no"} role${quoted(role)}${didYouMean(role, own)}`);
    },
  };
  for (const { realm, at } of called) realms.requireRealm(realm, at);
  return realms;
}

/** The list at a key of the config, which must have at least one member. */
export function listAt(raw: unknown, key: string, check: Check): readonly unknown[] {
  if (Array.isArray(raw) && raw.length > 0) return raw;
  check.issues.add(
    [key],
    `expected a list with at least one member, found ${Array.isArray(raw) ? "an empty one" : "none"}`,
  );
  return [];
}

function note(realm: unknown, roles: Map<string, Set<string>>): void {
  if (!isDict(realm) || typeof realm["name"] !== "string") return;
  const list: unknown[] = Array.isArray(realm["roles"]) ? realm["roles"] : [];
  const names = list.flatMap((role) => (isDict(role) && typeof role["name"] === "string" ? [role["name"]] : []));
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
