import type { Dict } from "../wamp/payload.ts";
import type { SessionInfo } from "./session-port.ts";

/** Gets an event, or a call, which it answers by returning, throwing or resolving, as in autobahn-js. */
export type Handler = (args: unknown[], kwargs: Dict, details: HandlerDetails) => unknown;

/** The details of EVENT or INVOCATION, as the WAMP spec names them, and what the session adds. */
export interface HandlerDetails extends Dict {
  /** Of an event: its topic. */
  readonly topic?: string;
  /** Of an event: its id. */
  readonly publication?: number;
  /** Of a call: its procedure. */
  readonly procedure?: string;
  /** Of a call whose caller takes progressive results: sends one. */
  readonly progress?: ((args?: unknown[], kwargs?: Dict) => void) | undefined;
  /** Of a call: fires if the caller cancels it, or if this session leaves. */
  readonly signal?: AbortSignal;
}

/** Gets a progressive result. */
export type ProgressHandler = (value: unknown) => void;

/** The options of a request, as the WAMP spec names them, and a signal that ends what it has begun. */
export interface RequestOptions extends Dict {
  /** Stays in the process. */
  readonly signal?: AbortSignal | undefined;
}

export interface Subscription extends AsyncDisposable {
  readonly id: number;
  readonly topic: string;
  /** Its handler gets no more events. Does nothing if the subscription has ended. */
  unsubscribe(): Promise<void>;
}
export interface Registration extends AsyncDisposable {
  readonly id: number;
  readonly procedure: string;
  /** Its handler gets no more calls, but answers those that came. Does nothing if the registration has ended. */
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
 * get one. For its realm it is a session like any other. `await using session = …` lets it leave at the end of its block.
 */
export interface LocalSession extends AsyncDisposable {
  readonly info: SessionInfo;
  readonly id: number;
  readonly realm: string;
  /** False once it has left, or was ended: at the end of the router, or by a reload that removes its realm or role. */
  readonly isOpen: boolean;

  /**
   * Calls a procedure.
   * @typeParam T what the procedure gives. Only the compiler is told: the value is not checked
   * @param options `signal` cancels the call, which then rejects with the signal's reason
   * @param onProgress gets progressive results; without it the call asks for none
   * @returns the one value of the result, else a `Result`. Rejects with a WampError.
   * @example
   * const sum = await session.call<number>("com.example.add", [2, 3], {}, { signal: AbortSignal.timeout(1000) });
   */
  call<T = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options?: RequestOptions,
    onProgress?: ProgressHandler,
  ): Promise<T>;

  /**
   * Offers a procedure. Rejects with a WampError, for example if it is taken or not allowed.
   * @param options `signal` unregisters it
   */
  register(procedure: string, handler: Handler, options?: RequestOptions): Promise<Registration>;

  /**
   * Subscribes to a topic. Rejects with a WampError, for example if it is not allowed.
   * @param options `signal` unsubscribes
   */
  subscribe(topic: string, handler: Handler, options?: RequestOptions): Promise<Subscription>;

  /** Publishes. @returns with `acknowledge: true` the publication, once the router has it; else undefined at once. */
  publish(topic: string, args?: unknown[], kwargs?: Dict, options?: Dict): Promise<Publication | undefined>;

  unregister(registration: Registration): Promise<void>;

  unsubscribe(subscription: Subscription): Promise<void>;

  /** Leaves the realm. Its pending requests reject. */
  leave(reason?: string, message?: string): void;
}
