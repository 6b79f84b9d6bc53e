import type { Connection } from "../../contract/connection.ts";
import type { Log } from "../../contract/log.ts";
import { entrySettings } from "../../config/core-schema.ts";
import { createRouterHooks } from "../../hooks/router-hooks.ts";
import { ConnectionLimiter } from "../../limits/connection-limiter.ts";
import { json } from "../../serializers/json/codec.ts";
import { msgpack } from "../../serializers/msgpack/codec.ts";
import type { Message } from "../../wamp/messages.ts";
import { isMemoryEntry, memory, type MemoryClient, type MemoryEntry } from "./memory.ts";

const hello: Message = { type: "HELLO", realm: "realm1", details: {} };
const helloText = '[1,"realm1",{}]';
const quiet = (): void => undefined;
const limits = entrySettings.parse({});
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const context = {
  serializers: new Map([json, msgpack].map((serializer) => [serializer.name, serializer])),
  folder: ".",
  log,
  report: quiet,
  hooks: createRouterHooks({ frozen: false }, log),
  waiting: { grew: quiet },
  get endpoint(): never {
    throw new Error("memory has no endpoint");
  },
};

/** A listener whose router sends every message back, and what that router got. */
async function echo(name = "default"): Promise<{ listener: MemoryEntry; told: string[]; peers: Connection[] }> {
  const told: string[] = [];
  const peers: Connection[] = [];
  const accept = (connection: Connection) => {
    peers.push(connection);
    return {
      message: (message: Message) => {
        told.push(message.type);
        connection.send(message);
      },
      violation: (error: Error) => void told.push(error.message),
      limited: (limit: string) => void told.push(limit),
      closed: () => void told.push("closed"),
    };
  };
  const ask = () => Promise.resolve();
  const entry = { options: { name }, limits, ask, ...new ConnectionLimiter({ now: limits }, quiet).entry(accept) };
  const listener = await memory.open(entry, context);
  if (!isMemoryEntry(listener)) throw new Error("not an entry in memory");
  return { listener, told, peers };
}

const frame = (client: MemoryClient) => new Promise((resolve) => (client.onframe = resolve));
const end = (client: MemoryClient) => new Promise<void>((resolve) => (client.onclose = resolve));

describe("the memory transport", () => {
  it("carries text for JSON and bytes for MessagePack, never in the same turn", async () => {
    const { listener, told } = await echo();
    const text = listener.connect();
    text.send(helloText);
    expect(told).toEqual([]);
    expect(await frame(text)).toBe(helloText);
    const binary = listener.connect({ protocol: "wamp.2.msgpack" });
    binary.send(msgpack.encode(hello));
    expect(msgpack.decode((await frame(binary)) as Uint8Array)).toEqual(hello);
    await listener.close();
  });

  it("keeps the order, and delivers what was sent before the end", async () => {
    const { listener, told } = await echo();
    const client = listener.connect({ protocol: "wamp.2.json.batched" });
    client.send(`${helloText}\x1e${helloText}\x1e`);
    client.send(helloText);
    client.close();
    expect(client.closed).toBe(true);
    await end(client);
    expect(told).toEqual(["HELLO", "HELLO", "a batch must end with the separator 0x1E", "closed"]);
  });

  it("treats a binary frame on JSON as a violation", async () => {
    const { listener, told } = await echo();
    const client = listener.connect();
    client.send(Buffer.from(helloText));
    client.close();
    await end(client);
    expect(told).toEqual(["a binary frame, but wamp.2.json was agreed", "closed"]);
  });

  it("tells the client when the router closes, after the last frame", async () => {
    const { listener, told, peers } = await echo();
    const client = listener.connect();
    const seen: unknown[] = [];
    client.onframe = (frame) => seen.push(frame);
    peers[0]?.send(hello);
    peers[0]?.close();
    await end(client);
    expect([seen, told, client.closed]).toEqual([[helloText], ["closed"], true]);
  });

  it("keeps messages that come while its session is paused", async () => {
    const { listener, told, peers } = await echo();
    const client = listener.connect();
    peers[0]?.pause();
    client.send(helloText);
    await new Promise(setImmediate);
    expect(told).toEqual([]);
    peers[0]?.resume();
    expect(told).toEqual(["HELLO"]);
    await listener.close();
  });

  it("gives an authenticator the same details as a socket would", async () => {
    const { listener, peers } = await echo();
    listener.connect({ protocol: "wamp.2.msgpack.batched", headers: { cookie: "a=1" } });
    expect(peers[0]?.details).toMatchObject({
      type: "memory",
      peer: "memory",
      protocol: "wamp.2.msgpack.batched",
      channel_type: "memory",
      channel_framing: "memory",
      channel_serializer: "msgpack",
      http_headers_received: { cookie: "a=1" },
    });
    await listener.close();
  });

  it("says what it does not have", async () => {
    const { listener } = await echo("inner");
    expect(listener.url()).toBe("memory:inner");
    expect(() => listener.connect({ protocol: "wamp.2.cbor" })).toThrow('does not speak "wamp.2.cbor"');
    expect(memory.conflicts?.([{ name: "a" }, { name: "a" }])).toMatchObject([{ index: 1 }]);
  });

  it("ends all clients when it closes, and takes no more", async () => {
    const { listener, told } = await echo();
    const client = listener.connect();
    await listener.close();
    expect([client.closed, told]).toEqual([true, ["closed"]]);
    expect(() => listener.connect()).toThrow("has stopped");
  });
});
