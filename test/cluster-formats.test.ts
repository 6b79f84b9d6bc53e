import { MemoryCarriers } from "@wampgate/cluster";
import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { decode as fromCbor, encode as toCbor } from "cborg";
import { type Parties, startParties } from "./support/party.ts";
import { decode as fromMsgpack, encode as toMsgpack } from "./support/msgpack.ts";

// Payloads cross from node to node as the bytes that came, whatever the formats of the clients there.

const TOPIC = "com.example.topic";
const ECHO = "com.example.echo";

const FORMATS = {
  json: {
    write: JSON.stringify as (value: unknown) => string,
    read: (frame: unknown) => JSON.parse(String(frame)) as unknown,
  },
  msgpack: { write: toMsgpack, read: (frame: unknown) => fromMsgpack(frame as Uint8Array) },
  cbor: {
    write: (value: unknown) => toCbor(value),
    read: (frame: unknown) => fromCbor(frame as Uint8Array) as unknown,
  },
};
type Format = keyof typeof FORMATS;

const links: { close(): void }[] = [];
const nodes: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  for (const node of nodes.splice(0)) await node.close();
});

/** A client that speaks a format. */
async function joined({ router }: TestRouter, format: Format) {
  const { write, read } = FORMATS[format];
  const link = router.connect({ protocol: `wamp.2.${format}` });
  links.push(link);
  const come: unknown[][] = [];
  let waiting = (): void => undefined;
  link.onframe = (frame) => {
    come.push(read(frame) as unknown[]);
    waiting();
  };
  const send = (...message: unknown[]): void => link.send(write(message));
  const next = async (code: number): Promise<unknown[]> => {
    if (come.length === 0) await new Promise<void>((resolve) => (waiting = resolve));
    const message = come.shift() as unknown[];
    expect(message[0]).toBe(code);
    return message;
  };
  send(Code.HELLO, "realm1", { roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } });
  await next(Code.WELCOME);
  return { format, send, next };
}

async function startCluster(): Promise<TestRouter[]> {
  const { default: anonymous } = await import("@wampgate/auth-anonymous");
  const network = new MemoryCarriers();
  const routers: TestRouter[] = [];
  for (const node of ["a", "b", "c"]) {
    const router = await startTestRouter({
      plugins: [anonymous, network.plugin],
      auth: { anonymous: { type: "static", role: "user" } },
      cluster: network.entry(node),
    });
    nodes.push(router);
    routers.push(router);
  }
  return routers;
}

/** What a client of a format says for these bytes. */
const binary = (format: Format): unknown => (format === "json" ? "\0AQL/" : Uint8Array.of(1, 2, 255));
/** With lists for bytes, whichever class they have. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array || Array.isArray(value)) return Array.from(value as Iterable<unknown>, plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

it("clients of JSON, MessagePack and CBOR on three nodes understand each other, with binary and integers of 53 bits", async () => {
  const routers = await startCluster();
  const formats = Object.keys(FORMATS) as Format[];
  const clients = await Promise.all(formats.map((format, i) => joined(routers[i] as TestRouter, format)));
  for (const client of clients) {
    client.send(Code.SUBSCRIBE, 1, {}, TOPIC);
    await client.next(Code.SUBSCRIBED);
  }
  const valuesOf = (format: Format): unknown[] => [
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    1.5,
    "ä€😀",
    null,
    { list: [true] },
    binary(format),
  ];
  for (const publisher of clients) {
    publisher.send(Code.PUBLISH, 2, {}, TOPIC, valuesOf(publisher.format), { text: "kwargs" });
    for (const receiver of clients) {
      if (receiver === publisher) continue;
      const [, , , , args, kwargs] = await receiver.next(Code.EVENT);
      expect(plain(args)).toEqual(plain(valuesOf(receiver.format)));
      expect(kwargs).toEqual({ text: "kwargs" });
    }
  }
  const [callee, ...callers] = clients as [(typeof clients)[0], ...typeof clients];
  callee.send(Code.REGISTER, 3, {}, ECHO);
  await callee.next(Code.REGISTERED);
  for (const caller of callers) {
    caller.send(Code.CALL, 3, {}, ECHO, valuesOf(caller.format));
    const [, invocation, , , args] = await callee.next(Code.INVOCATION);
    expect(plain(args)).toEqual(plain(valuesOf(callee.format)));
    callee.send(Code.YIELD, invocation, {}, args);
    expect(plain((await caller.next(Code.RESULT))[3])).toEqual(plain(valuesOf(caller.format)));
  }
});

it("a payload of 10 MiB crosses there and back, in parts", async () => {
  const [a, b] = await startCluster();
  const [caller, callee] = [(a as TestRouter).connect(), (b as TestRouter).connect()];
  for (const client of [caller, callee]) {
    client.hello();
    await client.welcomed();
  }
  callee.send(Code.REGISTER, 1, {}, ECHO);
  await callee.expect(Code.REGISTERED);
  const text = "0123456789abcdef".repeat((10 * 1024 * 1024) / 16);
  caller.send(Code.CALL, 1, {}, ECHO, [text]);
  const [, invocation, , , args] = await callee.expect(Code.INVOCATION);
  expect((args as [string])[0] === text).toBe(true);
  callee.send(Code.YIELD, invocation, {}, args);
  expect(((await caller.expect(Code.RESULT))[3] as [string])[0] === text).toBe(true);
}, 30_000);

it("a call finds the best of exact, prefix and wildcard, wherever each is registered", async () => {
  const network = new MemoryCarriers();
  const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
  const routers: Parties[] = [];
  for (const name of ["a", "b", "c"]) routers.push(await startParties(realms, undefined, { network, name }));
  nodes.push(...routers);
  const [a, b, c] = routers as [Parties, Parties, Parties];
  const callees = { exact: await a.join(), prefix: await b.join(), wildcard: await c.join() };
  await callees.wildcard.register("com..best", { match: "wildcard" });
  await callees.prefix.register("com.example", { match: "prefix" });
  await callees.exact.register("com.example.best");
  for (const router of routers) {
    const caller = await router.join();
    for (const [procedure, callee] of [
      ["com.example.best", callees.exact],
      ["com.example.other", callees.prefix],
      ["com.another.best", callees.wildcard],
    ] as const) {
      caller.call(procedure);
      callee.yield((await callee.invocation()).id);
      await caller.next(Code.RESULT);
    }
  }
});
