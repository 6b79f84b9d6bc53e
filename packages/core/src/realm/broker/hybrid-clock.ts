/** How far the clock of another node may be ahead, in microseconds: what says more is taken for this much. */
export const MOST_AHEAD = 60_000_000;

/** How far the finer clock may be from the wall clock until it is set again, in milliseconds. */
const MOST_DRIFT = 2;

/** How often the two are compared, in milliseconds: to read a clock takes longer than to do most else with an event. */
const COMPARE_AFTER = 0.5;

/**
 * The wall clock with microseconds, so that of two events that were published one after the other on two nodes of a machine the
 * second one is later. In milliseconds since 1970.
 */
export function fineWallClock(): () => number {
  let origin = performance.timeOrigin;
  let comparedAt = -Infinity;
  return () => {
    const now = performance.now();
    const fine = origin + now;
    if (now - comparedAt < COMPARE_AFTER) return fine;
    comparedAt = now;
    const wall = Date.now();
    if (Math.abs(fine - wall) <= MOST_DRIFT) return fine;
    origin += wall - fine;
    return wall;
  };
}

/**
 * The time of events, in microseconds since 1970. Each is later than all before it, also those of other nodes, whatever their
 * clocks say: so all nodes agree which event is newer.
 */
export class HybridClock {
  readonly #now: () => number;
  #last = 0;
  /** How late an event of another node may be, by the clock when it was last read for that. */
  #latest = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = fineWallClock()) {
    this.#now = now;
  }

  /** The time for an event that is published now. */
  next(): number {
    return (this.#last = Math.max(this.#micros(), this.#last + 1));
  }

  /** The time of an event of another node, as this one takes it. */
  heard(at: number): number {
    const time = this.isAhead(at) ? this.#latest : at;
    this.#last = Math.max(this.#last, time);
    return time;
  }

  /** Whether a time is further ahead than clocks should be. One that was not by the last reading is not by a new one. */
  isAhead(at: number): boolean {
    if (at > this.#latest) this.#latest = this.#micros() + MOST_AHEAD;
    return at > this.#latest;
  }

  #micros(): number {
    return Math.floor(this.#now() * 1000);
  }
}
