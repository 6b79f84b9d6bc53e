import type { WebSocket } from "ws";
import { attempt } from "../../wamp/guarded.ts";

type Lost = (ws: WebSocket) => void;

/** Finds clients that are gone silently: they answer no PING (RFC 6455 section 5.5.2). */
export class KeepAlive {
  readonly #interval: number;
  /** The clients, each with the function to call when it is lost. */
  readonly #clients = new Map<WebSocket, Lost>();
  /** Those that have not answered the last PING. */
  readonly #silent = new Set<WebSocket>();
  /** Shared by all clients, of which there may be many: ws calls them with itself as `this`. */
  readonly #onPong: (this: WebSocket) => void;
  readonly #onClose: (this: WebSocket) => void;
  #timer: NodeJS.Timeout | undefined;
  #askedAt = 0;

  /** @param interval in milliseconds; 0: no client gets a PING */
  constructor(interval: number) {
    this.#interval = interval;
    const heard = (ws: WebSocket): void => void this.#silent.delete(ws);
    const forget = (ws: WebSocket): void => this.#forget(ws);
    this.#onPong = function () {
      heard(this);
    };
    this.#onClose = function () {
      forget(this);
    };
  }

  /** @param lost called when the client is disconnected because it did not answer */
  watch(ws: WebSocket, lost: Lost): void {
    if (this.#interval === 0) return;
    this.#clients.set(ws, lost);
    ws.on("pong", this.#onPong);
    ws.on("close", this.#onClose);
    if (this.#timer !== undefined) return;
    this.#askedAt = performance.now();
    // First read what has come: the event loop reads between its timers and its immediates.
    this.#timer = setInterval(() => setImmediate(() => this.#ask()), this.#interval);
  }

  #forget(ws: WebSocket): void {
    this.#clients.delete(ws);
    this.#silent.delete(ws);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ask(): void {
    // If the time was much shorter or longer than the interval, this router was held up: then clients get another PING.
    const waited = performance.now() - this.#askedAt;
    const isOnTime = Math.abs(waited - this.#interval) < this.#interval / 2;
    for (const [ws, lost] of this.#clients)
      attempt(
        () => this.#askOne(ws, lost, isOnTime),
        () => ws.terminate(),
      );
    this.#askedAt = performance.now();
  }

  #askOne(ws: WebSocket, lost: Lost, isOnTime: boolean): void {
    if (this.#silent.has(ws) && isOnTime) {
      lost(ws);
      ws.terminate();
      return;
    }
    // The answer may be among the bytes that are not read yet.
    if (ws.isPaused) this.#silent.delete(ws);
    else this.#silent.add(ws);
    ws.ping();
  }
}
