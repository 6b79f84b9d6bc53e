import type { ClientRoles } from "../wamp/client-features.ts";
import type { Message, MessageOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import type { TransportDetails } from "./hello.ts";

/** A session that has joined a realm. */
export interface SessionInfo {
  readonly session: number;
  readonly realm: string;
  readonly authid: string;
  readonly authrole: string;
  readonly authmethod: string;
  /** The methods of all factors, the first one's too, where it took more than one. */
  readonly authfactors?: readonly string[];
  /** The strategy that knew the principal: `static`, `dynamic` …; `component` for a component. */
  readonly authprovider: string;
  readonly authextra: Readonly<Dict>;
  /** The same as it was assigned, with every digit: what passes it on sends this. */
  readonly assignedExtra?: Readonly<Dict> | RawValue;
  /**
   * When the session ends, in whole seconds since 1970: its login expires, or its role's `max-session-time` is over. Null:
   * never. It moves when the session renews its login, and by a reload.
   */
  readonly expires: number | null;
  /** The roles the client announced in HELLO, with the features that the router reads. */
  readonly roles: ClientRoles;
  readonly transport: TransportDetails;
}

/** Why the router itself sent an ERROR. For in-process callers only; it is never on the wire. */
export type RouterCause = "no-callee" | "callee-gone" | "callee-busy";

export type RouterError = MessageOf<"ERROR"> & { readonly cause?: RouterCause };

/** Renews a session's login. Each function rejects with a WampError for the client. */
export interface SessionRenewal {
  /**
   * Asks the method of the login for a challenge.
   * @param authextra as in HELLO; `raw` is the same as the bytes that came
   * @returns `authmethod` and `extra`, as in CHALLENGE
   */
  challenge(authextra: Readonly<Dict> | null, raw: RawValue | null): Promise<Dict>;
  /** Shows the method a proof. @returns when the session ends now, in whole seconds since 1970; null: never */
  renew(signature: string, extra: Readonly<Dict>): Promise<number | null>;
}

/** A session as its realm sees it. */
export interface SessionPort {
  readonly info: SessionInfo;
  /** Whether it is the router's own session: not listed, counted or announced, and not bound by permissions. */
  readonly service: boolean;
  /** Null for a session that did not log in: one of the router's own process. */
  readonly renewal: SessionRenewal | null;
  /** How much waits for the session to read it, as a share of what may wait. Over 1 it gets no events and calls. */
  readonly backlog: number;
  /** @throws WampError `wamp.error.invalid_argument` if the session's format cannot carry the payload */
  send(message: Message | RouterError): void;
  /** Ends the session with GOODBYE, since another one asked for it. */
  close(reason: string, message?: string): void;
  /** Ends the session with ABORT: it broke the protocol. */
  violation(message: string): void;
  /** Reports a limit because of which one of its messages was refused. */
  limited(limit: string, message: string): void;
  /** Ends the session with ABORT: the router failed to handle one of its messages, and logs why. */
  broken(error: unknown): void;
  pause(): void;
  resume(): void;
}
