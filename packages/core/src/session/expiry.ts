import type { Log } from "../contract/log.ts";
import { attempt, guarded, inSlices } from "../wamp/guarded.ts";

/** How long the timer sleeps at most, in milliseconds: so late a session may end if the clock jumps or the machine sleeps. */
const LONGEST_SLEEP = 60_000;

/** How long one turn of the event loop may spend on ending sessions, in milliseconds. */
const ENDING_TIME = 10;

/** The wall clock, and a timer. Tests have their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `work` after `ms` milliseconds of a clock that may stand still while the machine sleeps. @returns its cancel */
  after(ms: number, work: () => void): () => void;
}

const CLOCK: Clock = {
  now: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** A session that will end. */
class Entry {
  /** Seconds since 1970. */
  at: number;
  /** Its place in the heap; -1 if it is not there any more. */
  place = -1;
  readonly expire: () => void;

  constructor(at: number, expire: () => void) {
    this.at = at;
    this.expire = expire;
  }
}

/** The end of one session. */
export interface Expiry {
  /** Puts another end in place of the old one. @param at seconds since 1970; null: never */
  move(at: number | null): void;
  /** The session is over. */
  cancel(): void;
}

/**
 * Ends the sessions of a router at their time. One timer for all of them is set for the next end, and set again each
 * minute by the wall clock, since a timer knows nothing of a clock that jumps or of a machine that sleeps, and fires at
 * once if it is set for more than 24.8 days.
 */
export class Expiries {
  /** A heap: the earliest end comes first, and the entry at i ends no later than those at 2i+1 and 2i+2. */
  readonly #heap: Entry[] = [];
  readonly #log: Log;
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;
  /** For when the timer is set, in milliseconds since 1970. */
  #due = Infinity;

  constructor(log: Log, clock: Clock = CLOCK) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Seconds since 1970, with their fraction. */
  now(): number {
    return this.#clock.now() / 1000;
  }

  /**
   * Ends a session at its time.
   * @param at seconds since 1970; null: never
   * @param expire called once, never before this function has returned
   */
  start(at: number | null, expire: () => void): Expiry {
    const entry = new Entry(at ?? Infinity, expire);
    const move = (to: number | null): void => {
      this.#remove(entry);
      entry.at = to ?? Infinity;
      if (to !== null) this.#add(entry);
      this.#arm();
    };
    if (at !== null) move(at);
    return { move, cancel: () => move(null) };
  }

  /** How many sessions have an end. */
  get size(): number {
    return this.#heap.length;
  }

  #arm(): void {
    const [next] = this.#heap;
    if (next === undefined) return this.#disarm();
    const now = this.#clock.now();
    const ms = Math.min(Math.max(next.at * 1000 - now, 0), LONGEST_SLEEP);
    // A timer that is set for a time before that one does as well.
    if (this.#cancel !== null && this.#due <= now + ms) return;
    this.#disarm();
    this.#due = now + ms;
    this.#cancel = this.#clock.after(
      Math.ceil(ms),
      guarded(() => this.#tick(), this.#failed),
    );
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#due = Infinity;
  }

  #tick(): void {
    this.#disarm();
    const now = this.now();
    const works: (() => void)[] = [];
    for (let next = this.#heap[0]; next !== undefined && next.at <= now; next = this.#heap[0]) {
      this.#remove(next);
      works.push(this.#endOf(next));
    }
    attempt(() => this.#arm(), this.#failed);
    inSlices(works, ENDING_TIME, () => undefined, this.#failed);
  }

  /** A session may have renewed its login by the time its turn comes. */
  #endOf(entry: Entry): () => void {
    return () => {
      if (entry.place === -1 && entry.at <= this.now()) entry.expire();
    };
  }

  readonly #failed = (error: unknown): void => {
    this.#log.error({ err: error }, "a session whose time is over did not end as it should");
  };

  #add(entry: Entry): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  #remove(entry: Entry): void {
    const { place } = entry;
    if (place === -1) return;
    entry.place = -1;
    const last = this.#heap.pop() as Entry;
    if (last === entry) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  #rise(entry: Entry, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1] as Entry;
      if (parent.at <= entry.at) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    this.#put(entry, place);
  }

  #sink(entry: Entry, from: number): void {
    let place = from;
    for (;;) {
      const [left, right] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= entry.at) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: Entry, place: number): void {
    entry.place = place;
    this.#heap[place] = entry;
  }
}
