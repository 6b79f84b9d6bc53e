import type { z } from "zod";
import type { CalledProcedure } from "../contract/strategy.ts";
import type { Permission, RealmOptions, RealmSettings, RoleSettings } from "../contract/settings.ts";
import { isDict } from "../wamp/messages.ts";
import type { MatchPolicy } from "../wamp/uri.ts";
import { type permissionSchema, type realmOptionsSchema, realmSchema, type roleSchema } from "./core-schema.ts";
import { type Check, checkBySchema, type Path } from "./issues.ts";
import { quoted } from "./shown.ts";
import { didYouMean } from "./suggest.ts";

/** The realms of a config, and whether others may name one of them. */
export interface Realms {
  readonly settings: readonly RealmSettings[];
  /** The authorizers of roles. */
  readonly called: readonly CalledProcedure[];
  /** Checks that a realm, and in it a role, are there: without `realm`, in any of them. */
  requireRole(realm: string | null, role: string, at: Path): void;
  requireRealm(realm: string, at: Path): void;
}

/** Checks `realms`. Names of realms that are wrong in themselves still count as there, so that one slip is told once. */
export async function checkRealms(raw: unknown, check: Check): Promise<Realms> {
  const settings: RealmSettings[] = [];
  const roles = new Map<string, Set<string>>();
  for (const [i, value] of listAt(raw, "realms", check).entries()) {
    const at = ["realms", i];
    note(value, roles);
    const checked = await checkBySchema(realmSchema, value, at, check);
    if (checked === null) continue;
    const realm = checked.value as z.output<typeof realmSchema>;
    if (settings.some(({ name }) => name === realm.name))
      check.issues.add([...at, "name"], `a realm "${realm.name}" is there already`);
    settings.push({
      name: realm.name,
      roles: rolesOf(realm.roles, realm.name, at, check),
      options: optionsOf(realm.options),
    });
  }
  const realms: Realms = {
    settings,
    called: settings.flatMap(({ roles: ofRealm }) =>
      ofRealm.flatMap(({ authorizer }) =>
        authorizer === null ? [] : [{ ...authorizer, realmKey: "authorizer-realm" }],
      ),
    ),
    requireRealm(realm, at) {
      if (roles.size > 0 && !roles.has(realm))
        check.issues.add(at, `no realm${quoted(realm)} is in realms${didYouMean(realm, roles.keys())}`);
    },
    requireRole(realm, role, at) {
      if (roles.size === 0) return;
      const own = realm === null ? new Set([...roles.values()].flatMap((names) => [...names])) : roles.get(realm);
      if (own === undefined || own.has(role)) return;
      const where = realm === null ? "no realm" : `realm${quoted(realm)}`;
      check.issues.add(at, `${where} has ${realm === null ? "a" : "no"} role${quoted(role)}${didYouMean(role, own)}`);
    },
  };
  for (const [i, { roles: ofRealm }] of settings.entries()) {
    for (const [j, { authorizer }] of ofRealm.entries()) {
      if (authorizer !== null) realms.requireRealm(authorizer.realm, ["realms", i, "roles", j, "authorizer-realm"]);
    }
  }
  return realms;
}

function optionsOf(options: z.output<typeof realmOptionsSchema>): RealmOptions {
  return {
    uriCheck: options["uri-check"],
    requestIds: options["request-ids"],
    discloseMe: options["disclose-me"] === "allow",
    maxSessions: options["max-sessions"],
    maxSessionsPerAuthid: options["max-sessions-per-authid"],
    retainedTopics: options["retained-topics"],
    eventHistory: options["event-history"],
    limits: {
      subscriptions: options["max-subscriptions"],
      registrations: options["max-registrations"],
      pendingCalls: options["max-pending-calls"],
    },
  };
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

function rolesOf(
  roles: readonly z.output<typeof roleSchema>[],
  realm: string,
  at: Path,
  { issues }: Check,
): RoleSettings[] {
  const seen = new Set<string>();
  return roles.map((role, i) => {
    const { name, permissions, "allow-by-default": allowByDefault, authorizer, "authorizer-realm": home } = role;
    if (seen.has(name)) issues.add([...at, "roles", i, "name"], `a role${quoted(name)} is there already`);
    seen.add(name);
    if (authorizer !== undefined && allowByDefault)
      issues.add(
        [...at, "roles", i, "authorizer"],
        "beside allow-by-default: true it would never be asked; remove one",
      );
    if (authorizer === undefined && home !== undefined)
      issues.add([...at, "roles", i, "authorizer-realm"], "without authorizer it means nothing; name the authorizer");
    return {
      name,
      permissions: permissions?.map(permissionOf) ?? null,
      allowByDefault,
      authorizer: authorizer === undefined ? null : { uri: authorizer, realm: home ?? realm },
      trustLevel: role["trust-level"] ?? null,
    };
  });
}

function permissionOf({ uri, match, allow, disclose }: z.output<typeof permissionSchema>): Permission {
  return { ...(match === undefined ? unstarred(uri) : { uri, match }), allow, disclose };
}

/** Crossbar's stars: `*` and `a.b.*` are prefixes, `a.*.c` is a wildcard. */
function unstarred(uri: string): { uri: string; match: MatchPolicy } {
  if (!uri.includes("*")) return { uri, match: "exact" };
  if (uri.endsWith("*") && !uri.slice(0, -1).includes("*")) return { uri: uri.slice(0, -1), match: "prefix" };
  return { uri: uri.replaceAll("*", ""), match: "wildcard" };
}
