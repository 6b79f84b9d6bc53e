import { Recent } from "./recent.ts";

/** How many names are remembered, and for how long after their last failure, in milliseconds. */
const MAX_NAMES = 10_000;
const MEMORY = 15 * 60_000;

/** How long a name is held back the first time, and at most, in milliseconds. */
const FIRST_HOLD = 1000;
const LONGEST_HOLD = 60_000;

interface Failures {
  /** Grows by one with each failure, and falls by the limit in a minute. */
  readonly level: number;
  /** When the level begins to fall: not while the name is held back. */
  readonly from: number;
  readonly heldUntil: number;
  /** How many times in a row the name was held back. */
  readonly holds: number;
}

const NONE: Failures = { level: 0, from: 0, heldUntil: 0, holds: 0 };

/**
 * Holds back names that fail more often than the limit: for a second, then twice as long after each further failure.
 * After a quiet minute a name starts again.
 */
export class BackOff {
  readonly #limit: () => number;
  readonly #failures = new Recent<Failures>(MAX_NAMES, MEMORY);

  /** @param limit gives the number of failures allowed in a minute */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  isHeld(name: string): boolean {
    return this.heldFor(name) > 0;
  }

  /** How long the name is held back from now, in milliseconds; 0 if it is not. */
  heldFor(name: string): number {
    return Math.max(0, (this.#failures.get(name)?.heldUntil ?? 0) - performance.now());
  }

  /** Whether the name has failed in the last quarter of an hour. */
  hasFailed(name: string): boolean {
    return this.#failures.get(name) !== undefined;
  }

  failed(name: string): void {
    const now = performance.now();
    const limit = this.#limit();
    const before = this.#failures.get(name) ?? NONE;
    // Failures that were pending when the hold began do not count again.
    if (now < before.heldUntil) return;
    const fallen = Math.max(0, before.level - ((now - before.from) * limit) / 60_000);
    const holds = fallen === 0 ? 0 : before.holds;
    if (fallen + 1 <= limit) return this.#failures.set(name, { level: fallen + 1, from: now, heldUntil: 0, holds });
    const heldUntil = now + Math.min(LONGEST_HOLD, FIRST_HOLD * 2 ** holds);
    this.#failures.set(name, { level: limit, from: heldUntil, heldUntil, holds: holds + 1 });
  }
}
