import { setImmediate } from "node:timers"; // not the global one, which a test may have faked
import { attempt, type OnError } from "./guarded.ts";

/**
 * The time that works of one kind may take in one turn of the event loop, where many events may come in the same turn:
 * ten thousand clients that leave at once. What is beyond it runs in the next turns, in order, and other clients are
 * served in between.
 */
export class TurnBudget {
  readonly #time: number;
  #spent = 0;
  /** Whether the end of this turn is waited for. */
  #isWatched = false;
  #waiting: { readonly work: () => void; readonly failed: OnError }[] = [];
  #next = 0;
  #whenDone: (() => void)[] = [];

  /** @param time in milliseconds */
  constructor(time: number) {
    this.#time = time;
  }

  /** Runs `work`: at once if this turn has time left, and nothing waits. @param failed gets what it throws */
  run(work: () => void, failed: OnError): void {
    if (this.#waiting.length > 0 || this.#spent >= this.#time) this.#waiting.push({ work, failed });
    else this.#timed(work, failed);
    this.#watch();
  }

  /** Resolves when nothing waits. */
  async done(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#whenDone.push(resolve));
  }

  #timed(work: () => void, failed: OnError): void {
    const begin = performance.now();
    attempt(work, failed);
    this.#spent += performance.now() - begin;
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isWatched = false;
    this.#spent = 0;
    if (this.#waiting.length === 0) return;
    while (this.#spent < this.#time) {
      const one = this.#waiting[this.#next++];
      if (one === undefined) return this.#emptied();
      this.#timed(one.work, one.failed);
    }
    this.#watch();
  }

  #emptied(): void {
    this.#waiting = [];
    this.#next = 0;
    for (const resolve of this.#whenDone.splice(0)) resolve();
    // What has run in this turn counts until its end.
    this.#watch();
  }
}
