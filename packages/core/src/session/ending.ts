import type { SessionEnd } from "../contract/hooks.ts";
import type { Log } from "../contract/log.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { excerpt } from "../wamp/excerpt.ts";
import { NONE, repeatsOf } from "../wamp/unless-repeated.ts";

/** How a session that had joined ended. */
export type Ending =
  /** The client said GOODBYE. */
  | { readonly left: "goodbye"; readonly reason: string }
  /** The connection ended without GOODBYE. */
  | { readonly left: "disconnected" }
  /** The router said GOODBYE: the session was killed or not allowed any more, or the router stops. */
  | {
      readonly left: "closed";
      readonly by: Exclude<SessionEnd["by"], "client">;
      readonly reason: string;
      readonly message?: string | undefined;
    }
  /** The client broke the protocol. */
  | { readonly left: "violation"; readonly message: string }
  /** The router failed at one of its messages; a line before this one says why. */
  | { readonly left: "failed" };

/** Logs that a session is over: one line for each. */
export function logEnding(log: Log, info: SessionInfo, ending: Ending): void {
  const { session, realm, authid, transport } = info;
  const who = { left: ending.left, session, realm, authid: excerpt(authid), peer: transport.peer };
  const omitted = repeatsOf(info);
  // Most clients just disconnect.
  const line = ending.left === "disconnected" && omitted === NONE ? who : { ...who, ...shown(ending), ...omitted };
  log[ending.left === "violation" ? "warn" : "info"](line, "session left");
}

function shown(ending: Ending): Ending {
  return "reason" in ending ? { ...ending, reason: excerpt(ending.reason) } : ending;
}

/** The same for the hook `left`. */
export function sessionEnd(ending: Ending): SessionEnd {
  switch (ending.left) {
    case "closed":
      return { by: ending.by, reason: ending.reason };
    case "goodbye":
      return { by: "client", reason: ending.reason };
    case "violation":
      return { by: "client", reason: ErrorUri.protocolViolation };
    case "failed":
      return { by: "router", reason: ErrorUri.runtimeError };
    case "disconnected":
      return { by: "client", reason: null };
  }
}
