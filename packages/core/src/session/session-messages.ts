import type { Connection } from "../contract/connection.ts";
import type { Log } from "../contract/log.ts";
import { WampError } from "../errors/wamp-error.ts";
import { abortMessage } from "../errors/wire.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { attempt } from "../wamp/guarded.ts";
import type { Message, MessageOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";

/** Whose messages they are. */
interface Owner {
  readonly id: number | null;
  /** A message could not be sent. */
  unsent(type: string, reason: string, text: string): void;
}

/**
 * The messages of the handshake and of the end of a session. A plugin may have put something in them that cannot be encoded,
 * or that is too long: then the client is not let in.
 */
export class SessionMessages {
  readonly #owner: Owner;
  readonly #connection: Connection;
  readonly #log: Log;

  constructor(owner: Owner, connection: Connection, log: Log) {
    this.#owner = owner;
    this.#connection = connection;
    this.#log = log;
  }

  /** @returns whether it was sent */
  send(message: Message): boolean {
    try {
      this.#connection.send(message);
      return true;
    } catch (error) {
      return this.#failed(message, error);
    }
  }

  /** A client that takes too short messages for the whole WELCOME gets it without the router's features. */
  welcome(message: MessageOf<"WELCOME">): boolean {
    try {
      this.#connection.send(message);
      return true;
    } catch (error) {
      if (!isTooLong(error)) return this.#failed(message, error);
      const roles = Object.fromEntries(Object.keys(message.details["roles"] as Dict).map((role) => [role, {}]));
      return this.send({ ...message, details: { ...message.details, roles } });
    }
  }

  #failed({ type }: Message, error: unknown): false {
    this.#log.error({ err: error, session: this.#owner.id }, `${type} could not be sent`);
    const [reason, text] = isTooLong(error)
      ? [error.uri, error.message]
      : [ErrorUri.authenticationFailed, `${type} could not be sent in this session's format`];
    attempt(
      () => this.#connection.send(abortMessage(reason, text)),
      () => undefined, // the session ends without a message
    );
    this.#owner.unsent(type, reason, text);
    return false;
  }
}

/** Whether a message is longer than the client takes. */
function isTooLong(error: unknown): error is WampError {
  return WampError.is(error) && error.uri === ErrorUri.payloadSizeExceeded;
}
