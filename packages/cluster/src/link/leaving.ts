import { setImmediate } from "node:timers"; // not the global one, which a test may have faked
import type { Pair } from "./pair.ts";

/** Lets what is for other nodes leave at the end of a turn of the event loop: many contents by one envelope. */
export class Leaving {
  readonly #pairs = new Set<Pair>();

  /** Something is for the other end of a pair, or it waits for an acknowledgement. */
  soon(pair: Pair): void {
    if (this.#pairs.size === 0) setImmediate(() => this.now());
    this.#pairs.add(pair);
  }

  now(): void {
    const pairs = [...this.#pairs];
    this.#pairs.clear();
    for (const pair of pairs) {
      pair.leave();
      if (pair.owesAcknowledgement) pair.acknowledge();
    }
  }
}
