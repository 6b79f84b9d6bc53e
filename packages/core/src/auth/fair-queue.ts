interface Waiting {
  readonly start: () => void;
  readonly refuse: (reason: Error) => void;
}

/**
 * Runs few tasks at once, and lets the others wait. Keys take turns, so that one with many tasks does not hold up the
 * others.
 */
export class FairQueue {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #full: () => Error;
  #running = 0;
  #count = 0;
  /** The tasks that wait, by key, oldest first. The keys are in the order of their turns. */
  readonly #waiting = new Map<string, Waiting[]>();

  /**
   * @param maxWaiting if more wait, the key that has most of them loses its newest one
   * @param full makes the error that this one gets
   */
  constructor(atOnce: number, maxWaiting: number, full: () => Error) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
    this.#full = full;
  }

  /**
   * Runs a task when it is its turn, and gives its result.
   *
   * @param signal if it fires while the task waits, the task never runs
   * @throws what `signal` has as its reason; what `full` makes if too many wait
   */
  async run<T>(key: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#running >= this.#atOnce) await this.#turn(key, signal);
    else this.#running++;
    try {
      return await task();
    } finally {
      this.#startNext();
    }
  }

  /** Resolves when the place of a task that has ended is free for this one. */
  #turn(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const forget = (): void => signal.removeEventListener("abort", onAbort);
      const one: Waiting = {
        start() {
          forget();
          resolve();
        },
        refuse(reason) {
          forget();
          reject(reason);
        },
      };
      const onAbort = (): void => {
        this.#remove(key, one);
        one.refuse(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#add(key, one);
    });
  }

  #add(key: string, one: Waiting): void {
    const own = this.#waiting.get(key) ?? [];
    own.push(one);
    this.#waiting.set(key, own);
    if (++this.#count > this.#maxWaiting) this.#refuseNewest();
  }

  #refuseNewest(): void {
    // Of keys with the same number the last one: it came last.
    const [key, newest] = [...this.#waiting].reduce((most, next) => (next[1].length >= most[1].length ? next : most));
    const one = newest.at(-1);
    if (one === undefined) return;
    this.#remove(key, one);
    one.refuse(this.#full());
  }

  #remove(key: string, one: Waiting): void {
    const left = (this.#waiting.get(key) ?? []).filter((other) => other !== one);
    this.#count--;
    if (left.length > 0) this.#waiting.set(key, left);
    else this.#waiting.delete(key);
  }

  #startNext(): void {
    for (const [key, [next, ...left]] of this.#waiting) {
      this.#count--;
      this.#waiting.delete(key);
      if (left.length > 0) this.#waiting.set(key, left); // behind the others
      return next?.start();
    }
    this.#running--;
  }
}
