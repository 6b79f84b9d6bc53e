import fc from "fast-check";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { runs } from "../../../../jest/runs.ts";
import type { RunningLink } from "../contract/realm-link.ts";
import type { Announcement, RouterLink, RouterSide } from "../contract/shared-state.ts";
import { KeptAnnouncements } from "./kept-announcements.ts";
import { Shared } from "./shared.ts";
import { SpentNumbers } from "./spent-numbers.ts";

/** A router's half, linked to others that the test plays. */
function linked(link: Partial<RouterLink> = {}) {
  const log = new CapturedLog();
  const shared = new Shared(log);
  const sent: Announcement[] = [];
  const whole: RouterLink = {
    announce: (announcement) => Promise.resolve(void sent.push(announcement)),
    spend: () => Promise.resolve(true),
    canAgree: () => Promise.resolve(true),
    ...link,
  };
  let side: RouterSide | undefined;
  shared.connect({
    secret: Buffer.alloc(16),
    attach: (given: RouterSide) => {
      side = given;
      return whole;
    },
  } as unknown as RunningLink);
  return { log, shared, sent, side: side as RouterSide, plugin: shared.of("plugin") };
}

it("whatever another node announces, nothing is thrown, and what is no announcement reaches no listener", () => {
  const { side, plugin, shared } = linked();
  const heard: unknown[] = [];
  plugin.on("news", (value) => heard.push(value));
  shared.logins.listen(() => undefined);
  const topics = fc.constantFrom("plugin news", "spent", "logins", "", "__proto__");
  const value = fc.oneof(fc.jsonValue(), fc.anything());
  const announcement = fc.record(
    { start: fc.oneof(fc.string(), fc.constant(1)), number: fc.integer(), topic: topics, value },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.constantFrom("b", "c"), fc.oneof(fc.anything(), announcement), (node, sent) => {
      const before = heard.length;
      const isTaken = side.announced(node, sent);
      expect(isTaken || heard.length === before).toBe(true);
    }),
    runs(2000),
  );
});

it("nodes can agree where there is no other, and where the link says so; one that fails or hangs means that they cannot", async () => {
  expect(await new Shared(new CapturedLog()).of("plugin").canAgree()).toBe(true);
  expect(await linked().plugin.canAgree()).toBe(true);
  expect(await linked({ canAgree: () => Promise.resolve(false) }).plugin.canAgree()).toBe(false);
  const { plugin, log } = linked({ canAgree: () => Promise.reject(new Error("the link is down")) });
  expect(await plugin.canAgree()).toBe(false);
  expect(log.text()).toContain("the link is down");
  expect(await linked({ canAgree: () => new Promise(() => undefined) }).plugin.canAgree()).toBe(false);
});

it("what a node says twice is heard once, and a node that has started again is heard from its first announcement", () => {
  const { side, plugin } = linked();
  const heard: unknown[] = [];
  plugin.on("news", (value) => heard.push(value));
  const say = (start: string, number: number): boolean =>
    side.announced("b", { start, number, topic: "plugin news", value: `${start}${number}` });
  for (const [start, number] of [
    ["x", 1],
    ["x", 2],
    ["x", 1],
    ["x", 2],
    ["y", 1],
    ["y", 2],
  ] as const)
    say(start, number);
  expect(heard).toEqual(["x1", "x2", "y1", "y2"]);
});

it("a listener that throws is logged, and stops no other one", async () => {
  const { plugin, log } = linked();
  const heard: unknown[] = [];
  plugin.on("news", () => {
    throw new Error("a mistake of the plugin");
  });
  plugin.on("news", (value) => heard.push(value));
  await plugin.announce("news", { of: ["joe"] });
  expect(heard).toEqual([{ of: ["joe"] }]);
  expect(log.text()).toContain("a mistake of the plugin");
});

it("a link that fails to announce is logged, and harms nothing else", async () => {
  const failing = linked({ announce: () => Promise.reject(new Error("broken")) });
  await failing.plugin.announce("news", 1);
  expect(failing.log.text()).toContain("failed to tell other nodes");
  const throwing = linked({
    announce: () => {
      throw new Error("broken");
    },
  });
  await throwing.plugin.announce("news", 1);
  expect(throwing.log.text()).toContain("failed to tell other nodes");
});

it("a number is spent once: here, by what others told, and by the arbiter", async () => {
  const { plugin, side, sent } = linked();
  const spend = (number: number, key = "joe"): Promise<boolean> => plugin.spend(key, number, { keepFor: 60 });
  expect([await spend(7), await spend(7), await spend(6), await spend(8), await spend(7, "ann")]).toEqual([
    ...[true, false, false, true],
    true,
  ]);
  const [first] = sent;
  const { value } = first as Announcement;
  const [, , ...rest] = value as [string, number, number];
  side.announced("b", { ...first, start: "b", value: [(value as [string])[0], 20, ...rest] });
  expect([await spend(20), await spend(21)]).toEqual([false, true]);
  const refusing = linked({ spend: () => Promise.resolve(false) });
  expect(await refusing.plugin.spend("joe", 7, { keepFor: 60 })).toBe(false);
});

it("where the nodes cannot agree whether a number is spent, the promise rejects", async () => {
  const { plugin } = linked({ spend: () => Promise.reject(new Error("cut off")) });
  await expect(plugin.spend("joe", 7, { keepFor: 60 })).rejects.toMatchObject({ code: "WG_CUT_OFF" });
});

it("no text that a plugin spends or that a client sends crosses: only its hash does", async () => {
  const { plugin, sent, shared } = linked();
  await plugin.spend("the seed of joe", 7, { keepFor: 60 });
  expect(JSON.stringify(sent)).not.toContain("seed");
  expect(shared.logins.keyOf("192.0.2.1")).toMatch(/^[0-9a-f]{64}$/);
  expect(new Shared(new CapturedLog()).logins.keyOf("192.0.2.1")).toBe("192.0.2.1");
});

it.each([
  ["a topic that is empty", (shared: ReturnType<Shared["of"]>) => shared.announce("", 1), "a topic"],
  ["a time past a day", (shared) => shared.announce("news", 1, { keepFor: 90_000 }), "keepFor"],
  ["a function", (shared) => shared.announce("news", () => 1), "what JSON can say"],
] as [string, (shared: ReturnType<Shared["of"]>) => unknown, string][])("refuses %s", (_what, call, sentence) => {
  expect(() => call(linked().plugin)).toThrow(sentence);
});

describe("what is kept", () => {
  it("is forgotten when its time is over, and the oldest past a count and a size", () => {
    let now = 0;
    const kept = new KeptAnnouncements(() => now);
    const numbers = (): number[] => kept.all().map(({ number }) => number);
    const keep = (number: number, bytes: number, keepFor: number): void =>
      kept.keep({ start: "a", number, topic: "news", value: null }, bytes, keepFor);
    keep(1, 10, 1000);
    keep(2, 10, 5000);
    now = 1000;
    expect(numbers()).toEqual([2]);
    keep(3, 8 * 1024 * 1024, 5000);
    expect(numbers()).toEqual([3]);
    for (let number = 4; number < 10_010; number++) keep(number, 1, 5000);
    expect(numbers()).toHaveLength(10_000);
    expect(numbers().at(-1)).toBe(10_009);
    now = 7000;
    expect(numbers()).toEqual([]);
  });

  it("of spent numbers is forgotten when its time is over, and the oldest past a count", () => {
    let now = 0;
    const spent = new SpentNumbers(() => now);
    expect(spent.spend("joe", 7, 1000)).toBe(true);
    now = 999;
    expect(spent.spend("joe", 7, 1000)).toBe(false);
    now = 1000;
    expect(spent.spend("joe", 7, 1000)).toBe(true);
    for (let i = 0; i < 100_000; i++) spent.spend(`user${i}`, 1, 60_000);
    expect(spent.spend("joe", 7, 1000)).toBe(true);
  });
});
