import type { Arbiter } from "../carrier.ts";
import { within } from "./waits.ts";

/** A key of the arbiter that no node writes. */
const KEY = "reached";

/** How long the arbiter may take to answer, in milliseconds. */
const TIMEOUT = 900;

/** Whether the arbiter answers. Those who ask at once share one question, and an answer serves for a while. */
export class Reached {
  readonly #arbiter: Arbiter;
  readonly #keepFor: number;
  #answer: Promise<boolean> | null = null;

  /** @param keepFor for how long an answer serves, in milliseconds */
  constructor(arbiter: Arbiter, keepFor: number) {
    this.#arbiter = arbiter;
    this.#keepFor = keepFor;
  }

  isSo(): Promise<boolean> {
    return (this.#answer ??= this.#ask());
  }

  async #ask(): Promise<boolean> {
    const asked = this.#arbiter.get(KEY).then(
      () => true,
      () => false,
    );
    const isThere = (await within(TIMEOUT, asked)) && (await asked);
    setTimeout(() => (this.#answer = null), this.#keepFor).unref();
    return isThere;
  }
}
