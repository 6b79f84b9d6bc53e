import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import type { Log } from "../contract/log.ts";
import { type Clock, Expiries } from "./expiry.ts";

const LONGEST_TIMER = 2 ** 31 - 1;
const NOW = Date.UTC(2027, 0, 31, 8) / 1000;
const DAY = 24 * 60 * 60;

/** A wall clock that is set by hand, and a timer that stands still while the machine sleeps. */
class TestClock implements Clock {
  /** Seconds since 1970. */
  wall = NOW;
  /** For how long timers were set, in milliseconds. */
  readonly set: number[] = [];
  #ticking = 0;
  #timer: { readonly at: number; readonly work: () => void } | null = null;

  now(): number {
    return this.wall * 1000;
  }

  after(ms: number, work: () => void): () => void {
    if (this.#timer !== null) throw new Error("two timers at once");
    this.set.push(ms);
    // As Node.js: what is too long fires at once.
    const timer = { at: this.#ticking + (ms > LONGEST_TIMER ? 1 : ms), work };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = null;
    };
  }

  get isArmed(): boolean {
    return this.#timer !== null;
  }

  /** Time passes, for both. */
  pass(seconds: number): void {
    const end = this.#ticking + seconds * 1000;
    const wall = this.wall + seconds;
    for (let timer = this.#timer; timer !== null && timer.at <= end; timer = this.#timer) {
      this.wall = wall - (end - timer.at) / 1000;
      this.#ticking = timer.at;
      this.#timer = null;
      timer.work();
    }
    this.wall = wall;
    this.#ticking = end;
  }
}

let clock: TestClock;
let ended: string[];
let failures: unknown[];
let expiries: Expiries;

beforeEach(() => {
  [clock, ended, failures] = [new TestClock(), [], []];
  const log = { error: (fields: unknown) => void failures.push(fields) } as unknown as Log;
  expiries = new Expiries(log, clock);
});

const start = (name: string, at: number | null) => expiries.start(at, () => void ended.push(name));

it("sessions end at their time, the earliest first, and not before", () => {
  start("later", NOW + 20);
  start("sooner", NOW + 10);
  start("never", null);
  clock.pass(9.9);
  expect(ended).toEqual([]);
  clock.pass(0.1);
  expect(ended).toEqual(["sooner"]);
  clock.pass(DAY);
  expect(ended).toEqual(["sooner", "later"]);
  expect([clock.isArmed, expiries.size]).toEqual([false, 0]);
});

it("a session whose time is over already ends at the next turn, and not while it is being started", () => {
  start("late", NOW - 1);
  expect(ended).toEqual([]);
  clock.pass(0);
  expect(ended).toEqual(["late"]);
});

it("an end in 2099 is no timer that fires at once", () => {
  const end = Date.UTC(2099, 0, 1) / 1000;
  start("late", end);
  clock.pass(40 * DAY);
  expect(ended).toEqual([]);
  expect(Math.max(...clock.set)).toBeLessThanOrEqual(60 * 60 * 1000);
  clock.wall = end - 1;
  clock.pass(61);
  expect(ended).toEqual(["late"]);
});

it("a clock that is put forward ends sessions, by the end of a minute", () => {
  start("a", NOW + DAY);
  clock.pass(10);
  clock.wall += DAY;
  clock.pass(60);
  expect(ended).toEqual(["a"]);
});

it("a clock that is put back gives sessions the time that it shows", () => {
  start("a", NOW + 30);
  clock.wall -= DAY;
  clock.pass(DAY - 60);
  start("b", clock.wall + 5);
  clock.pass(5);
  expect(ended).toEqual(["b"]);
  clock.pass(85);
  expect(ended).toEqual(["b", "a"]);
});

it("sessions that end while the machine sleeps are ended by the end of a minute after it", () => {
  start("a", NOW + 8 * 60 * 60);
  clock.pass(1);
  clock.wall += 9 * 60 * 60; // the timer stood still
  clock.pass(60);
  expect(ended).toEqual(["a"]);
});

it("an end can be moved to both sides, and taken away", () => {
  const [a, b, c] = [start("a", NOW + 10), start("b", NOW + 10), start("c", null)];
  a.move(NOW + 30);
  b.move(null);
  c.move(NOW + 5);
  clock.pass(6);
  expect(ended).toEqual(["c"]);
  clock.pass(23);
  expect(ended).toEqual(["c"]);
  a.cancel();
  clock.pass(DAY);
  expect(ended).toEqual(["c"]);
  expect(clock.isArmed).toBe(false);
});

it("a session whose end fails keeps no other from ending, and the log tells of it", () => {
  expiries.start(NOW + 1, () => {
    throw new Error("no end");
  });
  start("b", NOW + 1);
  clock.pass(1);
  expect(ended).toEqual(["b"]);
  expect(failures).toMatchObject([{ err: { message: "no end" } }]);
});

it("whatever is started, moved and cancelled, each session ends once, at its last time", () => {
  const step = fc.record({ session: fc.nat(15), at: fc.option(fc.integer({ min: 0, max: 100 })), wait: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const own = new TestClock();
      const all = new Expiries({} as Log, own);
      const times = new Map<number, number>();
      const left = new Map<number, number>();
      const sessions = Array.from({ length: 16 }, (_, i) =>
        all.start(null, () => {
          times.set(i, own.wall - NOW);
          left.delete(i);
        }),
      );
      for (const { session, at, wait } of steps) {
        own.pass(wait);
        // A time that is over is over at once.
        const end = at === null ? null : Math.max(NOW + at, own.wall);
        sessions[session]?.move(end);
        if (end === null) left.delete(session);
        else left.set(session, end - NOW);
        const expected = new Map(left);
        if (wait !== 3) continue;
        times.clear();
        own.pass(0);
        for (const [i, time] of times) expect(time).toBe(expected.get(i));
      }
      const expected = new Map(left);
      times.clear();
      own.pass(200);
      expect(new Map([...times].sort())).toEqual(new Map([...expected].sort()));
      expect([all.size, own.isArmed]).toEqual([0, false]);
    }),
    runs(200),
  );
});
