import { z } from "zod";
import type { Dict } from "../wamp/payload.ts";
import type { PrincipalQuery, StaticAssignment } from "../contract/method.ts";
import type { Assignment } from "../contract/assignment.ts";
import { credential, unknown } from "../hooks/answers.ts";
import type { PrincipalAnswer } from "../contract/verdict.ts";

/** The keys that every principal of a static block may have, besides those of its method. */
export const principalFields = {
  role: z.string().optional().describe("the role it joins with; else the block's `default-role`"),
  realm: z.string().optional().describe("the realm it joins, whichever it asked for"),
  authid: z.string().optional().describe("the authid it gets, whichever it asked for"),
  extra: z.record(z.string(), z.unknown()).optional().describe("sent to it as `authextra` in WELCOME"),
};

interface PrincipalFields {
  readonly role?: string | undefined;
  readonly realm?: string | undefined;
  readonly authid?: string | undefined;
  readonly extra?: Dict | undefined;
}

/** The assignment that a principal's keys make. */
export function assignmentOf({ role, realm, authid, extra }: PrincipalFields): Assignment {
  return {
    ...(role === undefined ? {} : { role }),
    ...(realm === undefined ? {} : { realm }),
    ...(authid === undefined ? {} : { authid }),
    ...(extra === undefined ? {} : { extra }),
  };
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
