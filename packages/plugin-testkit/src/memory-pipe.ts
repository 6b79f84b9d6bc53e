/** One direction between two nodes: what goes in comes out later, once and in its order. */
export class Pipe {
  readonly #deliver: (bytes: Uint8Array) => void;
  readonly #delay: () => number;
  /** Bytes, and who waits until all before them has arrived. */
  #sent: (Uint8Array | (() => void))[] = [];
  #isRunning = false;
  #hasEnded = false;

  /** @param delay how long the next bytes take, in milliseconds */
  constructor(deliver: (bytes: Uint8Array) => void, delay: () => number) {
    this.#deliver = deliver;
    this.#delay = delay;
  }

  send(bytes: Uint8Array): void {
    this.#put(bytes);
  }

  /** Resolves when all that was sent has arrived, or if it never will. */
  emptied(): Promise<void> {
    return new Promise((resolve) => this.#put(resolve));
  }

  /** What has not arrived never will. */
  end(): void {
    this.#hasEnded = true;
    this.#run();
  }

  #put(next: Uint8Array | (() => void)): void {
    this.#sent.push(next);
    if (this.#isRunning) return;
    this.#isRunning = true;
    const ms = this.#delay();
    if (ms > 0) setTimeout(() => this.#run(), ms);
    else setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isRunning = false;
    const sent = this.#sent;
    this.#sent = [];
    for (const next of sent) {
      if (typeof next === "function") next();
      else if (!this.#hasEnded) this.#deliver(next);
    }
  }
}
