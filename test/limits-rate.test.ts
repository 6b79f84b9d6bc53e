import { once } from "node:events";
import { jest } from "@jest/globals";
import { WebSocket } from "ws";
import { Code } from "@wampgate/core";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";

jest.setTimeout(20_000); // each takes a second or two by itself

let running: LimitedRouter;
afterEach(() => running.close());

async function join(): Promise<Awaited<ReturnType<typeof connectRaw>>> {
  const client = await connectRaw(running.url);
  client.send(...HELLO);
  await client.welcomed();
  return client;
}

const subscribe = (request: number): [number, ...unknown[]] => [32, request, {}, `com.topic${request}`];

it("what a client sends too fast is slowed, answered in order, and none of it lost; the others do not notice", async () => {
  running = await startLimited([transport({ "max-messages-per-second": 100 }), transport({ path: "/free" })]);
  const [fast, slow] = [await join(), await join()];
  const slowed = once(running.told, "max-messages-per-second");
  for (let i = 1; i <= 300; i++) fast.send(...subscribe(i));
  await slowed;
  slow.send(...subscribe(1));
  expect((await slow.next()).slice(0, 2)).toEqual([33, 1]);
  const answered = running.router.stats.transports[0]?.traffic.messagesReceived ?? Infinity;
  expect(answered).toBeLessThan(300);
  for (let i = 1; i <= 300; i++) expect((await fast.next()).slice(0, 2)).toEqual([33, i]);
  expect(running.count("max-messages-per-second")).toBe(1);
  expect(running.hits[0]).toMatchObject({ session: { realm: "realm1" } });
  for (const client of [fast, slow]) client.close();
});

it("a batch is read message by message", async () => {
  running = await startLimited([transport({ "max-messages-per-second": 200 })]);
  const socket = new WebSocket(running.url, "wamp.2.json.batched");
  const frames: string[] = [];
  socket.on("message", (data: Buffer) => void frames.push(data.toString()));
  await once(socket, "open");
  const send = (...messages: readonly unknown[]): void =>
    socket.send(messages.map((message) => `${JSON.stringify(message)}\x1e`).join(""));
  send(HELLO);
  await once(socket, "message");
  send(...Array.from({ length: 400 }, (_, i) => subscribe(i + 1)));
  await once(running.told, "max-messages-per-second");
  expect(running.router.stats.transports[0]?.traffic.messagesReceived).toBeLessThan(400);
  while (!frames.join("").includes("[33,400,")) await once(socket, "message");
  socket.terminate();
});

it("a client that leaves while it is slowed leaves nothing behind", async () => {
  running = await startLimited([transport({ "max-messages-per-second": 10 })]);
  const client = await join();
  for (let i = 1; i <= 50; i++) client.send(...subscribe(i));
  await once(running.told, "max-messages-per-second");
  const left = once(running.told, "left");
  client.send(Code.GOODBYE, {}, "wamp.close.close_realm");
  client.socket.terminate();
  await left;
  expect(running.router.stats.transports[0]).toMatchObject({ pendingLogins: 0, sessions: 0 });
});

it("a client that is slowed is not taken for one that answers no PING", async () => {
  running = await startLimited([transport({ "max-messages-per-second": 20, "ping-interval": 50 })]);
  const client = await join();
  for (let i = 1; i <= 60; i++) client.send(...subscribe(i));
  for (let i = 1; i <= 60; i++) expect((await client.next()).slice(0, 2)).toEqual([33, i]);
  expect(running.count("ping-interval")).toBe(0);
  client.close();
});
