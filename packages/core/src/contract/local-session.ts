import type { Dict } from "../wamp/payload.ts";
import type { SessionInfo } from "./session-port.ts";

/**
 * Gets an event, or a call, which it answers by returning, throwing or resolving, as in autobahn-js. For a call,
 * `details.progress(args, kwargs)` sends a progressive result if the caller takes them, and `details.signal` fires if
 * the caller cancels it.
 */
export type Handler = (args: unknown[], kwargs: Dict, details: Dict) => unknown;

/** Gets a progressive result. */
export type ProgressHandler = (value: unknown) => void;

export interface Subscription {
  readonly id: number;
  readonly topic: string;
  unsubscribe(): Promise<void>;
}
export interface Registration {
  readonly id: number;
  readonly procedure: string;
  unregister(): Promise<void>;
}
export interface Publication {
  readonly id: number;
}

/** Who an in-process session is. It does not log in: code in the router's process is trusted to name its role. */
export interface LocalIdentity {
  /** A role of the realm. Its rules hold for the session. */
  readonly role: string;
  readonly authid?: string;
}

/**
 * A session in the router's own process, with the signatures of autobahn-js. Components, plugins and embedding programs
 * get one. For its realm it is a session like any other.
 */
export interface LocalSession {
  readonly info: SessionInfo;
  readonly id: number;
  readonly realm: string;
  /** False once it has left, or was ended: at the end of the router, or by a reload that removes its realm or role. */
  readonly isOpen: boolean;

  /**
   * Calls a procedure.
   * @param onProgress gets progressive results; without it the call asks for none
   * @returns the one value of the result, else a `Result`. Rejects with a WampError.
   */
  call(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options?: Dict,
    onProgress?: ProgressHandler,
  ): Promise<unknown>;

  /** Offers a procedure. Rejects with a WampError, for example if it is taken or not allowed. */
  register(procedure: string, handler: Handler, options?: Dict): Promise<Registration>;

  subscribe(topic: string, handler: Handler, options?: Dict): Promise<Subscription>;

  /** Publishes. @returns with `acknowledge: true` the publication, once the router has it; else undefined at once. */
  publish(topic: string, args?: unknown[], kwargs?: Dict, options?: Dict): Promise<Publication | undefined>;

  unregister(registration: Registration): Promise<void>;

  unsubscribe(subscription: Subscription): Promise<void>;

  /** Leaves the realm. Its pending requests reject. */
  leave(reason?: string, message?: string): void;
}
