/** How far the clock of another node may be ahead, in microseconds: what says more is taken for this much. */
export const MOST_AHEAD = 60_000_000;

/** How far the finer clock may be from the wall clock until it is set again, in milliseconds. */
const MOST_DRIFT = 2;

/**
 * The wall clock with microseconds, so that of two events that were published one after the other on two nodes of a machine the
 * second one is later. In milliseconds since 1970.
 */
export function fineWallClock(): () => number {
  let origin = performance.timeOrigin;
  return () => {
    const [wall, fine] = [Date.now(), origin + performance.now()];
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
    const time = Math.min(at, this.#micros() + MOST_AHEAD);
    this.#last = Math.max(this.#last, time);
    return time;
  }

  /** Whether a time is further ahead than clocks should be. */
  isAhead(at: number): boolean {
    return at > this.#micros() + MOST_AHEAD;
  }

  #micros(): number {
    return Math.floor(this.#now() * 1000);
  }
}
