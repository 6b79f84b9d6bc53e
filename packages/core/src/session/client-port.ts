import type { Connection } from "../contract/connection.ts";
import type { SessionPort, RouterError, SessionInfo } from "../contract/session-port.ts";
import type { Message } from "../wamp/messages.ts";

/** What its session does for a peer. */
export type PortSession = Pick<SessionPort, "close" | "violation" | "limited" | "broken">;

/**
 * A client's session as its realm sees it. A class, since objects that are written down with a getter have a shape of
 * their own each, and whoever asks thousands of them for it is slow.
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

  send(message: Message | RouterError): void {
    this.#connection.send(message);
  }

  close(reason: string, message?: string): void {
    this.#session.close(reason, message);
  }

  violation(message: string): void {
    this.#session.violation(message);
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
