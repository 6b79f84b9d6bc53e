import { jest } from "@jest/globals";
import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { ByteBudget } from "../byte-budget.ts";
import type { Member } from "../member.ts";
import { realmSchema } from "../settings.ts";
import { History } from "./history.ts";
import { fineWallClock, HybridClock, MOST_AHEAD } from "./hybrid-clock.ts";
import type { Publication } from "./publication.ts";
import { Retention } from "./retention.ts";

// Nodes get the events of each other in different orders, and some twice. What they keep must be the same.

const publicationOf = (id: number, topic: string): Publication => ({
  id,
  topic,
  payload: undefined,
  details: {},
  audience: null,
  except: null,
  retain: true,
});

interface Event {
  readonly id: number;
  readonly topic: string;
  readonly at: number;
}

const MEMBER = { info: {} } as unknown as Member;
const events = fc.uniqueArray(
  fc.record({ id: fc.integer({ min: 1, max: 60 }), topic: fc.constantFrom("a", "b", "c", "d"), at: fc.nat(20) }),
  { selector: ({ id }) => id, maxLength: 40 },
);

/** The same events in two orders; some come twice in the second one. */
const twoOrders = events.chain((all) =>
  fc.tuple(
    fc.constant(all),
    fc
      .tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all))
      .map(([one, more]) => [...one, ...more]),
  ),
);

const optionsOf = (more: object = {}) => ({
  now: realmSchema.parse({ name: "realm1", roles: [{ name: "user" }], options: more }).options,
});

function historyOf(all: readonly Event[], limit: number): unknown {
  const history = new History(limit, new ByteBudget(optionsOf()));
  for (const { id, topic, at } of all) history.add(publicationOf(id, topic), at, true);
  return history.events(MEMBER, 1, {}, null);
}

function retainedOf(all: readonly Event[], topics: number): unknown {
  const retention = new Retention(optionsOf({ "retained-topics": topics }), new ByteBudget(optionsOf()));
  for (const { id, topic, at } of all) retention.keep(publicationOf(id, topic), at, true);
  return [...retention.all()].map(({ publication }) => publication.id).sort((one, other) => one - other);
}

it("a history has the same events in the same order, in whatever order they came, and each once", () => {
  fc.assert(
    fc.property(twoOrders, fc.integer({ min: 1, max: 10 }), ([one, other], limit) => {
      const list = historyOf(one, limit);
      expect(historyOf(other, limit)).toEqual(list);
      const newest = one.toSorted((a, b) => a.at - b.at || a.id - b.id).slice(-limit);
      expect((list as { publication: number }[]).map(({ publication }) => publication)).toEqual(
        newest.map(({ id }) => id),
      );
    }),
    runs(300),
  );
});

it("the same events are retained, in whatever order they came: the newest of each topic, and of the newest topics", () => {
  fc.assert(
    fc.property(twoOrders, fc.integer({ min: 1, max: 4 }), ([one, other], topics) => {
      // Of topics whose newest events are of one time, any may be forgotten.
      fc.pre(new Set(one.map(({ at }) => at)).size === one.length);
      expect(retainedOf(other, topics)).toEqual(retainedOf(one, topics));
    }),
    runs(300),
  );
});

it("no kept event is forgotten for a copy: where there is no room, the copy is not kept", () => {
  const budget = new ByteBudget(optionsOf({ "max-bytes": 1_048_576 }));
  const history = new History(10_000, budget);
  const ids = (): unknown[] => history.all().map(({ publication }) => publication.id);
  for (let id = 1; budget.hasRoom(1000); id++) history.add(publicationOf(id, "x".repeat(500)), id);
  const before = ids();
  history.add(publicationOf(100_000, "x".repeat(5000)), 100_000, true);
  expect(ids()).toEqual(before);
  history.add(publicationOf(100_000, "x".repeat(5000)), 100_000);
  expect(ids()).toEqual([...before.slice(before.length + 1 - ids().length), 100_000]);
});

describe("the hybrid clock", () => {
  it("gives times that grow, also past those of other nodes, and goes with the wall clock otherwise", () => {
    let now = 1000;
    const clock = new HybridClock(() => now);
    expect([clock.next(), clock.next()]).toEqual([1_000_000, 1_000_001]);
    expect(clock.heard(2_000_000)).toBe(2_000_000);
    expect(clock.next()).toBe(2_000_001);
    now = 3000;
    expect(clock.next()).toBe(3_000_000);
    now = 2000; // it was put back
    expect(clock.next()).toBe(3_000_001);
  });

  it("has microseconds, and follows the wall clock when that is set", () => {
    let passed = 0;
    jest.spyOn(performance, "now").mockImplementation(() => passed);
    const wall = jest.spyOn(Date, "now").mockReturnValue(performance.timeOrigin);
    const now = fineWallClock();
    expect(now()).toBe(performance.timeOrigin);
    passed = 0.25;
    wall.mockReturnValue(5_000_000);
    expect(now()).toBe(performance.timeOrigin + 0.25);
    passed = 1;
    expect(now()).toBe(5_000_000);
    passed = 1.25;
    expect(now()).toBe(5_000_000.25);
    jest.restoreAllMocks();
  });

  it("takes a time that is far ahead for a minute ahead, so that a node with a wrong clock moves those of others little", () => {
    const clock = new HybridClock(() => 1000);
    expect(clock.isAhead(1_000_000 + MOST_AHEAD)).toBe(false);
    expect(clock.isAhead(8e15)).toBe(true);
    expect(clock.heard(8e15)).toBe(1_000_000 + MOST_AHEAD);
    expect(clock.next()).toBe(1_000_001 + MOST_AHEAD);
  });

  it("reads the wall clock for what comes from other nodes only when that is later than all before", () => {
    let [now, readings] = [1000, 0];
    const clock = new HybridClock(() => (readings++, now));
    for (let at = 1_000_000; at < 1_000_100; at++) expect(clock.heard(at)).toBe(at);
    expect(readings).toBe(1);
    now = 2000;
    expect(clock.heard(1_500_000 + MOST_AHEAD)).toBe(1_500_000 + MOST_AHEAD);
    expect(clock.heard(8e15)).toBe(2_000_000 + MOST_AHEAD);
  });
});
