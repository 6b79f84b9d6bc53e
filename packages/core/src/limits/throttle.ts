import type { Connection, ConnectionHandler } from "../contract/connection.ts";
import type { TransportEntry } from "../contract/transport.ts";
import { guarded } from "../wamp/guarded.ts";
import type { Message } from "../wamp/messages.ts";
import type { WampError } from "../errors/wamp-error.ts";

/** The shortest pause in reading a connection, in milliseconds: a pause for each message would cost too much. */
const SHORTEST_PAUSE = 20;

/**
 * Takes connections as `accept` does, and reads at most `rate` messages a second from each. After a pause, one second's
 * messages may come at once. Nothing is lost: messages that come too fast wait in the socket, until the client has to
 * wait.
 */
export function throttled(accept: TransportEntry["accept"], rate: number): TransportEntry["accept"] {
  return (connection) => new Throttle(connection, accept, rate);
}

/** Sits between a connection and its session. Both the throttle and the session may pause the connection. */
class Throttle implements Connection, ConnectionHandler {
  readonly details: Connection["details"];
  readonly #connection: Connection;
  readonly #rate: number;
  readonly #handler: ConnectionHandler;
  #tokens: number;
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #isPausedBySession = false;
  #isTold = false;

  constructor(connection: Connection, accept: TransportEntry["accept"], rate: number) {
    this.details = connection.details;
    this.#connection = connection;
    this.#rate = rate;
    this.#tokens = rate;
    this.#handler = accept(this);
  }

  get backlog(): number {
    return this.#connection.backlog ?? 0;
  }

  send(message: Message): void {
    this.#connection.send(message);
  }

  close(violation?: string): void {
    this.#connection.close(violation);
  }

  pause(): void {
    this.#isPausedBySession = true;
    this.#connection.pause();
  }

  resume(): void {
    this.#isPausedBySession = false;
    if (this.#timer === null) this.#connection.resume();
  }

  message(message: Message): void {
    this.#tokens--;
    if (this.#tokens < 1) this.#fill();
    if (this.#tokens < 1) this.#pause();
    this.#handler.message(message);
  }

  violation(error: WampError): void {
    this.#handler.violation(error);
  }

  limited(limit: string, message: string): void {
    this.#handler.limited(limit, message);
  }

  closed(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#handler.closed();
  }

  #fill(): void {
    const now = performance.now();
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#filledAt) * this.#rate) / 1000);
    this.#filledAt = now;
    if (this.#tokens === this.#rate) this.#isTold = false;
  }

  #pause(): void {
    if (this.#timer !== null) return;
    this.#connection.pause();
    const pause = Math.max(SHORTEST_PAUSE, ((1 - this.#tokens) / this.#rate) * 1000);
    this.#timer = setTimeout(
      guarded(
        () => this.#goOn(),
        () => this.#connection.close(),
      ),
      pause,
    );
    if (this.#isTold) return;
    this.#isTold = true;
    this.limited(
      "max-messages-per-second",
      `a client sends more than ${this.#rate} messages a second, and is slowed down`,
    );
  }

  #goOn(): void {
    this.#timer = null;
    this.#fill();
    if (!this.#isPausedBySession) this.#connection.resume();
  }
}
