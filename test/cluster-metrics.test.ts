import { MemoryCarriers, type MemoryCarriersOptions } from "@wampgate/cluster";
import { Code } from "@wampgate/core";
import metrics from "@wampgate/metrics";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { startParties } from "./support/party.ts";

// What a node of a cluster tells its operator: by metrics, and in the log.

const { default: anonymous } = await import("@wampgate/auth-anonymous");

const routers: TestRouter[] = [];
let network: MemoryCarriers;
afterEach(async () => {
  network.part();
  for (const router of routers.splice(0)) await router.close();
});

async function start(node: string, realms?: unknown): Promise<TestRouter> {
  const router = await startTestRouter({
    ...(realms === undefined ? {} : { realms }),
    plugins: [anonymous, network.plugin, [metrics, { port: 0 }]],
    auth: { anonymous: { type: "static", role: "user" } },
    cluster: network.entry(node),
  });
  routers.push(router);
  return router;
}

async function startCluster<N extends readonly string[]>(options: MemoryCarriersOptions, ...nodes: N) {
  network = new MemoryCarriers({ ...options, link: { heartbeat: 10, "dead-after": 100, ...options.link } });
  const started: TestRouter[] = [];
  for (const node of nodes) started.push(await start(node));
  return started as { [K in keyof N]: TestRouter };
}

async function joined({ connect }: TestRouter) {
  const client = connect();
  client.hello({ roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } });
  await client.welcomed();
  return client;
}

/** The series of the cluster, without its prefix. */
async function seriesOf({ log }: TestRouter): Promise<Map<string, number>> {
  const url = log.lines.find(({ message }) => message === "serves metrics")?.fields["url"];
  const page = await (await fetch(String(url))).text();
  return new Map(
    [...page.matchAll(/^wampgate_cluster_(\S+) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
}

/** The series, once they are as wanted. */
async function until(router: TestRouter, isSo: (series: Map<string, number>) => boolean): Promise<Map<string, number>> {
  for (;;) {
    const series = await seriesOf(router);
    if (isSo(series)) return series;
  }
}

const messagesOf = ({ log }: TestRouter): string[] => log.lines.map(({ message }) => message);

it("a node that joins is counted and logged, and what nodes tell each other is counted by kind", async () => {
  const [a, b] = await startCluster({}, "a", "b");
  const [one, other] = [await joined(a), await joined(b)];
  other.send(Code.REGISTER, 1, {}, "com.example.secret");
  await other.expect(Code.REGISTERED);
  other.send(Code.SUBSCRIBE, 2, {}, "com.example.secret");
  await other.expect(Code.SUBSCRIBED);
  one.send(Code.CALL, 1, {}, "com.example.secret");
  const [, invocation] = await other.expect(Code.INVOCATION);
  other.send(Code.YIELD, invocation, {});
  await one.expect(Code.RESULT);
  one.send(Code.PUBLISH, 2, {}, "com.example.secret");
  await other.expect(Code.EVENT);
  const series = await until(a, (now) => (now.get("hop_seconds_count") ?? 0) > 0);
  expect(series.get("nodes")).toBe(2);
  expect(series.get("connected")).toBe(1);
  expect(series.get('messages_total{kind="invocation",direction="sent"}')).toBe(1);
  expect(series.get('messages_total{kind="result",direction="received"}')).toBe(1);
  expect(series.get('messages_total{kind="event",direction="sent"}')).toBe(1);
  expect(series.get('messages_total{kind="beat",direction="received"}')).toBeGreaterThan(0);
  expect(series.get('bytes_total{direction="sent"}')).toBeGreaterThan(500);
  expect(series.get("hop_seconds_sum")).toBeGreaterThan(0);
  expect(series.get('hop_seconds_bucket{le="+Inf"}')).toBe(series.get("hop_seconds_count"));
  expect(series.get("unsettled_total")).toBe(0);
  expect((await seriesOf(b)).get("claim_seconds_count")).toBe(1);
  expect([...series.keys()].filter((name) => name.includes("example") || name.includes('"b"'))).toEqual([]);
  expect(a.log.lines).toContainEqual(
    expect.objectContaining({
      message: "another node has joined",
      fields: expect.objectContaining({ node: "b" }) as unknown,
    }),
  );
});

it("a node that is cut off tells it, and that it is back; the others tell that it is gone by its silence, and back", async () => {
  const [a, b] = await startCluster({}, "a", "b");
  const [one, lost] = [await joined(a), await joined(b)];
  lost.send(Code.REGISTER, 1, {}, "com.example.taken");
  await lost.expect(Code.REGISTERED);
  network.cutOff("b");
  const alone = await until(a, (now) => now.get("nodes") === 1);
  expect(alone.get('gone_total{by="silence"}')).toBe(1);
  expect(alone.get("connected")).toBe(1);
  await until(b, (now) => now.get("connected") === 0 && now.get("nodes") === 1);
  one.send(Code.REGISTER, 1, {}, "com.example.taken");
  await one.expect(Code.REGISTERED);
  network.reconnect("b");
  const back = await until(b, (now) => now.get("nodes") === 2 && now.get("claims_lost_total") === 1);
  expect(back.get("connected")).toBe(1);
  expect(messagesOf(a)).toEqual(
    expect.arrayContaining(["another node is gone: it says nothing", "another node is back"]),
  );
  expect(messagesOf(b)).toEqual(
    expect.arrayContaining([
      "this node is cut off: it does not reach the network between the nodes",
      "this node is back: it reaches the network between the nodes again",
    ]),
  );
  expect(b.log.lines).toContainEqual(
    expect.objectContaining({
      message: "others hold a procedure now that this node held; its callees were told",
      fields: expect.objectContaining({ uri: "com.example.taken", sessions: [expect.any(Number)] }) as unknown,
    }),
  );
});

it("a node that leaves is gone by its bye, and one that is killed since nothing is there any more", async () => {
  const [a, b] = await startCluster({}, "a", "b", "c");
  await b.close();
  expect((await until(a, (now) => now.get("nodes") === 2)).get('gone_total{by="bye"}')).toBe(1);
  network.kill("c");
  expect((await until(a, (now) => now.get("nodes") === 1)).get('gone_total{by="refused"}')).toBe(1);
});

it("events that a slow node does not get are counted, and so is what waits for it", async () => {
  let isSlow = false;
  const delay = (): number => (isSlow ? 50 : 0);
  const [a, b] = await startCluster({ delay, link: { window: 65_536, "dead-after": 5000 } }, "a", "b");
  const [publisher, subscriber] = [await joined(a), await joined(b)];
  subscriber.send(Code.SUBSCRIBE, 1, {}, "com.example.topic");
  await subscriber.expect(Code.SUBSCRIBED);
  isSlow = true;
  for (let i = 1; i <= 50; i++) publisher.send(Code.PUBLISH, i, {}, "com.example.topic", ["x".repeat(4000)]);
  const slow = await until(a, (now) => (now.get('dropped_total{kind="window"}') ?? 0) > 0);
  expect(slow.get("unacknowledged_bytes")).toBeGreaterThan(0);
  isSlow = false;
  await until(a, (now) => now.get("unacknowledged_bytes") === 0);
});

it("messages that get lost are counted, and so is each new beginning after it", async () => {
  let isLossy = false;
  const [a, b] = await startCluster({ drop: () => isLossy, link: { "dead-after": 5000 } }, "a", "b");
  const [publisher, subscriber] = [await joined(a), await joined(b)];
  subscriber.send(Code.SUBSCRIBE, 1, {}, "com.example.topic");
  await subscriber.expect(Code.SUBSCRIBED);
  isLossy = true;
  publisher.send(Code.PUBLISH, 1, { acknowledge: true }, "com.example.topic");
  await publisher.expect(Code.PUBLISHED);
  await network.quiet();
  isLossy = false;
  const seen = await until(a, (now) => (now.get("resets_total") ?? 0) > 0);
  expect(seen.get('lost_total{kind="event"}')).toBe(1);
});

it("nodes that have other roles or realms tell it in the log, with the realm, and are counted until they have the same", async () => {
  const [a] = await startCluster({}, "a");
  const other = { name: "user", "allow-by-default": false };
  const b = await start("b", [
    { name: "realm1", roles: [other] },
    { name: "realm2", roles: [other] },
  ]);
  const lineOf = (router: TestRouter, words: string) =>
    router.log.lines.find(({ message }) => message.includes(words))?.fields;
  for (const router of [a, b]) await until(router, (now) => now.get("config_differs") === 1);
  expect(lineOf(a, "other roles or options")).toMatchObject({ node: "b", realm: "realm1" });
  expect(lineOf(a, "a realm that this one has not got")).toMatchObject({ node: "b", realm: "realm2" });
  await b.router.update((config) => ({
    ...config,
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
  }));
  for (const router of [a, b]) await until(router, (now) => now.get("config_differs") === 0);
  expect(lineOf(a, "the same roles and options")).toMatchObject({ node: "b", realm: "realm1" });
}, 15_000);

it("a router that stands alone has no metrics of a cluster", async () => {
  network = new MemoryCarriers();
  const router = await startParties([{ name: "realm1", roles: [{ name: "user" }] }]);
  expect(router.router.stats.cluster).toBeNull();
  await router.close();
});
