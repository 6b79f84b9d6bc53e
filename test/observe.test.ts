import {
  Code,
  definePlugin,
  type LocalSession,
  type ObservedCall,
  type PluginApi,
  type RealmCounts,
  type WampgateConfig,
  WampError,
} from "@wampgate/core";
import { FakeClient } from "@wampgate/plugin-testkit";
import { makeRouter, OFFICIAL } from "./support/router.ts";

// `api.observe` of a plugin.

const realmOf = (name: string) => ({ name, roles: [{ name: "user", "allow-by-default": true }] });
const transports = [{ type: "memory", auth: { anonymous: { type: "static", role: "user" } } }];

let close = (): Promise<void> => Promise.resolve();
afterEach(() => close());

async function start() {
  const apis: PluginApi[] = [];
  const observing = (name: string) => definePlugin({ name, core: "*", apply: (api) => void apis.push(api) });
  const plugins = [...OFFICIAL, observing("one"), observing("other")];
  const { router, log } = await makeRouter({ plugins, realms: [realmOf("realm1"), realmOf("realm2")], transports });
  close = () => router.close();
  await router.start();
  const [api, other] = apis as [PluginApi, PluginApi];
  const reload = (...names: string[]) =>
    router.reload({ plugins, realms: names.map(realmOf), transports } as unknown as WampgateConfig);
  return { api, other, router, log, reload, session: (realm = "realm1") => router.session(realm, { role: "user" }) };
}

/** The counts, as plain values. */
function plain(counts: RealmCounts | undefined): unknown {
  if (counts === undefined) return undefined;
  const { calls, errors, events, publishes, bytes, uris } = counts;
  const byUri = [...uris].map(([uri, one]) => [uri, { calls: one.calls, errors: one.errors, events: one.events }]);
  return { calls, errors, events, publishes, bytes, uris: Object.fromEntries(byUri) as unknown };
}

async function registered(session: LocalSession): Promise<void> {
  await session.register("com.example.add", ([a, b]) => (a as number) + (b as number));
  await session.register("com.example.fail", () => {
    throw new WampError("com.example.no");
  });
}

it("calls are counted by the procedure that was called, and by how they ended", async () => {
  const { api, session } = await start();
  const [caller, callee] = [session(), session()];
  await registered(callee);
  await callee.register("com.family", () => 1, { match: "prefix" });
  const { realms } = api.observe();
  await caller.call("com.example.add", [1, 2]);
  await caller.call("com.example.add", [3, 4]);
  await caller.call("com.family.child");
  await expect(caller.call("com.example.fail")).rejects.toThrow();
  await expect(caller.call("com.example.nothing")).rejects.toThrow();
  await caller.call("wamp.session.count");
  const uris = {
    "com.example.add": { calls: 2, errors: 0, events: 0 },
    "com.example.fail": { calls: 1, errors: 1, events: 0 },
    "com.family.child": { calls: 1, errors: 0, events: 0 },
  };
  expect(plain(realms.get("realm1"))).toEqual({ calls: 4, errors: 1, events: 0, publishes: 0, bytes: 0, uris });
});

it("a call that its caller cancels, that takes too long, or whose callee leaves has ended in an error", async () => {
  const { api, session } = await start();
  const [caller, callee] = [session(), session()];
  let asked = (): void => undefined;
  const isAsked = (): Promise<void> => new Promise((resolve) => (asked = resolve));
  await callee.register("com.never", () => (asked(), new Promise(() => undefined)));
  const { realms } = api.observe();
  const counts = () => {
    const { calls, errors } = realms.get("realm1") as RealmCounts;
    return { calls, errors };
  };
  await expect(caller.call("com.never", [], {}, { timeout: 5 })).rejects.toThrow();
  expect(counts()).toEqual({ calls: 1, errors: 1 });
  const arrived = isAsked();
  const pending = caller.call("com.never").catch((error: unknown) => error);
  await arrived;
  expect(counts()).toEqual({ calls: 2, errors: 1 });
  callee.leave();
  await pending;
  expect(counts()).toEqual({ calls: 2, errors: 2 });
});

it("events are counted for each receiver, publications once with the bytes that came", async () => {
  const { api, router, session } = await start();
  const { realms } = api.observe();
  for (const subscriber of [session(), session()]) await subscriber.subscribe("com.example.topic", () => undefined);
  const client = new FakeClient(router.connect());
  client.hello({ authmethods: ["anonymous"] });
  await client.welcomed();
  client.send(Code.PUBLISH, 1, { acknowledge: true }, "com.example.topic", ["hello"]);
  client.send(Code.PUBLISH, 2, { acknowledge: true }, "com.example.unheard", [1, 2, 3]);
  for (let i = 0; i < 2; i++) await client.expect(Code.PUBLISHED);
  const bytes = '["hello"]'.length + "[1,2,3]".length;
  const { uris, ...sums } = plain(realms.get("realm1")) as { uris: Record<string, unknown> };
  expect(sums).toMatchObject({ events: 2, publishes: 2 });
  expect(uris).toEqual({ "com.example.topic": { calls: 0, errors: 0, events: 2 } });
  expect((sums as { bytes: number }).bytes).toBeGreaterThanOrEqual(bytes);
  expect((sums as { bytes: number }).bytes).toBeLessThan(bytes + 10);
  client.close();
});

it("each realm has counts of its own, also one that a reload adds; those of a removed one are gone", async () => {
  const { api, session, reload } = await start();
  const { realms: before } = api.observe();
  expect([...before.keys()]).toEqual(["realm1", "realm2"]);
  const seen = api.observe();
  await reload("realm1", "realm3");
  expect([...seen.realms.keys()]).toEqual(["realm1", "realm3"]);
  await session("realm3").publish("com.example.topic");
  expect(seen.realms.get("realm3")).toMatchObject({ publishes: 1 });
  expect(seen.realms.get("realm1")).toMatchObject({ publishes: 0 });
});

it("of one call in 16 those who observe are told the time that it took; one that throws harms no call", async () => {
  const { api, other, session, log } = await start();
  const [caller, callee] = [session(), session()];
  await registered(callee);
  const told: ObservedCall[] = [];
  other.observe({
    callEnded() {
      throw new Error("the disk is full");
    },
  });
  api.observe({ callEnded: (call) => told.push(call) });
  for (let i = 0; i < 32; i++) await caller.call("com.example.add", [i, 1]);
  const ended = { realm: "realm1", procedure: "com.example.add", isResult: true, ms: expect.any(Number) as number };
  expect(told).toEqual([ended, ended]);
  for (const { ms } of told) expect(ms > 0 && ms < 10_000).toBe(true);
  const lines = log.lines.filter(({ message }) => message === "an observer of calls failed");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.fields).toMatchObject({ plugin: "other", err: { message: "the disk is full" } });
});

it("nothing is counted once the last one has stopped, and who observes later begins at 0", async () => {
  const { api, other, session } = await start();
  const publisher = session();
  const [one, two] = [api.observe(), other.observe()];
  await publisher.publish("com.example.topic");
  one.stop();
  one.stop();
  await publisher.publish("com.example.topic");
  expect(one.realms.size).toBe(0);
  expect(two.realms.get("realm1")).toMatchObject({ publishes: 2 });
  two.stop();
  await publisher.publish("com.example.topic");
  expect(api.observe().realms.get("realm1")).toMatchObject({ publishes: 0 });
});
