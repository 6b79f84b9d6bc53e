import { once } from "node:events";
import { connect } from "node:net";
import { definePlugin, type PluginApi } from "@wampgate/core";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";

let api: PluginApi;
const reader = definePlugin({ name: "reader", core: "*", apply: (given) => void (api = given) });

let running: LimitedRouter;
afterEach(() => running.close());

async function start(entry: object = {}, options: object = {}): Promise<void> {
  running = await startLimited([transport(entry), transport({ path: "/other" })], { options, plugins: [reader] });
}

it("counts messages and bytes of each transport, and who is there, for a plugin to read", async () => {
  await start();
  const client = await connectRaw(running.url);
  expect(api.stats.transports).toEqual([
    {
      type: "websocket",
      url: running.url,
      traffic: { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 },
      pendingLogins: 1,
      sessions: 0,
    },
    expect.objectContaining({ url: expect.stringMatching(/\/other$/) as string, pendingLogins: 0, sessions: 0 }),
  ]);
  let sent = 0;
  client.socket.on("message", (data: Buffer) => (sent += data.length));
  client.send(...HELLO);
  await client.welcomed();
  client.send(32, 1, {}, "com.a");
  await client.next();
  const received = JSON.stringify(HELLO).length + JSON.stringify([32, 1, {}, "com.a"]).length;
  const [used, unused] = api.stats.transports;
  expect(used).toMatchObject({
    traffic: { messagesReceived: 2, messagesSent: 2, bytesReceived: received, bytesSent: sent },
    pendingLogins: 0,
    sessions: 1,
  });
  expect(unused?.traffic.messagesReceived).toBe(0);
  expect(running.router.stats).toBe(api.stats);
  const left = new Promise<void>((resolve) => client.socket.once("close", () => resolve()));
  client.send(6, {}, "wamp.close.close_realm");
  await left;
  expect(api.stats.transports[0]).toMatchObject({ pendingLogins: 0, sessions: 0 });
});

it("counts sessions of this process", async () => {
  await start();
  const session = running.router.session("realm1", { role: "user" });
  expect(api.stats.localSessions).toBe(1);
  session.leave();
  expect(api.stats.localSessions).toBe(0);
});

it("counts a limit of a session, tells who hit it, and logs a flood of it once", async () => {
  await start({}, { "max-subscriptions": 1 });
  expect(running.count("max-subscriptions")).toBe(0);
  const client = await connectRaw(running.url);
  client.send(...HELLO);
  const { session } = await client.welcomed();
  for (const [i, topic] of ["com.a", "com.b", "com.c"].entries()) client.send(32, i + 1, {}, topic);
  for (let i = 0; i < 3; i++) await client.next();
  expect(running.count("max-subscriptions")).toBe(2);
  const hit = { limit: "max-subscriptions", message: "a session may hold 1 subscriptions at most" };
  expect(running.hits).toHaveLength(2);
  expect(running.hits[0]).toMatchObject({
    ...hit,
    peer: expect.stringMatching(/^tcp4:/) as string,
    session: { session },
  });
  const lines = running.log.lines.filter(({ fields }) => fields["limit"] === "max-subscriptions");
  expect(lines).toMatchObject([{ level: "warn", message: hit.message, fields: { session, realm: "realm1", hits: 1 } }]);
  client.close();
});

it("counts a limit that an embedded session hits", async () => {
  await start({}, { "max-registrations": 0 });
  const session = running.router.session("realm1", { role: "user", authid: "me" });
  await expect(session.register("com.a", () => null)).rejects.toThrow("0 registrations at most");
  expect(running.hits).toMatchObject([{ limit: "max-registrations", peer: "process", session: { authid: "me" } }]);
});

it.each([
  ["max-message-size", { "max-message-size": 1024 }, "x".repeat(2000)],
  ["auth-timeout", { "auth-timeout": 50 }, null],
])("counts %s, of a connection that has not logged in", async (key, options, frame) => {
  await start(options);
  const client = await connectRaw(running.url);
  if (frame !== null) client.sendFrame(frame);
  await client.closed;
  expect(running.count(key)).toBe(1);
  expect(running.hits).toMatchObject([{ limit: key, session: null }]);
});

it("counts a RawSocket's message that is too long", async () => {
  running = await startLimited([transport({ "max-message-size": 512 }, "rawsocket")]);
  const socket = connect(Number(new URL(running.url).port), "127.0.0.1");
  socket.write(Buffer.of(0x7f, 0xf1, 0, 0, 0, 0, 4, 0));
  socket.resume();
  await once(socket, "close");
  expect(running.count("max-message-size")).toBe(1);
});

it("counts a client that answers no PING", async () => {
  await start({ "ping-interval": 50 });
  const deaf = await connectRaw(running.url);
  deaf.socket.pause();
  await once(running.told, "ping-interval");
  deaf.socket.terminate();
  await once(deaf.socket, "close");
  expect(running.count("ping-interval")).toBe(1);
});

it("counts the events that a client misses since it does not read, and its end", async () => {
  await start({ "ping-interval": 0, "max-buffered": 1024, "send-timeout": 200 });
  const flooded = await connectRaw(running.url);
  flooded.send(...HELLO);
  await flooded.welcomed();
  flooded.send(32, 1, {}, "com.a");
  await flooded.next();
  flooded.socket.pause();
  const told = once(running.told, "send-timeout");
  const events = Array.from({ length: 12 }, (_, i) => [
    16,
    i + 1,
    { exclude_me: false },
    "com.a",
    ["x".repeat(2_000_000)],
  ]);
  for (const event of events) flooded.send(...(event as [number]));
  await told;
  expect(running.count("max-buffered")).toBeGreaterThan(0);
  expect(running.count("send-timeout")).toBe(1);
  for (const limit of ["max-buffered", "send-timeout"])
    expect(running.hits.find((hit) => hit.limit === limit)).toMatchObject({ limit, session: { realm: "realm1" } });
});

it("counts max-depth, and ends the session that sent what nests deeper", async () => {
  await start({ "max-depth": 8 });
  const client = await connectRaw(running.url);
  client.send(...HELLO);
  await client.welcomed();
  client.send(16, 1, { acknowledge: true }, "com.a", nested(8));
  await client.next();
  client.send(16, 2, {}, "com.a", nested(9));
  await client.closed;
  expect(running.hits).toMatchObject([{ limit: "max-depth", session: { realm: "realm1" } }]);
});

it("counts max-values, and ends the session that sent more of them in one message", async () => {
  await start({ "max-values": 100 });
  const client = await connectRaw(running.url);
  client.send(...HELLO);
  await client.welcomed();
  // The message's own elements and the option are six.
  client.send(16, 1, { acknowledge: true }, "com.a", Array(94).fill(0));
  await client.next();
  client.send(16, 2, { acknowledge: true }, "com.a", Array(95).fill(0));
  expect(await client.next()).toMatchObject([
    3,
    { message: "the message holds more than 100 values (max-values)" },
    "wamp.error.protocol_violation",
  ]);
  await client.closed;
  expect(running.hits).toMatchObject([{ limit: "max-values", session: { realm: "realm1" } }]);
});

it("counts the values of a HELLO too, before anybody has logged in", async () => {
  await start({ "max-values": 100 });
  const client = await connectRaw(running.url);
  client.send(1, "realm1", { roles: { caller: {} }, authextra: { a: Array(100).fill({}) } });
  await client.closed;
  expect(running.hits).toMatchObject([{ limit: "max-values", session: null }]);
});

/** Arguments that are so many levels deep, themselves among them. */
function nested(levels: number): unknown[] {
  return levels === 1 ? [] : [nested(levels - 1)];
}
