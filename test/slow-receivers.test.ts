import { Code } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { once } from "node:events";
import { connect } from "node:net";
import type { WebSocket } from "ws";
import { AUTHENTICATOR, dynamicBlock } from "./support/dynamic.ts";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { Party } from "./support/party.ts";
import { connectRaw } from "./support/raw-client.ts";

// Whoever sends decides nothing about whoever receives: a session that reads slowly loses what is sent to it while too
// much waits, and nothing else. It is disconnected only when it takes nothing at all.

const MAX_BUFFERED = 64 * 1024;
const LARGE = "x".repeat(256 * 1024);

type Reader = Party & { readonly socket: WebSocket };

let running: LimitedRouter;
afterEach(() => running.close());

async function start(options: object = {}, { type = "websocket", top = {} } = {}): Promise<void> {
  running = await startLimited([transport({ "max-buffered": MAX_BUFFERED, ...options }, type)], { top });
}

async function join(): Promise<Reader> {
  const client = await connectRaw(running.url);
  const roles = {
    caller: { features: { progressive_call_results: true } },
    callee: { features: { progressive_call_results: true } },
    publisher: {},
    subscriber: {},
  };
  client.hello({ authmethods: ["anonymous"], roles });
  return Object.assign(new Party(client, await client.welcomed()), { socket: client.socket });
}

/** Calls until the callee is too busy. @returns how many calls it was sent */
async function callUntilBusy(caller: Party, procedure: string): Promise<number> {
  for (let sent = 0; ; sent++) {
    caller.call(procedure, {}, [LARGE]);
    // What the router has answered by now it has answered before this.
    const request = caller.call("wamp.session.count");
    const [code, ...fields] = await caller.client.next();
    if (code === Code.RESULT) {
      expect(fields[0]).toBe(request);
      continue;
    }
    expect([code, fields[3]]).toEqual([Code.ERROR, "wampgate.error.receiver_busy"]);
    await caller.next(Code.RESULT);
    return sent;
  }
}

describe("a callee that reads slowly", () => {
  it("is sent no more calls while too much waits for it: their callers get an ERROR, and it stays", async () => {
    await start();
    const [callee, caller] = [await join(), await join()];
    await callee.register("com.example.procedure");
    callee.socket.pause();
    const sent = await callUntilBusy(caller, "com.example.procedure");
    expect(running.count("max-buffered")).toBe(1);
    callee.socket.resume();
    for (let i = 0; i < sent; i++) {
      callee.yield((await callee.invocation()).id, {}, ["done"]);
      expect((await caller.next(Code.RESULT))[2]).toEqual(["done"]);
    }
    caller.call("com.example.procedure");
    callee.yield((await callee.invocation()).id);
    await caller.next(Code.RESULT);
    expect(running.count("send-timeout")).toBe(0);
  });

  it("is passed over by a shared registration", async () => {
    await start();
    const [slow, quick, caller] = [await join(), await join(), await join()];
    await slow.register("com.example.own");
    for (const party of [slow, quick]) await party.register("com.example.shared", { invoke: "first" });
    slow.socket.pause();
    await callUntilBusy(caller, "com.example.own");
    caller.call("com.example.shared");
    quick.yield((await quick.invocation()).id);
    await caller.next(Code.RESULT);
  });
});

it("a subscriber that reads slowly misses events while too much waits for it; the others get all, and it stays", async () => {
  await start();
  const [slow, quick, publisher] = [await join(), await join(), await join()];
  for (const party of [slow, quick]) await party.subscribe("com.example.topic");
  slow.socket.pause();
  let published = 0;
  while ((running.count("max-buffered") ?? 0) < 3) {
    await publisher.publish("com.example.topic", {}, [published, LARGE]);
    expect((await quick.event()).args).toEqual([published, LARGE]);
    published++;
  }
  slow.socket.resume();
  for (let i = 0; i < published - 3; i++) expect((await slow.event()).args).toEqual([i, LARGE]);
  await publisher.publish("com.example.topic", {}, ["again"]);
  expect((await slow.event()).args).toEqual(["again"]);
});

it("a caller that reads slowly gets an ERROR instead of a result, and the call ends", async () => {
  await start();
  const [callee, caller] = [await join(), await join()];
  await callee.register("com.example.procedure");
  caller.socket.pause();
  let calls = 0;
  while (running.count("max-buffered") === 0) {
    caller.call("com.example.procedure");
    calls++;
    callee.yield((await callee.invocation()).id, {}, [LARGE]);
    await callee.hearsNothing();
  }
  caller.socket.resume();
  for (let i = 1; i < calls; i++) await caller.next(Code.RESULT);
  expect(await caller.error()).toMatchObject({ request: calls, uri: "wampgate.error.receiver_busy" });
});

it("a client that asks and does not read is read no further until it reads, and then gets every answer", async () => {
  await start();
  const [greedy, other] = [await join(), await join()];
  for (let i = 0; i < 200; i++) await greedy.subscribe(`com.example.${i}`);
  const CALLS = 20_000;
  greedy.socket.pause();
  for (let i = 0; i < CALLS; i++) greedy.call("wamp.subscription.list");
  const received = (): number => running.router.stats.transports[0]?.traffic.messagesReceived ?? 0;
  /** Until only the other is heard. */
  let [before, quiet] = [-1, 0];
  for (; quiet < 20; await other.ask("wamp.session.count")) {
    quiet = received() === before + 1 ? quiet + 1 : 0;
    before = received();
  }
  expect(before).toBeLessThan(CALLS);
  greedy.socket.resume();
  for (let i = 0; i < CALLS; i++) await greedy.next(Code.RESULT);
}, 30_000);

it("a client that takes none of what waits for it in send-timeout is disconnected, and the log says why", async () => {
  await start({ "send-timeout": 200 });
  const [callee, caller] = [await join(), await join()];
  await callee.register("com.example.procedure");
  callee.socket.pause();
  const told = once(running.told, "send-timeout");
  await callUntilBusy(caller, "com.example.procedure");
  await told;
  const [hit, ...more] = running.hits.filter(({ limit }) => limit === "send-timeout");
  expect(hit?.message).toMatch(/took none of the \d+ bytes that wait for it/);
  expect(hit?.session?.session).toBe(callee.id);
  expect(more).toEqual([]);
});

it("the router's own calls are refused last: a slow authenticator still decides logins", async () => {
  const auth = {
    anonymous: { type: "static", role: "user" },
    ticket: [
      { type: "static", principals: { backend: { ticket: "t", role: "authenticator" } } },
      { ...dynamicBlock, "authenticator-realm": "realm1" },
    ],
  };
  const permissions = [{ uri: "com.example.", match: "prefix", allow: { register: true } }];
  running = await startLimited([transport({ "max-buffered": 4 * LARGE.length, auth })], {
    roles: [
      { name: "authenticator", permissions: [...permissions, { uri: AUTHENTICATOR, allow: { register: true } }] },
    ],
  });
  const caller = await join();
  const client = await connectRaw(running.url);
  const authenticator = new Party(client, await loggedIn(client, "backend"));
  await authenticator.register(AUTHENTICATOR);
  await authenticator.register("com.example.other");
  client.socket.pause();
  const sent = await callUntilBusy(caller, "com.example.other");
  const newcomer = await connectRaw(running.url);
  const login = loggedIn(newcomer, "joe");
  // The newcomer's AUTHENTICATE is read by now, and the authenticator is called.
  caller.call("com.example.other");
  expect((await caller.error()).uri).toBe("wampgate.error.receiver_busy");
  client.socket.resume();
  for (let i = 0; i < sent; i++) authenticator.yield((await authenticator.invocation()).id);
  authenticator.yield((await authenticator.invocation()).id, {}, ["user"]);
  expect(await login).toMatchObject({ authid: "joe", authrole: "user" });
});

/** Logs in by ticket. @returns details of WELCOME */
async function loggedIn(client: FakeClient, authid: string): ReturnType<FakeClient["welcomed"]> {
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("t");
  return client.welcomed();
}

describe("max-buffered-total", () => {
  it("ends the client for which the most waits, before what waits for all fills the memory, and no other", async () => {
    await start({ "max-buffered": 1e9, "ping-interval": 0 }, { top: { "max-buffered-total": 32 * 1024 * 1024 } });
    const [slow, slower, publisher] = [await join(), await join(), await join()];
    await slow.subscribe("com.some");
    for (const topic of ["com.some", "com.all"]) await slower.subscribe(topic);
    slow.socket.pause();
    slower.socket.pause();
    const ended = once(slower.socket, "close");
    let sent = 0;
    for (; running.count("max-buffered-total") === 0; sent++) {
      const topic = sent % 4 === 0 ? "com.some" : "com.all";
      await publisher.publish(topic, {}, [LARGE]);
    }
    expect(running.count("max-buffered-total")).toBe(1);
    expect(sent).toBeGreaterThan(100); // 32 MiB by 256 KiB, for one or for both
    slower.socket.resume();
    await ended;
    slow.socket.resume();
    for (let i = 0; i < sent; i += 4) await slow.event();
  });

  it("counts clients of RawSocket, too", async () => {
    await start({ "max-buffered": 1e9 }, { type: "rawsocket", top: { "max-buffered-total": 1024 * 1024 } });
    const publisher = running.router.session("realm1", { role: "user" });
    const socket = connect(Number(new URL(running.url).port), "127.0.0.1");
    const handshake = Buffer.of(0x7f, 0xf1, 0, 0);
    const frames = [HELLO, [Code.SUBSCRIBE, 1, {}, "com.all"]].map((message) => {
      const text = JSON.stringify(message);
      return Buffer.concat([Buffer.of(0, 0, 0, text.length), Buffer.from(text)]);
    });
    for (const bytes of [handshake, ...frames]) {
      socket.write(bytes);
      await once(socket, "data");
    }
    socket.pause();
    const ended = once(socket, "close");
    for (let sent = 0; running.count("max-buffered-total") === 0 && sent < 200; sent++)
      await publisher.publish("com.all", [LARGE], {}, { acknowledge: true });
    socket.resume();
    await ended;
    expect(running.hits).toMatchObject([{ limit: "max-buffered-total", session: { realm: "realm1" } }]);
  });
});
