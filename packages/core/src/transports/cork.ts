import type { Duplex } from "node:stream";

/** Lets what is written to a socket within one tick leave in one write. */
export class Cork {
  readonly #socket: Duplex;
  #held = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Holds the socket back until the tick ends. */
  hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#held = false;
      this.#socket.uncork();
    });
  }
}
