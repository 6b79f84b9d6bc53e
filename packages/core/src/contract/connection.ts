import type { WampError } from "../errors/wamp-error.ts";
import type { Message } from "../wamp/messages.ts";
import type { TransportDetails } from "./hello.ts";

/** One client's way in and out, as a session sees it: messages, not bytes. */
export interface Connection {
  readonly details: TransportDetails;
  /**
   * How much waits for the client to read it, as a share of the transport's `max-buffered`. Over 1 it is sent no events
   * and calls. Without it nothing is ever known to wait.
   */
  readonly backlog?: number;
  /**
   * Sends a message; nothing happens where the connection is closed already.
   * @throws WampError `wamp.error.invalid_argument` where the connection's format cannot say the payload
   */
  send(message: Message): void;
  /** Sends what is waiting, then closes. May be called more than once. */
  close(): void;
  /** Stops reading until `resume`, for a session that has enough to do. */
  pause(): void;
  resume(): void;
}

/** What a connection tells its session. */
export interface ConnectionHandler {
  message(message: Message): void;
  /** The peer sent what is no message: nothing more comes from it. */
  violation(error: WampError): void;
  /** A limit of the transport was hit: the connection is about to be closed, or slowed. */
  limited(limit: string, message: string): void;
  /** The connection is gone. Called exactly once, also after `close`. */
  closed(): void;
}
