import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";
import { WebSocket } from "ws";
import { type AutobahnSession, login } from "./support/autobahn.ts";
import { Party } from "./support/party.ts";
import { connectRaw } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

// The Advanced Profile as far as the two JavaScript clients have it.

let running: RunningRouter;
beforeAll(async () => {
  running = await startRouter({
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    auth: { anonymous: { type: "static", role: "user" } },
  });
});
afterAll(() => running.close());

describe.each([
  [22, "json"],
  [22, "msgpack"],
  [22, "cbor"],
  [26, "json"],
  [26, "msgpack"],
  [26, "cbor"],
] as const)("autobahn %d over %s", (version, serializer) => {
  let [one, two]: { session: AutobahnSession; close: () => Promise<void> }[] = [];
  beforeEach(async () => {
    one = await login({ url: running.url, realm: "realm1", version, serializer });
    two = await login({ url: running.url, realm: "realm1", version, serializer });
  });
  afterEach(async () => {
    await one?.close();
    await two?.close();
  });
  const sessions = (): [AutobahnSession, AutobahnSession] => [one?.session as never, two?.session as never];

  it("subscribes to patterns, and is shown topic and publisher", async () => {
    const [subscriber, publisher] = sessions();
    const event = new Promise<unknown[]>((resolve) => {
      const handler = (args: unknown[], _kwargs: unknown, details: { topic: string; publisher: number }): void =>
        resolve([args, details.topic, details.publisher]);
      void subscriber
        .subscribe("com..created", handler as never, { match: "wildcard" })
        .then(() => publisher.publish("com.order.created", [7], {}, { disclose_me: true }));
    });
    expect(await event).toEqual([[7], "com.order.created", publisher.id]);
  });

  it("publishes to some of the subscribers, and gets retained events", async () => {
    const [subscriber, publisher] = sessions();
    const got: unknown[] = [];
    await subscriber.subscribe("com.some", (args: unknown[]) => got.push(args[0]));
    const options = { acknowledge: true };
    await publisher.publish("com.some", ["no"], {}, { ...options, exclude: [subscriber.id] });
    await publisher.publish("com.some", ["yes"], {}, { ...options, eligible: [subscriber.id] });
    await publisher.publish("com.kept", ["kept"], {}, { ...options, retain: true });
    const retained = new Promise<unknown>((resolve) => {
      void subscriber.subscribe("com.kept", (args: unknown[]) => resolve(args[0]), { get_retained: true });
    });
    expect(await retained).toBe("kept");
    expect(got).toEqual(["yes"]);
  });

  it("calls patterns and shared procedures, and is shown the procedure and the caller", async () => {
    const [callee, caller] = sessions();
    const handler = (_args: unknown, _kwargs: unknown, details: { procedure: string; caller: number }) => [
      details.procedure,
      details.caller,
    ];
    await callee.register("com.files.", handler, { match: "prefix", invoke: "roundrobin" });
    expect(await caller.call("com.files.read", [], {}, { disclose_me: true })).toEqual(["com.files.read", caller.id]);
  });

  it("gets progressive results", async () => {
    const [callee, caller] = sessions();
    await callee.register(
      "com.slow",
      (_args: unknown, _kwargs: unknown, details: { progress: (args: unknown[]) => void }) => {
        for (const n of [1, 2]) details.progress([n]);
        return 3;
      },
    );
    const progress: unknown[] = [];
    const call = caller.call("com.slow", [], {}, { receive_progress: true }) as Promise<unknown> & {
      then: (done: null, failed: null, progress: (value: unknown) => void) => Promise<unknown>;
    };
    expect(await call.then(null, null, (value) => progress.push(value))).toBe(3);
    expect(progress).toEqual([1, 2]);
  });

  it("is told when its call takes too long", async () => {
    const [callee, caller] = sessions();
    await callee.register("com.never", () => new Promise(() => undefined));
    await expect(caller.call("com.never", [], {}, { timeout: 20 })).rejects.toMatchObject({
      error: "wamp.error.timeout",
    });
  });

  it("uses the meta API", async () => {
    const [session, other] = sessions();
    expect(await session.call("wamp.session.count")).toBe(2);
    expect(await session.call("wamp.session.get", [other.id])).toMatchObject({ session: other.id, authrole: "user" });
    await expect(session.call("wamp.session.kill", [other.id])).rejects.toMatchObject({
      error: "wamp.error.not_authorized",
    });
  });
});

describe.each([
  ["JSON", () => new JsonSerializer()],
  ["MessagePack", () => new MsgpackSerializer()],
  ["CBOR", () => new CborSerializer()],
])("wampy over %s", (_name, serializer) => {
  let [one, two]: Wampy[] = [];
  beforeEach(async () => {
    const client = (): Wampy =>
      new Wampy(running.url, {
        ws: WebSocket,
        realm: "realm1",
        maxRetries: 0,
        autoReconnect: false,
        serializer: serializer(),
      } as never);
    one = client();
    two = client();
    await Promise.all([one.connect(), two.connect()]);
  });
  afterEach(async () => {
    await Promise.all([one?.disconnect(), two?.disconnect()]);
  });
  const clients = (): [Wampy, Wampy] => [one as Wampy, two as Wampy];

  it("subscribes to patterns", async () => {
    const [subscriber, publisher] = clients();
    const event = new Promise((resolve) => {
      void subscriber
        .subscribe("com.orders", resolve, { match: "prefix" })
        .then(() => publisher.publish("com.orders.new", [7], { disclose_me: true }));
    });
    expect(await event).toMatchObject({
      argsList: [7],
      details: { topic: "com.orders.new", publisher_authrole: "user" },
    });
  });

  it("gets progressive results", async () => {
    const [callee, caller] = clients();
    await callee.register("com.slow", ({ result_handler: answer }) => {
      for (const n of [1, 2]) answer({ argsList: [n], options: { progress: true } });
      return { argsList: [3] };
    });
    const progress: unknown[] = [];
    const result = await caller.call("com.slow", [], {
      progress_callback: ({ argsList }) => void progress.push(argsList?.[0]),
    });
    expect([...progress, result.argsList?.[0]]).toEqual(expect.arrayContaining([1, 2, 3]));
  });

  it("sends a call in parts", async () => {
    const [, caller] = clients();
    const callee = await connectRaw(running.url);
    const features = { progressive_call_invocations: true, call_canceling: true };
    callee.hello({ authmethods: ["anonymous"], roles: { callee: { features } } });
    const party = new Party(callee, await callee.welcomed());
    await party.register("com.parts");
    const { result, sendData } = caller.progressiveCall("com.parts", [1]);
    sendData([2], { progress: true });
    sendData([3], { progress: false });
    const parts = [await party.invocation(), await party.invocation(), await party.invocation()];
    expect(parts.map(({ args }) => args)).toEqual([[1], [2], [3]]);
    expect(new Set(parts.map(({ id }) => id)).size).toBe(1);
    party.yield((parts[0] as { id: number }).id, {}, ["done"]);
    expect((await result).argsList).toEqual(["done"]);
    callee.close();
  });

  it("passes an end-to-end payload through", async () => {
    const [subscriber, publisher] = clients();
    const event = new Promise((resolve) => {
      void subscriber
        .subscribe("com.sealed", resolve)
        .then(() => publisher.publish("com.sealed", [1], { ppt_scheme: "x_custom", ppt_serializer: "native" }));
    });
    expect(await event).toMatchObject({ details: { ppt_scheme: "x_custom", ppt_serializer: "native" } });
  });

  it("cancels a call", async () => {
    const [callee, caller] = clients();
    await callee.register("com.never", () => new Promise(() => undefined));
    const call = caller.call("com.never");
    const { reqId } = caller.getOpStatus();
    caller.cancel(reqId, { mode: "skip" });
    await expect(call).rejects.toMatchObject({ errorUri: "wamp.error.canceled" });
  });
});
