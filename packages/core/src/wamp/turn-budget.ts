import { nextTick } from "node:process";
import { setImmediate } from "node:timers"; // not the global ones, which a test may have faked
import { attempt, type OnError, whenDone } from "./guarded.ts";

/**
 * The time that works of one kind may take in one turn of the event loop, where many events may come in the same turn:
 * ten thousand clients that leave at once. What is beyond it runs in the next turns, in order, and other clients are
 * served in between. The time counts from the first work in a turn, so that what its promises do counts, too.
 */
export class TurnBudget {
  readonly #time: number;
  /** When the first work of this turn began; null before. */
  #began: number | null = null;
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
    if (this.#waiting.length > 0 || this.#isSpent) this.#waiting.push({ work, failed });
    else this.#begin(work, failed);
    this.#watch();
  }

  /** Resolves when nothing waits. */
  async done(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#whenDone.push(resolve));
  }

  get #isSpent(): boolean {
    return this.#began !== null && performance.now() - this.#began >= this.#time;
  }

  #begin(work: () => void, failed: OnError): void {
    this.#began ??= performance.now();
    attempt(work, failed);
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isWatched = false;
    this.#began = null;
    if (this.#waiting.length > 0) this.#runNext();
  }

  #runNext(): void {
    const one = this.#waiting[this.#next++];
    if (one === undefined) return this.#emptied();
    this.#begin(one.work, one.failed);
    afterPromises(() => {
      if (this.#isSpent) this.#watch();
      else this.#runNext();
    });
  }

  #emptied(): void {
    this.#waiting = [];
    this.#next = 0;
    for (const resolve of this.#whenDone.splice(0)) resolve();
    // What has run in this turn counts until its end.
    this.#watch();
  }
}

/** Calls `next` in this turn, after all that settled promises do. */
function afterPromises(next: () => void): void {
  whenDone(Promise.resolve(), () => nextTick(next), next);
}
