import type { WebSocket } from "ws";

interface Client {
  /** Whether it has been heard of since the last PING. */
  isAlive: boolean;
  readonly lost: () => void;
}

/** Finds out which clients are gone without a word: they answer no PING (RFC 6455 section 5.5.2). */
export class KeepAlive {
  readonly #interval: number;
  readonly #clients = new Map<WebSocket, Client>();
  #timer: NodeJS.Timeout | undefined;
  #askedAt = 0;

  /** @param interval in milliseconds; 0: nobody is asked */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** @param lost told when the client is disconnected, since it has not answered */
  watch(ws: WebSocket, lost: () => void): void {
    if (this.#interval === 0) return;
    const client = { isAlive: true, lost };
    this.#clients.set(ws, client);
    ws.on("pong", () => (client.isAlive = true));
    ws.once("close", () => this.#forget(ws));
    if (this.#timer !== undefined) return;
    this.#askedAt = performance.now();
    // Only once what has come meanwhile is read: the event loop reads between its timers and its immediates.
    this.#timer = setInterval(() => setImmediate(() => this.#ask()), this.#interval);
  }

  #forget(ws: WebSocket): void {
    this.#clients.delete(ws);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ask(): void {
    // Who had much less or much more time than the interval is asked once more: it was this router that stood still.
    const waited = performance.now() - this.#askedAt;
    const isOnTime = Math.abs(waited - this.#interval) < this.#interval / 2;
    for (const [ws, client] of this.#clients) {
      if (!client.isAlive && isOnTime) {
        client.lost();
        ws.terminate();
        continue;
      }
      // What is not read may hold the answer.
      client.isAlive = ws.isPaused;
      ws.ping();
    }
    this.#askedAt = performance.now();
  }
}
