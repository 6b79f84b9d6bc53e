import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { Code } from "@wampgate/core";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { eventually } from "./support/load.ts";
import { connectRaw } from "./support/raw-client.ts";

let running: LimitedRouter;
afterEach(() => running.close());

async function join(): Promise<Awaited<ReturnType<typeof connectRaw>>> {
  const client = await connectRaw(running.url);
  client.send(...HELLO);
  await client.welcomed();
  return client;
}

/** A client knows that its connection is closed before the router does. */
function noneIsPending(): Promise<void> {
  return eventually(() => Promise.resolve(running.router.stats.transports[0]?.pendingLogins === 0));
}

/** How the router refuses a WebSocket. */
async function refusal(): Promise<{ status: number | undefined; retryAfter: string | undefined; text: string }> {
  const socket = new WebSocket(running.url, "wamp.2.json");
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  const chunks = (await response.toArray()) as Buffer[];
  return {
    status: response.statusCode,
    retryAfter: response.headers["retry-after"],
    text: Buffer.concat(chunks).toString(),
  };
}

function socketTo(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  return once(socket, "connect").then(() => socket);
}

it("max-connections: one too many gets HTTP 503 and when to come again, and a place that is left is free", async () => {
  running = await startLimited([transport({ "max-connections": 2 })]);
  const [first] = [await join(), await connectRaw(running.url)];
  expect(await refusal()).toEqual({
    status: 503,
    retryAfter: "5",
    text: "this transport has no room for more connections; try again later\n",
  });
  expect(running.count("max-connections")).toBe(1);
  expect(running.hits).toMatchObject([{ peer: expect.stringMatching(/^tcp4:127/) as string, session: null }]);
  first.send(Code.GOODBYE, {}, "wamp.close.close_realm");
  await first.closed;
  await join();
});

it("max-half-open: clients that do not log in keep no one else out for longer than they are there", async () => {
  running = await startLimited([transport({ "max-half-open": 1 })]);
  await join();
  await join();
  const silent = await connectRaw(running.url);
  expect((await refusal()).text).toContain("too many logins are pending on this transport");
  silent.send(...HELLO);
  await silent.welcomed();
  const left = await connectRaw(running.url);
  left.socket.terminate();
  await noneIsPending();
  await expect(join()).resolves.toBeDefined();
  expect(running.count("max-half-open")).toBe(1);
});

it("max-half-open-per-address holds an address back, and none of the others", async () => {
  running = await startLimited([
    transport({ "max-half-open-per-address": 1, endpoint: { type: "tcp", host: "0.0.0.0", port: 0 } }),
  ]);
  await connectRaw(`ws://127.0.0.1:${new URL(running.url).port}/ws`);
  const other = new WebSocket(`ws://127.0.0.1:${new URL(running.url).port}/ws`, "wamp.2.json", {
    localAddress: "127.0.0.2",
  });
  await once(other, "open");
  const [error] = (await once(
    new WebSocket(`ws://127.0.0.1:${new URL(running.url).port}/ws`, "wamp.2.json"),
    "error",
  )) as [Error];
  expect(error.message).toContain("503");
  expect(running.count("max-half-open-per-address")).toBe(1);
  other.terminate();
});

it("1000 half-open logins from one address pass at a limit of 1000, and no more", async () => {
  running = await startLimited([transport({ "max-half-open-per-address": 1000 })]);
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const socket = new WebSocket(running.url, "wamp.2.json");
      await once(socket, "open");
      return socket;
    }),
  );
  expect(running.router.stats.transports[0]).toMatchObject({ pendingLogins: 1000, sessions: 0 });
  expect((await refusal()).status).toBe(503);
  expect(running.count("max-half-open-per-address")).toBe(1);
  await Promise.all(
    sockets.map((socket) => {
      socket.terminate();
      return once(socket, "close");
    }),
  );
  await noneIsPending();
  await join();
}, 30_000);

it("RawSocket says «maximum connection count reached», and closes", async () => {
  running = await startLimited([transport({ "max-connections": 1 }, "rawsocket")]);
  const hello = Uint8Array.of(0x7f, 0xf1, 0, 0);
  const [first, second] = [await socketTo(running.url), await socketTo(running.url)];
  first.write(hello);
  expect(await once(first, "data")).toEqual([Buffer.of(0x7f, 0xf1, 0, 0)]);
  second.write(hello);
  expect(await once(second, "data")).toEqual([Buffer.of(0x7f, 0x40, 0, 0)]);
  await once(second, "close");
  expect(running.count("max-connections")).toBe(1);
  first.destroy();
});

it("a transport that does not ask first is refused by ABORT", async () => {
  running = await startLimited([
    { type: "memory", auth: { anonymous: { type: "static", role: "user" } }, "max-connections": 1 },
  ]);
  const heard = (client: ReturnType<LimitedRouter["router"]["connect"]>) =>
    new Promise((resolve) => (client.onframe = (frame) => resolve(JSON.parse(String(frame)))));
  const first = running.router.connect();
  const second = running.router.connect();
  const closed = new Promise<void>((resolve) => (second.onclose = resolve));
  expect(await heard(second)).toEqual([
    Code.ABORT,
    { message: "this transport has no room for more connections; try again later" },
    "wampgate.error.limit_exceeded",
  ]);
  await closed;
  expect(running.router.stats.transports[0]).toMatchObject({ pendingLogins: 1, sessions: 0 });
  first.close();
});

describe("sockets that say nothing", () => {
  it.each(["websocket", "rawsocket"])(
    "on %s count as logins under way: one too many is closed at once",
    async (type) => {
      running = await startLimited([transport({ "max-half-open": 2 }, type)]);
      const silent = [await socketTo(running.url), await socketTo(running.url)];
      const third = await socketTo(running.url);
      third.resume();
      await once(third, "close");
      expect(running.count("max-half-open")).toBe(1);
      const [one, other] = silent as [Socket, Socket];
      one.destroy();
      await once(one, "close");
      if (type === "websocket") await join();
      other.destroy();
    },
  );

  it("hold back no request of another address", async () => {
    running = await startLimited([
      transport({ "max-half-open-per-address": 1, endpoint: { type: "tcp", host: "0.0.0.0", port: 0 } }),
    ]);
    const silent = await socketTo(running.url);
    const url = `http://127.0.0.1:${new URL(running.url).port}/healthz`;
    const [response] = (await once(get(url, { localAddress: "127.0.0.2" }), "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    silent.destroy();
  });
});
