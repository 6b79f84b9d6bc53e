import fc from "fast-check";
import { serialize } from "node:v8";
import { definePlugin, type Link, type RealmLink, type RealmSide, type RunningLink } from "@wampgate/core";
import { runs } from "../../../jest/runs.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { OPEN, openMethod } from "./probes.ts";
import { startTestRouter, type TestRouter } from "./test-router.ts";

const network = new MemoryNetwork();
const start = (node: string): Promise<TestRouter> =>
  startTestRouter({ plugins: [openMethod, network.plugin], auth: OPEN, cluster: network.entry(node) });
const nodes: TestRouter[] = [];
beforeAll(async () => {
  for (const node of ["a", "b"]) nodes.push(await start(node));
});
afterAll(() => Promise.all(nodes.map((node) => node.close())));
const session = (node: number) => (nodes[node] as TestRouter).router.session("realm1", { role: "user" });

const details = {};
const payload = { format: "json", count: 1, bytes: Buffer.from("[1]") };
const event = {
  type: "EVENT",
  id: 1,
  topic: "com.example.topic",
  payload,
  details,
  audience: null,
  retain: false,
  at: 0,
};
const frames = [
  null,
  [],
  { realm: "realm1" },
  { realm: "realm1", kind: "unknown" },
  { realm: "another", kind: "message", message: event },
  ...[
    null,
    5,
    {},
    { type: "constructor" },
    { type: "EVENT" },
    { ...event, id: "1" },
    { ...event, id: 2 ** 60 },
    { ...event, details: [] },
    { ...event, payload: { ...payload, format: "xml" } },
    { ...event, payload: { ...payload, count: 3 } },
    { ...event, audience: [{ attribute: "session", members: ["one"], isWanted: true }] },
    { ...event, audience: [{ attribute: "shoe size", members: [], isWanted: true }] },
    { type: "INVOCATION", request: 1, registration: 1, callee: 1, isFirst: true, details, payload: 5 },
    { type: "INVOCATION", request: 1, registration: 99, callee: 99, isFirst: true, details, payload: undefined },
    { type: "INVOCATION", request: 1, registration: 99, callee: 99, isFirst: true, details, payload: undefined },
    { type: "INVOCATION", request: 7, registration: 99, callee: 99, isFirst: false, details, payload: undefined },
    { type: "INTERRUPT", request: 7, mode: "kill", reason: "wamp.error.canceled" },
    { type: "RESULT", request: 77, details, payload: undefined },
    { type: "ERROR", request: 77, details, error: "com.example", payload: undefined, cause: null },
    { type: "REFUSAL", request: 77, why: "not-here" },
    { type: "QUESTION", request: 1, procedure: "wamp.session.add_testament", args: ["com.example.will"], kwargs: {} },
    { type: "QUESTION", request: 2, procedure: "wamp.session.get", args: [{}], kwargs: {} },
    { type: "ANSWER", request: 1, value: 1, error: null },
  ].map((message) => ({ realm: "realm1", kind: "message", message })),
  ...[
    null,
    { kind: "interest", match: "regex", uri: "a", created: 1 },
    { kind: "interest", match: "exact", uri: "a", created: Number.MAX_SAFE_INTEGER },
    { kind: "session", session: -1, authid: "joe", authrole: "user" },
    { kind: "callee", registration: 1 },
    { kind: "testament", session: 1, number: 1, scope: "destroyed", event: { ...event, id: null } },
    { kind: "kept", event: null },
    { kind: "kept", event: { ...event, at: -1 } },
    { kind: "guard", uri: 1 },
  ].map((fact) => ({ realm: "realm1", kind: "fact", fact, holds: true })),
  ...[null, { start: 1 }, { start: "x", number: 0, topic: "logins", value: 1 }].map((announcement) => ({
    realm: "",
    kind: "announcement",
    announcement,
  })),
  { realm: "nowhere", kind: "told" },
];

it.each(frames.map((frame) => [JSON.stringify(frame), frame]))(
  "a frame that cannot be used harms no session, and what comes next is read: %s",
  async (_text, frame) => {
    const [publisher, subscriber] = [session(0), session(1)];
    let got: (value: unknown) => void = () => undefined;
    const next = new Promise((resolve) => (got = resolve));
    await subscriber.subscribe("com.example.next", ([value]) => got(value));
    await subscriber.register("com.example.echo", ([value]) => value);
    await network.sendFrame("a", "b", serialize(frame));
    await publisher.publish("com.example.next", ["after"]);
    expect(await next).toBe("after");
    expect(await publisher.call("com.example.echo", ["called"])).toBe("called");
    subscriber.leave();
    publisher.leave();
  },
);

it("whatever facts and messages another node tells, the router goes on, and hears the next event", async () => {
  const [publisher, subscriber] = [session(0), session(1)];
  const heard: unknown[] = [];
  await subscriber.subscribe("com.example.next", ([value]) => heard.push(value));
  const kinds = ["interest", "callee", "session", "testament", "kept", "guard"];
  const part = fc.oneof(
    fc.jsonValue(),
    fc.nat(5),
    fc.constantFrom("exact", "single", "com.example.next", "EVENT", 8e15, [], {}),
  );
  const keys = Object.keys(event).concat(
    "kind",
    "match",
    "uri",
    "created",
    "session",
    "number",
    "scope",
    "authid",
    "authrole",
  );
  const thing = fc
    .tuple(fc.dictionary(fc.constantFrom(...keys), part), fc.constantFrom(...kinds), part)
    .map(([fields, kind, at]) => ({
      ...fields,
      kind,
      uri: "com.example.next",
      event: { ...event, ...fields, id: 7, at },
    }));
  const frame = fc.record({
    realm: fc.constant("realm1"),
    kind: fc.constantFrom("fact", "message", "told", "announcement"),
    fact: thing,
    message: thing,
    announcement: thing,
    holds: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(frame, async (sent) => network.sendFrame("a", "b", serialize(sent))),
    runs(500),
  );
  await publisher.publish("com.example.next", ["after"]);
  await network.sendFrame("a", "b", Buffer.alloc(0));
  expect(heard).toContain("after");
  subscriber.leave();
  publisher.leave();
});

it("sessions of this process are refused before the link runs", async () => {
  const { createRouter } = await import("@wampgate/core");
  const config = { plugins: [openMethod, network.plugin], cluster: network.entry("early") };
  const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
  const router = await createRouter({ ...config, realms, transports: [{ type: "memory", auth: OPEN }] } as never, {
    log: false,
  });
  expect(() => router.session("realm1", { role: "user" })).toThrow("the link to the other nodes does not run yet");
  await router.close();
});

it("a node that comes later knows what the others have", async () => {
  const [subscriber, callee] = [session(0), session(0)];
  const heard: unknown[] = [];
  await subscriber.subscribe("com.example.late", ([value]) => heard.push(value));
  await callee.register("com.example.late", () => "here");
  const late = await start("c");
  const own = late.router.session("realm1", { role: "user" });
  await own.publish("com.example.late", ["from c"]);
  expect(await own.call("com.example.late")).toBe("here");
  expect(heard).toEqual(["from c"]);
  expect(await own.call("wamp.session.count")).toBe(3);
  await late.close();
  expect(await subscriber.call("wamp.session.count")).toBe(2);
  subscriber.leave();
  callee.leave();
});

it("max-sessions-per-authid counts the sessions of all nodes, and those that leave make room anywhere", async () => {
  const limited = new MemoryNetwork();
  const realms = [{ name: "realm1", roles: [{ name: "user" }], options: { "max-sessions-per-authid": 2 } }];
  const own: TestRouter[] = [];
  for (const node of ["a", "b"])
    own.push(
      await startTestRouter({
        plugins: [openMethod, limited.plugin],
        auth: OPEN,
        realms,
        cluster: limited.entry(node),
      }),
    );
  const join = (node: number) => {
    const client = (own[node] as TestRouter).connect();
    client.hello({ authmethods: ["testkit-open"] });
    return client;
  };
  const [one, other] = [join(0), join(1)];
  for (const client of [one, other]) await client.welcomed();
  // What a node has been told it acts by a moment later.
  await Promise.all(["a", "b"].map((node) => limited.sendFrame(node, node === "a" ? "b" : "a", Buffer.alloc(0))));
  for (const node of [0, 1]) expect((await join(node).aborted()).reason).toBe("wampgate.error.limit_exceeded");
  one.close();
  await one.closed;
  await limited.sendFrame("a", "b", Buffer.alloc(0));
  await join(1).welcomed();
  for (const node of own) await node.close();
});

it("a realm that a reload adds is linked, and one that it removes is forgotten", async () => {
  const role = { name: "user", "allow-by-default": true };
  const [one, two] = ["realm1", "realm2"].map((name) => ({ name, roles: [role] }));
  const reload = (realms: unknown[]): Promise<unknown> =>
    Promise.all(
      nodes.map(({ router }, i) => {
        const cluster = network.entry(["a", "b"][i] as string);
        const config = { plugins: [openMethod, network.plugin], cluster, transports: [{ type: "memory", auth: OPEN }] };
        return router.reload({ ...config, realms } as never);
      }),
    );
  await reload([one, two]);
  const [publisher, subscriber] = nodes.map(({ router }) => router.session("realm2", { role: "user" }));
  const heard: unknown[] = [];
  await subscriber?.subscribe("com.example.added", ([value]) => heard.push(value));
  await subscriber?.register("com.example.added", () => "here");
  await publisher?.publish("com.example.added", ["it came"]);
  expect(await publisher?.call("com.example.added")).toBe("here");
  expect(heard).toEqual(["it came"]);
  await reload([one]);
  expect(publisher?.isOpen).toBe(false);
  await reload([one, two]);
  const again = nodes[0]?.router.session("realm2", { role: "user" });
  await expect(again?.call("com.example.added")).rejects.toMatchObject({ uri: "wamp.error.no_such_procedure" });
  expect(await again?.call("wamp.session.count")).toBe(1);
  await reload([one]);
});

it("two nodes of one name are refused: the second one does not start", async () => {
  await expect(start("a")).rejects.toThrow('there is a node "a" already');
});

/**
 * A link of which `broken` is what one part of it does.
 * @param wanted a topic of which another node wants the events
 */
function linkOf(broken: Partial<RealmLink>, wanted?: string): Link {
  const link: RealmLink = {
    tell: () => Promise.resolve(),
    send: () => undefined,
    reaches: () => true,
    claim: () => Promise.resolve({ registration: 1, order: 1, isNew: true }),
    release: () => Promise.resolve(true),
    leave: () => undefined,
    ...broken,
  };
  const fact = { kind: "interest", match: "exact", uri: wanted, created: 1 };
  const sides: RealmSide[] = [];
  const join = (side: RealmSide): RealmLink => {
    sides.push(side);
    return link;
  };
  const routerLink = {
    announce: () => Promise.resolve(),
    spend: () => Promise.resolve(true),
    canAgree: () => Promise.resolve(true),
  };
  const running = { node: "a", secret: Buffer.alloc(16), join, attach: () => routerLink };
  const start = (): RunningLink => ({
    ...running,
    ready: () => {
      for (const side of wanted === undefined ? [] : sides) {
        side.came("b");
        side.told("b", fact, true);
      }
      return Promise.resolve();
    },
    close: () => Promise.reject(new Error("it does not end")),
  });
  return { type: "broken", schema: network.plugin.links?.[0]?.schema as Link["schema"], start };
}

const failing = (): never => {
  throw new Error("the link is broken");
};

it.each<[string, Partial<RealmLink>]>([
  ["tell", { tell: failing }],
  ["tell later", { tell: () => Promise.reject(new Error("the link is broken")) }],
  ["send", { send: failing }],
  ["claim", { claim: failing, release: failing }],
])("a link that fails to %s harms no session, and is logged", async (what, broken) => {
  const plugin = definePlugin({ name: "broken", core: "*", links: [linkOf(broken)] });
  const cluster = { type: "broken", node: "a" };
  const { router, log, close } = await startTestRouter({ plugins: [openMethod, plugin], auth: OPEN, cluster });
  const one = router.session("realm1", { role: "user" });
  const heard: unknown[] = [];
  await one.subscribe("com.example.topic", ([value]) => heard.push(value));
  await one.publish("com.example.topic", ["here"], {}, { exclude_me: false, retain: true });
  expect(heard).toEqual(["here"]);
  const registered = one.register("com.example.procedure", () => "here");
  if (what === "claim") await expect(registered).rejects.toMatchObject({ uri: "wamp.error.network_failure" });
  else {
    await registered;
    expect(await one.call("com.example.procedure")).toBe("here");
  }
  if (what !== "send") expect(log.text()).toContain("the link is broken");
  await close();
});

it.each<[string, Partial<RealmLink>, string | null]>([
  ["says nothing of it", {}, null],
  ["has it", { taken: () => Promise.resolve() }, null],
  ["may not have it", { taken: () => Promise.reject(new Error("the link is broken")) }, "wamp.error.network_failure"],
  ["cannot be asked", { taken: failing }, "wamp.error.network_failure"],
])(
  "an acknowledged event that another node wants is answered by whether the link has it: a link that %s",
  async (_what, broken, uri) => {
    const plugin = definePlugin({ name: "broken", core: "*", links: [linkOf(broken, "com.example.wanted")] });
    const cluster = { type: "broken", node: "a" };
    const { router, log, close } = await startTestRouter({ plugins: [openMethod, plugin], auth: OPEN, cluster });
    const one = router.session("realm1", { role: "user" });
    const publish = (topic: string): Promise<unknown> => one.publish(topic, [1], {}, { acknowledge: true });
    const published = publish("com.example.wanted");
    if (uri === null) await published;
    else await expect(published).rejects.toMatchObject({ uri });
    // What no other node wants asks nothing of the link.
    await publish("com.example.here");
    expect(log.text().includes("the link is broken")).toBe(uri !== null);
    await close();
  },
);
