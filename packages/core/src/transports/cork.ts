import type { Duplex } from "node:stream";

/** The corks that are held in this callback of the event loop. */
let held: Cork[] = [];

function releaseAll(): void {
  const released = held;
  held = [];
  for (const cork of released) cork.release();
}

/** Lets what is written to a socket within one callback of the event loop leave in one write. */
export class Cork {
  readonly #socket: Duplex;
  #isHeld = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Holds the socket back until the callback that is running ends. */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#socket.cork();
    if (held.push(this) === 1) process.nextTick(releaseAll);
  }

  release(): void {
    this.#isHeld = false;
    this.#socket.uncork();
  }
}
