import type { LocalSession } from "@wampgate/core";
import anonymous from "@wampgate/auth-anonymous";
import { MemoryCarriers, type MemoryCarriersOptions } from "@wampgate/cluster";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { numbers } from "../jest/numbers.ts";

// Events that are kept for later: retained ones, and the history of topics. They are the same on all nodes.

const TOPIC = "com.example.topic";
const HISTORIES = [
  { uri: TOPIC, limit: 50 },
  { uri: "com.example.", match: "prefix", limit: 1000 },
];

/** An event, as a history or a subscriber has it. */
interface Kept {
  readonly timestamp?: string;
  readonly publication: number;
  readonly args?: readonly unknown[];
}

interface Node extends TestRouter {
  readonly session: LocalSession;
}

let network: MemoryCarriers;
const nodes: Node[] = [];

async function start(name: string): Promise<Node> {
  const router = await startTestRouter({
    plugins: [anonymous, network.plugin],
    auth: { anonymous: { type: "static" } },
    realms: [
      {
        name: "realm1",
        roles: [{ name: "user", "allow-by-default": true }],
        options: { "event-history": HISTORIES, "max-bytes": 256 * 1024 * 1024 },
      },
    ],
    cluster: network.entry(name),
  });
  const node = { ...router, session: router.router.session("realm1", { role: "user" }) };
  nodes.push(node);
  return node;
}

async function startAll(settings: MemoryCarriersOptions = {}): Promise<[Node, Node, Node]> {
  network = new MemoryCarriers(settings);
  return [await start("a"), await start("b"), await start("c")];
}

afterEach(async () => {
  network.part();
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

/** What `get_events` gives at a node, the times included. */
async function historyOf({ session }: Node, { uri = TOPIC, match = "exact" } = {}): Promise<readonly Kept[]> {
  const id = await session.call("wamp.subscription.lookup", [uri, { match }]);
  return session.call<Kept[]>("wamp.subscription.get_events", [id]);
}

/** What a subscriber gets that comes now, by topic. */
async function retainedOf({ session }: Node): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const subscription = await session.subscribe(
    "com.example.",
    (args, _kwargs, details) => (seen[details.topic ?? ""] = args[0]),
    { match: "prefix", get_retained: true },
  );
  await session.call("wamp.session.count");
  await session.unsubscribe(subscription);
  return Object.fromEntries(Object.entries(seen).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Resolves when all nodes have the same history and the same retained events, which must be within three seconds. */
async function agreed(all: readonly Node[]): Promise<readonly Kept[]> {
  for (const end = performance.now() + 3000; ;) {
    const kept = await Promise.all(
      all.map(async (node) => [
        await historyOf(node),
        await historyOf(node, { uri: "com.example.", match: "prefix" }),
        await retainedOf(node),
      ]),
    );
    const [first, ...others] = kept.map((one) => JSON.stringify(one));
    if (others.every((other) => other === first)) return kept[0]?.[1] as Kept[];
    if (performance.now() > end) for (const other of kept) expect(other).toEqual(kept[0]);
    await network.quiet();
  }
}

const publish = ({ session }: Node, topic: string, value: unknown, options: object = {}): Promise<unknown> =>
  session.publish(topic, [value], {}, { acknowledge: true, exclude_me: false, ...options });

const valuesOf = (list: readonly Kept[]): unknown[] => list.map(({ args }) => args?.[0]);

it("get_events gives the same list on each node, with the same times, whoever publishes when", async () => {
  const all = await startAll({ delay: numbers(3) });
  const sent: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++) {
    for (const [n, node] of all.entries())
      sent.push(publish(node, i % 2 === 0 ? TOPIC : "com.example.other", `${"abc"[n]}${i}`));
    await new Promise(setImmediate);
  }
  await Promise.all(sent);
  const list = await agreed(all);
  expect(list).toHaveLength(180);
  for (const letter of ["a", "b", "c"]) {
    const own = valuesOf(list).filter((value) => (value as string).startsWith(letter));
    expect(own).toEqual(Array.from({ length: 60 }, (_, i) => `${letter}${i}`));
  }
  const times = list.map(({ timestamp }) => timestamp ?? "");
  expect(times).toEqual(times.toSorted());
});

it("of two events that are retained at the same moment on two nodes all nodes keep the same one", async () => {
  const all = await startAll({ delay: numbers(3) });
  for (let i = 0; i < 30; i++) {
    await Promise.all(all.map((node, n) => publish(node, `com.example.topic${i}`, n, { retain: true })));
    await network.quiet();
  }
  await agreed(all);
  expect(Object.keys(await retainedOf(all[0]))).toHaveLength(30);
});

it("a node that starts later has what is retained and the history, before its first client comes", async () => {
  const all = await startAll();
  for (const [i, node] of [...all, ...all].entries()) {
    await publish(node, TOPIC, i);
    await network.quiet();
  }
  await publish(all[0], "com.example.state", "first", { retain: true });
  await publish(all[1], "com.example.state", "last", { retain: true });
  await network.quiet();
  const later = await start("d");
  expect(await historyOf(later)).toEqual(await historyOf(all[0]));
  expect(valuesOf(await historyOf(later))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await retainedOf(later)).toEqual({ "com.example.state": "last" });
});

it("a node that starts later misses no event that is published while it starts", async () => {
  network = new MemoryCarriers({ delay: numbers(2) });
  const [a, b] = [await start("a"), await start("b")];
  const state = { isStarted: false };
  const starting = start("c").finally(() => (state.isStarted = true));
  let i = 0;
  for (; !state.isStarted; i++) {
    await publish(i % 2 === 0 ? a : b, TOPIC, i, { retain: i % 3 === 0 });
    await new Promise((resolve) => setTimeout(resolve, 1)); // no more than a history holds
  }
  const c = await starting;
  const list = await agreed([a, b, c]);
  expect(new Set(valuesOf(list))).toEqual(new Set(Array.from({ length: i }, (_, n) => n)));
});

it("a node that is killed and started again has all of it again", async () => {
  const [a, b] = await startAll();
  await publish(a, TOPIC, "before", { retain: true });
  await network.quiet();
  network.kill("c");
  await publish(b, TOPIC, "meanwhile");
  const again = await start("c");
  expect(valuesOf(await historyOf(again))).toEqual(["before", "meanwhile"]);
  expect(await retainedOf(again)).toEqual({ [TOPIC]: "before" });
  await agreed([a, b, again]);
});

it("nodes that were parted agree again when they meet: the newer event is retained, and the histories are one", async () => {
  const [a, b, c] = await startAll({ link: { "dead-after": 150 } });
  network.part(["a", "b"], ["c"]);
  const count = (): Promise<unknown> => a.session.call("wamp.session.count");
  while ((await count()) !== 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const sent: [Node, string, unknown, object?][] = [
    [a, "com.example.older", "of a", { retain: true }],
    [c, "com.example.newer", "of c", { retain: true }],
    ...Array.from({ length: 5 }, (_, i): [Node, string, unknown] => [i % 2 === 0 ? b : c, TOPIC, i]),
    // The last one wins, on whichever side it was published.
    [c, "com.example.older", "of c, newer", { retain: true }],
    [a, "com.example.newer", "of a, newer", { retain: true }],
  ];
  for (const [node, topic, value, options] of sent) {
    await publish(node, topic, value, { acknowledge: false, ...options });
    await new Promise((resolve) => setTimeout(resolve, 2)); // so that each is later than the one before
  }
  network.part();
  const list = await agreed([a, b, c]);
  expect(valuesOf(list)).toEqual(["of a", "of c", 0, 1, 2, 3, 4, "of c, newer", "of a, newer"]);
  expect(await retainedOf(b)).toEqual({ "com.example.older": "of c, newer", "com.example.newer": "of a, newer" });
});

it("lost messages leave no gap in a history for long", async () => {
  let isLossy = true;
  const next = numbers(1);
  const all = await startAll({ drop: () => isLossy && next() < 0.05, delay: next });
  for (let i = 0; i < 200; i++) {
    // Without an answer: where nodes cannot be reached, it would be an ERROR.
    await publish(all[i % 3] as Node, TOPIC, i, { retain: i % 10 === 0, acknowledge: false });
    await new Promise(setImmediate);
  }
  isLossy = false;
  const list = await agreed(all);
  expect(new Set(valuesOf(list))).toEqual(new Set(Array.from({ length: 200 }, (_, i) => i)));
}, 20_000);

it("a node that was too slow for all events has what is kept of them when it has caught up", async () => {
  const [a, b, c] = await startAll({ link: { window: 65_536 } });
  const long = "x".repeat(20_000);
  await Promise.all(Array.from({ length: 20 }, (_, i) => publish(a, TOPIC, `${i} ${long}`)));
  expect(a.log.text()).toContain("events for another node were dropped");
  const list = await agreed([a, b, c]);
  expect(list).toHaveLength(20);
});

it("what is copied to a node that starts later has a limit in bytes: the newest events come", async () => {
  network = new MemoryCarriers();
  const a = await start("a");
  const long = "x".repeat(1024 * 1024);
  for (let i = 0; i < 40; i++) await publish(a, "com.example.long", `${i} ${long}`);
  const later = await start("b");
  const values = valuesOf(await historyOf(later, { uri: "com.example.", match: "prefix" })) as string[];
  const numbers = values.map((value) => Number.parseInt(value, 10));
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers.length).toBeLessThan(40);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 40 - numbers.length + i));
}, 20_000);
