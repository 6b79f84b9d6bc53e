import type { Connection, ConnectionHandler } from "../contract/connection.ts";
import type { TransportEntry } from "../contract/transport.ts";
import { guarded } from "../wamp/guarded.ts";
import type { Message } from "../wamp/messages.ts";
import type { WampError } from "../errors/wamp-error.ts";

/** How long a connection is read no further, at least, in milliseconds: it is not to be done for each message. */
const SHORTEST_PAUSE = 20;

/**
 * Takes connections as `accept` does, and reads no more than `rate` messages a second from each; of a pause it saves up
 * those of one second. Nothing is lost: what a client sends too fast waits in the socket, until the client itself has to.
 */
export function throttled(accept: TransportEntry["accept"], rate: number): TransportEntry["accept"] {
  return (connection) => new Throttle(connection, accept, rate);
}

/** Stands between a connection and its session, to each as the other. Either of them may want it paused. */
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

  close(): void {
    this.#connection.close();
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
    this.limited("max-messages-per-second", `a client sends more than ${this.#rate} messages a second: it is slowed`);
  }

  #goOn(): void {
    this.#timer = null;
    this.#fill();
    if (!this.#isPausedBySession) this.#connection.resume();
  }
}
