import type { MaybePromise } from "../wamp/maybe-promise.ts";
import type { Dict } from "../wamp/payload.ts";
import type { Principal } from "./assignment.ts";
import type { Cause } from "./login-cause.ts";
import type { LoginStep } from "./login-record.ts";
import type { Hello } from "./hello.ts";
import type { SessionInfo } from "./session-port.ts";

/** The logins of a transport: one handshake for each HELLO. */
export interface Handshakes {
  start(hello: Hello): Handshake;
}

/** One login, from HELLO to its end. Neither function throws or rejects. */
export interface Handshake {
  begin(): MaybePromise<HandshakeReply>;
  /** Called once after each challenge. */
  authenticate(signature: string, extra: Readonly<Dict>): MaybePromise<HandshakeReply>;
  /** The client has left. If that was before the decision about its proof, the proof counts as a wrong one. */
  abandoned?(): void;
  /**
   * The steps of a login that has ended. Empty where no hook wants to know.
   *
   * @param outcome how the step ended that was under way
   * @param cause why the login ended; null: it did well
   */
  steps?(outcome: LoginStep["outcome"], cause: Cause | null): readonly LoginStep[];
  /** How far the login has come, for the operator. */
  readonly trace: HandshakeTrace;
}

/** What decided a login, or was about to decide it. */
export interface HandshakeTrace {
  /** Of the first factor. Null if none was chosen. */
  readonly authmethod: string | null;
  /** The methods of its factors, in their order, as far as the login has come. */
  readonly authfactors: readonly string[];
  /** The strategy that answered, by its type: `static`, `dynamic` …; null if none did. */
  readonly provider: string | null;
  /** The plugin that gave the last answer; null if core itself decided. */
  readonly plugin: string | null;
  /** The methods that the transport offers, if the client asked for none of them. */
  readonly configured?: readonly string[] | undefined;
  /** The hook that the login is at, by its name: `principal.dynamic`. */
  readonly asking: string;
  /** Whether a strategy knew the authid; null if none was asked. The client must never see it. */
  readonly known: boolean | null;
}

/** How a session was let in: what a reload needs to decide whether the session may stay. */
export interface Admission {
  /** The principal that a block of the first factor knew, before any change by the method; null if the method named one itself. */
  readonly principal: Omit<Principal, "extra" | "then" | "isKept"> | null;
  /** The realm and authid that the block was asked for. */
  readonly realm: string | null;
  readonly authid: string | null;
}

/** What the session must send next. */
export type HandshakeReply =
  | {
      readonly kind: "challenge";
      readonly authmethod: string;
      readonly extra: Readonly<Dict>;
      /** 1, or the number of the further factor. With a further one, a proof is there that is not decided. */
      readonly factor: number;
    }
  | {
      readonly kind: "welcome";
      readonly info: SessionInfo;
      /** Null if a tap of the hook `hello` let the session in. */
      readonly admission: Admission | null;
      readonly details: Readonly<Dict>;
      /** To ask before the session joins: what the config decides that was loaded since; null if none was. Never rejects. */
      readonly again: () => Promise<HandshakeReply> | null;
    }
  | {
      readonly kind: "abort";
      readonly reason: string;
      readonly message: string | null;
      /** For the operator. */
      readonly cause: Cause;
      /** Whether it counts as a failed login. Not if something failed, or if the config is wrong. */
      readonly failed: boolean;
      /** The limit that is reached and not reported yet, if that is why. */
      readonly limit?: string | null;
    };
