import type { WebSocket } from "ws";

/** Finds out which clients are gone without a word: they answer no PING (RFC 6455 section 5.5.2). */
export class KeepAlive {
  readonly #interval: number;
  /** The clients, and whether they have been heard of since the last PING. */
  readonly #clients = new Map<WebSocket, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #askedAt = 0;

  /** @param interval in milliseconds; 0: nobody is asked */
  constructor(interval: number) {
    this.#interval = interval;
  }

  watch(ws: WebSocket): void {
    if (this.#interval === 0) return;
    this.#clients.set(ws, true);
    ws.on("pong", () => this.#clients.set(ws, true));
    ws.once("close", () => this.#forget(ws));
    if (this.#timer !== undefined) return;
    this.#askedAt = performance.now();
    this.#timer = setInterval(() => this.#ask(), this.#interval);
  }

  #forget(ws: WebSocket): void {
    this.#clients.delete(ws);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ask(): void {
    // Where this router was held up itself, answers may have come that it has not read yet: it asks once more.
    const now = performance.now();
    const wasHeldUp = now - this.#askedAt > 1.5 * this.#interval;
    this.#askedAt = now;
    for (const [ws, isAlive] of this.#clients) {
      if (!isAlive && !wasHeldUp) {
        ws.terminate();
        continue;
      }
      this.#clients.set(ws, false);
      ws.ping();
    }
  }
}
