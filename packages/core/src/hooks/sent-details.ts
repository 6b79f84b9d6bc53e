import type { Hello } from "../contract/hello.ts";
import type { PrincipalQuery } from "../contract/method.ts";
import { sentTransport } from "./sent-transport.ts";

/** What an authenticator is told of a client: the same keys for every method, and those that the method adds. */
export interface SentDetails extends Pick<Hello, "session" | "authid" | "authrole"> {
  readonly authmethod: string;
  /** As the client sent it. */
  readonly authextra: unknown;
  readonly transport: ReturnType<typeof sentTransport>;
  /** What the method adds; ticket: `ticket`. */
  readonly [fact: string]: unknown;
}

/**
 * The `details` that an authenticator gets, be it a procedure, a function or a web server.
 *
 * @param authextra HELLO's, in the form in which it is passed on
 * @example await authenticate(query.realm, query.authid, sentDetails(query));
 */
export function sentDetails({ attempt, facts }: PrincipalQuery, authextra: unknown = attempt.authextra): SentDetails {
  const { session, authmethod, authid, authrole } = attempt;
  return { ...facts, session, authmethod, authid, authrole, authextra, transport: sentTransport(attempt.transport) };
}
