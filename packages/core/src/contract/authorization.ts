import type { Dict } from "../wamp/payload.ts";
import type { SessionInfo } from "./session-port.ts";

export type Action = "call" | "register" | "publish" | "subscribe";

/** The question for taps of the hook `authorize`: may this session do that? */
export interface AuthorizeQuery {
  readonly session: SessionInfo;
  readonly action: Action;
  readonly uri: string;
  /** The message's options, as the client sent them. */
  readonly options: Readonly<Dict>;
  /** Fires when the time for the answer is up, or when the session has left. */
  readonly signal: AbortSignal;
}

/** The answer: whether the session may, and whether receivers see who calls or publishes. */
export interface Decision {
  readonly allow: boolean;
  readonly disclose?: boolean;
}
