import type { SharedState } from "@wampgate/core";
import { UsedCodes } from "./used-codes.ts";

const TOLERANCE = { "max-failures": 3, "lock-time": 60, period: 30, window: 1 };

/** What nodes of a cluster share, in memory. */
function sharedByNodes(): () => SharedState {
  const listeners: ((value: unknown) => void)[] = [];
  const spent = new Map<string, number>();
  return () => ({
    announce(_topic, value) {
      for (const listener of listeners) listener(value);
      return Promise.resolve();
    },
    on: (_topic, listener) => void listeners.push(listener),
    spend(key, number) {
      if (number <= (spent.get(key) ?? -1)) return Promise.resolve(false);
      spent.set(key, number);
      return Promise.resolve(true);
    },
    canAgree: () => Promise.resolve(true),
  });
}

function nodes(count: number, most?: number) {
  let now = 1000;
  const share = sharedByNodes();
  const judges = Array.from({ length: count }, () => {
    const used = new UsedCodes(share(), () => now, most);
    used.listen();
    return (step: number | null, key = "joe") => used.judge(key, step, TOLERANCE);
  });
  return { judges, share, pass: (seconds: number) => (now += seconds * 1000) };
}

function codes(most?: number) {
  const { judges, ...more } = nodes(1, most);
  const [judge] = judges as [(typeof judges)[0]];
  const all = async (...steps: (number | null)[]): Promise<string[]> => {
    const judgements = [];
    for (const step of steps) judgements.push(await judge(step));
    return judgements;
  };
  return { judge, all, ...more };
}

it("a code counts once, and then only later ones do", async () => {
  const { all } = codes();
  expect(await all(7, 7, 6, 8, 7)).toEqual(["right", "used", "used", "right", "used"]);
});

it("each seed has its own", async () => {
  const { judge } = codes();
  expect([await judge(7), await judge(7, "ann")]).toEqual(["right", "right"]);
});

it("after too many wrong codes in a row all are denied for a while, and then right ones count again", async () => {
  const { judge, all, pass } = codes();
  expect(await all(null, null, null)).toEqual(["wrong", "wrong", "locked"]);
  expect(await judge(7)).toBe("wrong");
  expect(await judge(7, "ann")).toBe("right");
  pass(59);
  expect(await judge(8)).toBe("wrong");
  pass(2);
  // A code that was denied is not used up.
  expect(await judge(8)).toBe("right");
});

it("a right code makes the count of wrong ones begin again, and so does time", async () => {
  const { judge, all, pass } = codes();
  expect(await all(null, null, 7, null, null)).not.toContain("locked");
  pass(61);
  expect(await all(null, null)).not.toContain("locked");
  expect(await judge(null)).toBe("locked");
});

it("codes shown again are no guesses: they do not count as wrong ones", async () => {
  const { all } = codes();
  expect(await all(7, 7, 7, 7, 7, 8)).toEqual(["right", "used", "used", "used", "used", "right"]);
});

it("wrong codes count on all nodes together, and so does the lock", async () => {
  const [one, two, three] = nodes(3).judges as [Judge, Judge, Judge];
  expect([await one(null), await two(null), await three(null)]).toEqual(["wrong", "wrong", "locked"]);
  expect([await one(7), await two(7), await three(7)]).toEqual(["wrong", "wrong", "wrong"]);
});

type Judge = ReturnType<typeof nodes>["judges"][0];

it("a code that was used on one node is used on all, and a right one makes their counts begin again", async () => {
  const [one, two] = nodes(2).judges as [Judge, Judge];
  expect([await one(null), await one(null), await two(7), await one(7)]).toEqual(["wrong", "wrong", "right", "used"]);
  expect([await one(null), await one(null)]).toEqual(["wrong", "wrong"]);
});

it("remembers so many accounts, and forgets the wrong codes of the one that was judged longest ago", async () => {
  const { judge, all } = codes(100);
  const others = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await judge(null, `user${i}`);
  };
  await all(null, null);
  await others(99);
  expect(await judge(null)).toBe("locked");
  await judge(null, "second");
  await judge(null, "second");
  await others(100);
  expect(await judge(null, "second")).toBe("wrong");
});

it.each([
  null,
  7,
  {},
  { key: "joe" },
  { key: "joe", isRight: false },
  { key: 1, isRight: false, most: 1, seconds: 60 },
])("what another node tells that is no judgement counts for nothing: %j", async (value) => {
  const { judge, share } = codes();
  await share().announce("judged", value);
  expect(await judge(7)).toBe("right");
});

it("what another node has judged while all codes are denied makes that no longer", async () => {
  const { judge, share, pass } = codes();
  const wrong = { key: "joe", isRight: false, most: 3, seconds: 60 };
  for (let i = 0; i < 3; i++) await share().announce("judged", wrong);
  expect(await judge(7)).toBe("wrong");
  pass(59);
  await share().announce("judged", wrong);
  pass(2);
  expect(await judge(7)).toBe("right");
});
