import type { PrincipalQuery } from "../contract/method.ts";
import { sentTransport } from "./sent-transport.ts";

/**
 * The `details` that an authenticator gets, be it a procedure, a function or a web server: everything known about the
 * client, the same keys for every method, and those that the method adds (`ticket`).
 *
 * @param authextra HELLO's, in the form in which it is passed on
 */
export function sentDetails(
  { attempt, facts }: PrincipalQuery,
  authextra: unknown = attempt.authextra,
): Record<string, unknown> {
  const { session, authmethod, authid, authrole } = attempt;
  return { ...facts, session, authmethod, authid, authrole, authextra, transport: sentTransport(attempt.transport) };
}
