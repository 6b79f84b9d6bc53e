import type { WampError } from "../errors/wamp-error.ts";
import type { Message } from "../wamp/messages.ts";
import type { TransportDetails } from "./hello.ts";

/** One client's connection, as its session sees it: messages, not bytes. */
export interface Connection {
  readonly details: TransportDetails;
  /**
   * How much waits for the client to read it, as a share of the transport's `max-buffered`. Over 1 the client gets no
   * events and calls. Undefined counts as 0.
   */
  readonly backlog?: number;
  /**
   * Sends a message. Does nothing if the connection is closed.
   * @throws WampError `wamp.error.invalid_argument` if the connection's format cannot carry the payload
   */
  send(message: Message): void;
  /**
   * Sends what is waiting, then closes. May be called more than once.
   * @param violation how the client broke the protocol, if it did
   */
  close(violation?: string): void;
  /** Stops reading until `resume`, while the session has enough to do. */
  pause(): void;
  resume(): void;
}

/** What a connection tells its session. */
export interface ConnectionHandler {
  message(message: Message): void;
  /** The peer sent something that is not a message. Nothing more comes from it. */
  violation(error: WampError): void;
  /** The connection hit a limit of the transport, and is about to be closed or slowed. */
  limited(limit: string, message: string): void;
  /** The connection is gone. Called exactly once, also after `close`. */
  closed(): void;
}
