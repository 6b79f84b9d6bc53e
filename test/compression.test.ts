import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { constants, deflateRawSync } from "node:zlib";
import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { type ClientOptions, WebSocket } from "ws";
import { makeTls } from "./support/certificate.ts";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { Party } from "./support/party.ts";
import { connectRaw, type RawClient } from "./support/raw-client.ts";

// permessage-deflate (RFC 7692), where the config has `compression`.

// zlib on both sides, on machines that may have other work.
jest.setTimeout(30_000);

const KiB = 1024;
const MiB = 1024 * KiB;
/** 100 KB that shrink to about a fifteenth. */
const LARGE = Array.from({ length: 2500 }, (_, i) => `{"sensor":"room ${i % 7}","value":${(i * i) % 101}}`).join();

/** A client that compresses what it sends, from this length on; HELLO is shorter. */
const COMPRESSING: ClientOptions = { perMessageDeflate: { threshold: 1024 } };
const PLAIN: ClientOptions = { perMessageDeflate: false };

type Joined = Party & { readonly socket: WebSocket };

let running: LimitedRouter;
afterEach(() => running.close());

async function start(options: object = { compression: {} }): Promise<void> {
  running = await startLimited([transport(options)]);
}

const connected = (options = COMPRESSING): Promise<RawClient> => connectRaw(running.url, "wamp.2.json", options);

async function join(options = COMPRESSING): Promise<Joined> {
  const client = await connected(options);
  client.hello({ authmethods: ["anonymous"] });
  return Object.assign(new Party(client, await client.welcomed()), { socket: client.socket });
}

function socketOf(client: { socket: WebSocket }): Socket {
  return (client.socket as unknown as { _socket: Socket })._socket;
}

/** A client's frame as ws would not send it. The mask is zero. */
function frame(payload: Buffer, { opcode = 1, isFinal = true, isCompressed = true } = {}): Buffer {
  const head = Buffer.alloc(14);
  head[0] = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

function compressed(text: string | Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

async function closed({ socket }: { socket: WebSocket }): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, String(reason)];
}

describe("whether messages are compressed", () => {
  it("only a router that has it configured agrees", async () => {
    await start({});
    expect((await connected()).socket.extensions).toBe("");
    await running.close();
    await start();
    expect((await connected()).socket.extensions).toBe("permessage-deflate");
    expect((await connected(PLAIN)).socket.extensions).toBe("");
  });

  it("browsers stay without: they would compress HELLO", async () => {
    await start();
    const { origin } = new URL(running.url.replace("ws:", "http:"));
    const browser = await connected({ ...COMPRESSING, origin });
    expect(browser.socket.extensions).toBe("");
    browser.hello({ authmethods: ["anonymous"] });
    await browser.welcomed();
  });

  it("an offer that the router cannot keep to is declined, and the client connects without", async () => {
    await start();
    for (const offer of ["permessage-deflate; server_max_window_bits=9", "permessage-deflate; nonsense=1", ";;=,"]) {
      const client = await connected({ ...PLAIN, headers: { "Sec-WebSocket-Extensions": offer } });
      client.hello({ authmethods: ["anonymous"] });
      await client.welcomed();
    }
  });
});

describe.each([
  ["TCP", false],
  ["TLS", true],
])("over %s", (_name, isSecure) => {
  it("logins, calls and events of 100 KB come whole, and take a fraction of the bytes", async () => {
    const tls = isSecure ? { tls: await makeTls() } : {};
    await start({ endpoint: { type: "tcp", host: "127.0.0.1", port: 0, ...tls }, compression: {} });
    const options = { ...COMPRESSING, rejectUnauthorized: false };
    const [callee, subscriber, caller] = [await join(options), await join(options), await join(options)];
    const plain = await join({ ...PLAIN, rejectUnauthorized: false });
    await callee.register("com.example.procedure");
    await subscriber.subscribe("com.example.topic");
    await plain.subscribe("com.example.topic");
    caller.call("com.example.procedure", {}, [LARGE]);
    const { id, args } = await callee.invocation();
    expect(args).toEqual([LARGE]);
    callee.yield(id, {}, [LARGE]);
    expect((await caller.next(Code.RESULT))[2]).toEqual([LARGE]);
    await caller.publish("com.example.topic", {}, [LARGE]);
    expect((await subscriber.event()).args).toEqual([LARGE]);
    expect((await plain.event()).args).toEqual([LARGE]);
    for (const client of [callee, caller]) {
      expect(socketOf(client).bytesRead).toBeLessThan(LARGE.length / 3);
      expect(socketOf(client).bytesWritten).toBeLessThan(LARGE.length / 3);
    }
    expect(socketOf(plain).bytesRead).toBeGreaterThan(LARGE.length);
    for (const client of [callee, subscriber, caller]) await client.leave();
  });
});

it("messages of all sizes keep their order", async () => {
  await start();
  const [subscriber, publisher] = [await join(), await join()];
  await subscriber.subscribe("com.example.topic");
  const payloads = Array.from({ length: 200 }, (_, i) => [i, "y".repeat((i * 7919) % 5000)]);
  for (const args of payloads) publisher.send(Code.PUBLISH, 1, {}, "com.example.topic", args);
  for (const args of payloads) expect((await subscriber.event()).args).toEqual(args);
});

it("all that was sent arrives before the closing frame", async () => {
  await start();
  const [subscriber, publisher] = [await join(), await join()];
  await subscriber.subscribe("com.example.topic");
  const end = closed(subscriber);
  await publisher.publish("com.example.topic", {}, [LARGE]);
  const stopped = running.router.close();
  expect((await subscriber.event()).args).toEqual([LARGE]);
  await subscriber.next(Code.GOODBYE);
  subscriber.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
  expect((await end)[0]).toBe(1000);
  await stopped;
});

it("a client that breaks the protocol is told so, after all that was sent", async () => {
  await start();
  const [client, publisher] = [await join(), await join()];
  await client.subscribe("com.example.topic");
  const end = closed(client);
  await publisher.publish("com.example.topic", {}, [LARGE]);
  client.send(Code.HELLO, "realm1", {});
  expect((await client.event()).args).toEqual([LARGE]);
  await client.next(Code.ABORT);
  const [code, reason] = await end;
  expect(code).toBe(1002);
  expect(reason).toMatch(/HELLO/);
});

it("batched subprotocols are compressed too", async () => {
  await start();
  const socket = new WebSocket(running.url, "wamp.2.json.batched", COMPRESSING);
  await once(socket, "open");
  expect(socket.extensions).toBe("permessage-deflate");
  const messages: unknown[][] = [];
  const arrived = new Promise<void>((resolve) =>
    socket.on("message", (data: Buffer) => {
      for (const text of String(data).split("\x18").slice(0, -1)) messages.push(JSON.parse(text) as unknown[]);
      const [first] = messages;
      if (messages.length === 1 && first?.[0] === Code.WELCOME) socket.send(batch);
      if (messages.length === 12) resolve();
    }),
  );
  const ten = Array.from({ length: 10 }, (_, i) => [Code.PUBLISH, i + 2, { exclude_me: false }, "com.a", [i, LARGE]]);
  const batch = [[Code.SUBSCRIBE, 1, {}, "com.a"], ...ten].map((message) => `${JSON.stringify(message)}\x18`).join("");
  socket.send(`${JSON.stringify(HELLO)}\x18`);
  await arrived;
  expect(messages.slice(2).map((message) => message[4])).toEqual(ten.map((message) => message[4]));
  expect((socket as unknown as { _socket: Socket })._socket.bytesRead).toBeLessThan(LARGE.length);
  socket.terminate();
});

describe("before WELCOME", () => {
  it("a compressed frame ends the connection with 1002, also one that is harmless", async () => {
    await start();
    const client = await connected();
    const end = closed(client);
    socketOf(client).write(frame(compressed(JSON.stringify(HELLO))));
    expect((await end)[0]).toBe(1002);
    expect(running.router.sessionCount.remote).toBe(0);
  });

  it("so does one that follows HELLO at once, and a bomb costs nothing", async () => {
    await start();
    const client = await connected();
    const end = closed(client);
    const bomb = compressed(Buffer.alloc(16 * MiB));
    socketOf(client).write(
      Buffer.concat([frame(Buffer.from(JSON.stringify(HELLO)), { isCompressed: false }), frame(bomb)]),
    );
    expect((await end)[0]).toBe(1002);
  });
});

describe("a bomb", () => {
  it("that grows past max-ratio ends its session with 1009, and is counted", async () => {
    await start({ compression: { "max-ratio": 20 } });
    const [client, other] = [await join(), await join()];
    const end = closed(client);
    socketOf(client).write(frame(compressed(Buffer.alloc(MiB, "a"))));
    const [code, reason] = await end;
    expect(code).toBe(1009);
    expect(reason).toContain("20 times");
    expect(running.count("compression.max-ratio")).toBe(1);
    expect(running.hits[0]?.session?.session).toBe(client.id);
    await other.hearsNothing();
  });

  it("that grows past max-message-size is told so", async () => {
    await start({ compression: { "max-ratio": 1032 }, "max-message-size": 100 * KiB });
    const client = await join();
    const end = closed(client);
    socketOf(client).write(frame(compressed(Buffer.alloc(MiB, "a"))));
    expect((await end)[0]).toBe(1009);
    expect(running.count("max-message-size")).toBe(1);
  });

  it("in many fragments, and one that only says it is large, end alike", async () => {
    await start({ compression: {}, "max-message-size": 100 * KiB });
    const [slow, loud] = [await join(), await join()];
    const ends = Promise.all([closed(slow), closed(loud)]);
    socketOf(loud).write(frame(Buffer.alloc(MiB)).subarray(0, 14));
    const piece = randomBytes(10 * KiB);
    socketOf(slow).write(frame(piece, { isFinal: false }));
    for (let i = 0; i < 11; i++) socketOf(slow).write(frame(piece, { opcode: 0, isFinal: false, isCompressed: false }));
    expect((await ends).map(([code]) => code)).toEqual([1009, 1009]);
    expect(running.count("max-message-size")).toBe(2);
  });

  it("takes no more memory than max-ratio allows, however many come at once", async () => {
    await start({ compression: { "max-ratio": 10 }, "max-message-size": 512 * MiB });
    const clients = await Promise.all(Array.from({ length: 20 }, () => join()));
    const bomb = frame(compressed(Buffer.alloc(64 * MiB))); // 1280 MiB in all, 13 MiB by max-ratio
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    const ends = Promise.all(clients.map((client) => closed(client)));
    for (const client of clients) socketOf(client).write(bomb);
    expect(new Set((await ends).map(([code]) => code))).toEqual(new Set([1009]));
    clearInterval(watch);
    expect(most - before).toBeLessThan(200 * MiB);
  });

  it("that is no compressed data ends its session with 1007", async () => {
    await start();
    const client = await join();
    const end = closed(client);
    socketOf(client).write(frame(Buffer.from("this is not deflated")));
    expect((await end)[0]).toBe(1007);
    expect(running.log.text()).toMatch(/WebSocket: the client sent a compressed message that is none/);
  });

  it("is no message that repeats itself, if it is small", async () => {
    await start({ compression: { "max-ratio": 2 } });
    const client = await join();
    expect(await client.ask("wamp.session.count", [], {})).toBe(1);
    client.call("com.example.nobody", {}, ["a".repeat(60 * KiB)]);
    expect((await client.error()).uri).toBe("wamp.error.no_such_procedure");
  });
});

describe("a client that reads slowly", () => {
  /** It cannot be compressed. */
  const noise = (): string => randomBytes(192 * KiB).toString("base64");

  it("misses events while too much waits for it, what waits for its compression too", async () => {
    await start({ compression: {}, "max-buffered": 64 * KiB });
    const [slow, quick, publisher] = [await join(), await join(PLAIN), await join(PLAIN)];
    for (const party of [slow, quick]) await party.subscribe("com.example.topic");
    slow.socket.pause();
    const published: string[] = [];
    while ((running.count("max-buffered") ?? 0) < 3) {
      published.push(noise());
      await publisher.publish("com.example.topic", {}, [published.length, published.at(-1)]);
      expect((await quick.event()).args).toEqual([published.length, published.at(-1)]);
    }
    slow.socket.resume();
    for (let i = 0; i < published.length - 3; i++) expect((await slow.event()).args).toEqual([i + 1, published[i]]);
    await publisher.publish("com.example.topic", {}, ["again"]);
    expect((await slow.event()).args).toEqual(["again"]);
  });

  it("counts as busy before anything is compressed", async () => {
    await start({ compression: {}, "max-buffered": 64 * KiB });
    const [subscriber, publisher] = [await join(), await join(PLAIN)];
    await subscriber.subscribe("com.example.topic");
    const text = noise();
    for (let i = 0; i < 20; i++) publisher.send(Code.PUBLISH, i + 1, {}, "com.example.topic", [i, text]);
    await once(running.told, "max-buffered");
    expect((await subscriber.event()).args).toEqual([0, text]);
  });

  it("and takes nothing in send-timeout is disconnected", async () => {
    await start({ compression: {}, "max-buffered": 64 * KiB, "send-timeout": 200 });
    const [slow, publisher] = [await join(), await join(PLAIN)];
    await slow.subscribe("com.example.topic");
    slow.socket.pause();
    const text = noise();
    while (running.count("send-timeout") === 0) await publisher.publish("com.example.topic", {}, [text]);
    expect(running.hits.find(({ limit }) => limit === "send-timeout")?.session?.session).toBe(slow.id);
  });
});

it("PINGs that nobody reads the answers of do not pile up", async () => {
  await start();
  const client = await join();
  const end = once(client.socket, "close");
  const socket = socketOf(client);
  socket.pause();
  const ping = Buffer.concat(
    Array.from({ length: 1000 }, () => Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)])),
  );
  while (!socket.destroyed && socket.writable && running.router.sessionCount.remote > 0)
    await new Promise((resolve) => socket.write(ping, resolve));
  socket.destroy();
  await end;
});
