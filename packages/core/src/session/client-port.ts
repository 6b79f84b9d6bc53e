import type { Connection } from "../contract/connection.ts";
import type { RouterError, SessionInfo, SessionPort, SessionRenewal } from "../contract/session-port.ts";
import type { Message } from "../wamp/messages.ts";

/** The functions of Session that its port uses. */
export interface PortSession extends Pick<SessionPort, "limited" | "broken" | "renewal"> {
  close(reason: string, message: string | undefined, by: "kill"): void;
  refuse(message: string): void;
}

/**
 * A client's session as its realm sees it. It is a class because each object literal with a getter gets a shape of its
 * own in V8, which makes reads slow when there are thousands.
 */
export class ClientPort implements SessionPort {
  readonly info: SessionInfo;
  readonly service = false;
  readonly #connection: Connection;
  readonly #session: PortSession;

  constructor(info: SessionInfo, connection: Connection, session: PortSession) {
    this.info = info;
    this.#connection = connection;
    this.#session = session;
  }

  get backlog(): number {
    return this.#connection.backlog ?? 0;
  }

  get renewal(): SessionRenewal | null {
    return this.#session.renewal;
  }

  send(message: Message | RouterError): void {
    this.#connection.send(message);
  }

  close(reason: string, message?: string): void {
    this.#session.close(reason, message, "kill");
  }

  violation(message: string): void {
    this.#session.refuse(message);
  }

  limited(limit: string, message: string): void {
    this.#session.limited(limit, message);
  }

  broken(error: unknown): void {
    this.#session.broken(error);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }
}
