import type { RawValue } from "../wamp/raw-value.ts";

/** How a call made by the router itself ended. */
export type CallOutcome =
  | {
      readonly kind: "result";
      readonly args: readonly unknown[];
      readonly kwargs: Readonly<Record<string, unknown>>;
      /**
       * A list of `args` and `kwargs` as the bytes that came: what is passed on of them, with every digit. Null if the
       * callee is a session of this process.
       */
      readonly raw?: () => RawValue | null;
    }
  | {
      readonly kind: "error";
      readonly uri: string;
      readonly args: readonly unknown[];
      readonly kwargs: Readonly<Record<string, unknown>>;
    }
  /** The realm does not exist, or the router is closed. */
  | { readonly kind: "no-realm" }
  /** The procedure is not registered. */
  | { readonly kind: "no-callee" }
  /** The callee left before it answered. */
  | { readonly kind: "callee-gone" }
  /** The callee reads too slowly: more than its `max-buffered` waits for it. */
  | { readonly kind: "callee-busy" }
  | { readonly kind: "timeout" };

/** A call that the router made itself, once it has ended. */
export interface ServiceCallEnd {
  readonly realm: string;
  readonly procedure: string;
  /** `cancelled`: the client that it was made for has left. */
  readonly kind: CallOutcome["kind"] | "cancelled";
  /** From the call to its answer, in milliseconds, including the wait for the procedure. */
  readonly ms: number;
  /** How much of it passed before the procedure was registered. */
  readonly waited: number;
  /** What the procedure is for the config: an authenticator of a block, the authorizer of a role; else a plugin's own affair. */
  readonly purpose: "authenticator" | "authorizer" | "plugin";
  /** The session that logs in, or whose action is decided; null if the caller named none. */
  readonly session: number | null;
}

export interface CallOptions {
  /** Cancels the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long to wait for the answer, in milliseconds. Default 10000. */
  readonly timeout?: number;
  /** How long to wait for the procedure to be registered, in milliseconds. Default 0. */
  readonly wait?: number;
  /** The session for which it is called, for the hook `serviceCallEnded`. */
  readonly session?: number;
}

/** Calls a procedure as the router itself (`caller_authrole` is `trusted`). Rejects only if `signal` fires. */
export type ServiceCall = (
  realm: string,
  procedure: string,
  args: readonly unknown[],
  options?: CallOptions,
) => Promise<CallOutcome>;
