import type { Dict } from "../wamp/payload.ts";
import type { Principal } from "./assignment.ts";
import type { Hello } from "./hello.ts";
import type { SessionInfo } from "./session-port.ts";

/** The logins of a transport: one handshake for each HELLO. */
export interface Handshakes {
  start(hello: Hello): Handshake;
}

/** One login, from HELLO to its end. Neither function ever rejects. */
export interface Handshake {
  begin(): Promise<HandshakeReply>;
  /** Only after a step that challenges, once for each. */
  authenticate(signature: string, extra: Readonly<Dict>): Promise<HandshakeReply>;
  /** How far it has come, for the operator. */
  readonly trace: HandshakeTrace;
}

/** What decided a login, or was about to. */
export interface HandshakeTrace {
  /** Null where none was chosen. */
  readonly authmethod: string | null;
  /** The strategy that answered, by its type: `static`, `dynamic` …; null where none has. */
  readonly provider: string | null;
  /** The plugin whose answer was the last word; null where core itself decided. */
  readonly plugin: string | null;
  /** Whether a strategy knew the authid; null where none was asked. Never for the client's eyes. */
  readonly known: boolean | null;
}

/** How a session was let in, as far as it matters whether it would be again. */
export interface Admission {
  /** The principal that a block knew, whatever the method changed of it; null where the method named one itself. */
  readonly principal: Principal | null;
  /** What the block was asked for. */
  readonly realm: string | null;
  readonly authid: string | null;
}

/** What the session is to send next. */
export type HandshakeReply =
  | { readonly kind: "challenge"; readonly authmethod: string; readonly extra: Readonly<Dict> }
  | {
      readonly kind: "welcome";
      readonly info: SessionInfo;
      /** Null where a tap of the hook `hello` let it in. */
      readonly admission: Admission | null;
      readonly details: Readonly<Dict>;
    }
  | {
      readonly kind: "abort";
      readonly reason: string;
      readonly message: string | null;
      /** Whether a plugin decided against the client: nothing failed, and it was no mistake of the config. */
      readonly failed: boolean;
    };
