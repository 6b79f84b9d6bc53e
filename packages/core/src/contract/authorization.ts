import type { Dict } from "../wamp/payload.ts";
import type { SessionInfo } from "./session-port.ts";

export type Action = "call" | "register" | "publish" | "subscribe";

/** «May this session do that?», as taps of the hook `authorize` are asked. */
export interface AuthorizeQuery {
  readonly session: SessionInfo;
  readonly action: Action;
  readonly uri: string;
  /** The message's options, as the client sent them. */
  readonly options: Readonly<Dict>;
  /** Fires when the time for the answer is up or the session has left. */
  readonly signal: AbortSignal;
}

/** The answer: whether it may, and whether who calls or publishes is shown to the receivers. */
export interface Decision {
  readonly allow: boolean;
  readonly disclose?: boolean;
}
