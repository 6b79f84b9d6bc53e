import { setImmediate } from "node:timers";
import type { Pair } from "./pair.ts";

/** Acknowledges what has come from other nodes at the end of a turn of the event loop: many envelopes by one. */
export class Acknowledgements {
  readonly #owed = new Set<Pair>();

  /** The other end of a pair waits for one. */
  soon(pair: Pair): void {
    if (this.#owed.size === 0) setImmediate(() => this.#leave());
    this.#owed.add(pair);
  }

  #leave(): void {
    const owed = [...this.#owed];
    this.#owed.clear();
    for (const pair of owed) if (pair.owesAcknowledgement) pair.acknowledge();
  }
}
