/** How many keys are remembered: the one that was spent from longest ago is forgotten first. */
const MOST_KEYS = 100_000;

/** The greatest number that was spent of each key, as far as this router knows. */
export class SpentNumbers {
  readonly #spent = new Map<string, { readonly number: number; readonly until: number }>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * @param keepFor for how long it is remembered, in milliseconds
   * @returns false if this number or a greater one is spent
   */
  spend(key: string, number: number, keepFor: number): boolean {
    const now = this.#now();
    const found = this.#spent.get(key);
    if (found !== undefined && now < found.until && number <= found.number) return false;
    this.#spent.delete(key);
    this.#spent.set(key, { number, until: now + keepFor });
    for (const [oldest, { until }] of this.#spent) {
      if (this.#spent.size <= MOST_KEYS && now < until) break;
      this.#spent.delete(oldest);
    }
    return true;
  }
}
