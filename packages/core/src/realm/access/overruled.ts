import { covers } from "../../wamp/patterns.ts";
import { bySpecificity } from "./permissions.ts";
import type { Permission } from "./settings.ts";

/**
 * The rules of a role that are never chosen, by their place in the list, each with the place of one that is chosen
 * before it wherever it matches: the later one of two for the same URIs, or a prefix that has at least as many
 * characters as a wildcard below it.
 */
export function overruled(permissions: readonly Permission[]): Map<number, number> {
  const places = new Map(permissions.map((permission, place) => [permission, place]));
  const found = new Map<number, number>();
  const note = (loser: Permission, winner: Permission): void => {
    found.set(places.get(loser) ?? 0, places.get(winner) ?? 0);
  };
  // The last one of each kind.
  const last = new Map(permissions.map((permission) => [`${permission.match} ${permission.uri}`, permission]));
  for (const permission of permissions) {
    const winner = last.get(`${permission.match} ${permission.uri}`);
    if (winner !== undefined && winner !== permission) note(permission, winner);
  }
  // Other patterns with as many characters match other URIs too.
  const prefixes: Permission[] = [];
  for (const permission of bySpecificity(permissions)) {
    if (permission.match === "prefix") prefixes.push(permission);
    else if (!found.has(places.get(permission) ?? 0)) {
      const winner = prefixes.find((prefix) => covers(prefix, permission));
      if (winner !== undefined) note(permission, winner);
    }
  }
  return new Map([...found].sort(([one], [other]) => one - other));
}
