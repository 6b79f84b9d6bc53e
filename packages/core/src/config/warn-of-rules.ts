import type { Action } from "../contract/authorization.ts";
import type { CalledProcedure } from "../contract/strategy.ts";
import { overruled } from "../realm/access/overruled.ts";
import type { Permission } from "../realm/access/settings.ts";
import type { RealmSettings } from "../realm/settings.ts";
import { isPattern } from "../wamp/uri.ts";
import type { Issues, Path } from "./issues.ts";

const ACTIONS: readonly Action[] = ["call", "register", "publish", "subscribe"];

/**
 * Warns of permission rules that are legal, but probably a mistake.
 *
 * @param called the procedures that strategies and authorizers call
 */
export function warnOfRules(
  realms: readonly RealmSettings[],
  called: readonly CalledProcedure[],
  warnings: Issues,
): void {
  for (const [i, { name, roles, options }] of realms.entries()) {
    const here = new Set(called.filter(({ realm }) => realm === null || realm === name).map(({ uri }) => uri));
    for (const [j, { permissions = [] }] of roles.entries()) {
      const at = ["realms", i, "roles", j, "permissions"];
      for (const [k, permission] of permissions.entries()) {
        const why = whyCallsSecrets(permission, here) ?? whyMatchesNothing(permission, options);
        if (why !== null) warnings.add([...at, k], why);
      }
      warnOfOverruled(permissions, at, warnings);
    }
  }
}

/** Who may call an authenticator can ask it for secrets. */
function whyCallsSecrets({ uri, match, allow }: Permission, called: ReadonlySet<string>): string | null {
  if (match !== "exact" || !allow.call || !called.has(uri)) return null;
  return `lets this role call the authenticator or authorizer ${uri} itself, and so learn what is meant only for the router`;
}

function whyMatchesNothing({ uri, match }: Permission, options: RealmSettings["options"]): string | null {
  if (uri.includes("*"))
    return `with match: ${match} a * is only a character of the URI, so this rule hardly matches anything; leave match out and the * stands for any text`;
  if (!isPattern(uri, match, options["uri-check"]))
    return "never matches: the realm has uri-check: strict, so each URI has only lower-case letters, digits and _";
  const longest = options["max-uri-length"];
  return uri.length > longest ? `never matches: URIs have ${longest} characters at most (max-uri-length)` : null;
}

/** Two rules that say the same do no harm. */
function warnOfOverruled(permissions: readonly Permission[], at: Path, warnings: Issues): void {
  for (const [loser, winner] of overruled(permissions)) {
    const [own, other] = [permissions[loser], permissions[winner]];
    if (own === undefined || other === undefined) continue;
    const denied = ACTIONS.filter((action) => !own.allow[action] && other.allow[action]);
    if (
      denied.length === 0 &&
      JSON.stringify([own.allow, own.disclose]) === JSON.stringify([other.allow, other.disclose])
    )
      continue;
    const result = denied.length === 0 ? "" : `: what this rule denies, ${denied.join(" and ")}, is allowed`;
    const [why, todo] =
      own.match === other.match
        ? ["is for the same URIs, and the later one counts", "remove one"]
        : [
            "matches the same URIs with at least as many literal characters, its dots included",
            "an exact rule or a longer prefix would decide",
          ];
    warnings.add([...at, loser], `never decides, since permissions[${winner}] ${why}${result}; ${todo}`);
  }
}
