import type { PrincipalQuery, StaticAssignment } from "../contract/method.ts";
import type { Assignment } from "../contract/assignment.ts";
import type { PrincipalFields } from "../settings/assignment.ts";
import { credential, unknown } from "../hooks/answers.ts";
import type { PrincipalAnswer } from "../contract/verdict.ts";

/** The assignment that a principal's keys make. */
export function assignmentOf({ role, realm, authid, extra, expires, then }: PrincipalFields): Assignment {
  return { role, realm, authid, extra, expires, then };
}

/** Looks the query's authid up in `principals`, which is keyed by authid. Most static methods use it as `find`. */
export function findIn<P extends PrincipalFields>(
  principals: Readonly<Record<string, P>>,
  { authid }: PrincipalQuery,
  credentialOf: (principal: P) => unknown,
): PrincipalAnswer {
  // An authid comes from outside: `constructor` is no user, unless the config has one.
  const principal = authid !== null && Object.hasOwn(principals, authid) ? principals[authid] : undefined;
  return principal === undefined ? unknown() : credential(credentialOf(principal), assignmentOf(principal));
}

/**
 * The assignment of each of `principals`, which are under the block's `key`. Most static methods use it as
 * `assignments`.
 */
export function assignmentsIn(key: string, principals: Readonly<Record<string, PrincipalFields>>): StaticAssignment[] {
  return Object.entries(principals).map(([authid, principal]) => ({ path: [key, authid], ...assignmentOf(principal) }));
}
