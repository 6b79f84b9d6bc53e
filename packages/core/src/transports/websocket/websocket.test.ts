import { spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { WebSocket } from "ws";
import { folderOf } from "../../../../../jest/folder.ts";
import type { Connection, ConnectionHandler } from "../../contract/connection.ts";
import type { OpenEntry } from "../../contract/transport.ts";
import type { Log } from "../../contract/log.ts";
import { entrySettings } from "../../config/core-schema.ts";
import { createRouterHooks } from "../../hooks/router-hooks.ts";
import { ConnectionLimiter } from "../../limits/connection-limiter.ts";
import { batched } from "../../serializers/framing.ts";
import { json } from "../../serializers/json/codec.ts";
import { msgpack } from "../../serializers/msgpack/codec.ts";
import type { Message } from "../../wamp/messages.ts";
import { Endpoints } from "../net/endpoints.ts";
import type { WampError } from "../../errors/wamp-error.ts";
import { websocketSchema } from "./settings.ts";
import { websocket } from "./websocket.ts";

const hello: Message = { type: "HELLO", realm: "realm1", details: {} };
const helloText = '[1,"realm1",{}]';
const anyPort = { type: "tcp", port: 0 };
const serializers = new Map([json, msgpack].map((serializer) => [serializer.name, serializer]));

/** The router's side, as the tests see it: events `message`, `violation`, `closed`, and the log. */
class Side extends EventEmitter<{ message: [Message]; violation: [WampError]; closed: [Connection] }> {
  readonly connections: Connection[] = [];
  readonly logged: string[] = [];
  readonly log: Log;
  onmessage: ((message: Message, connection: Connection) => void) | undefined;

  constructor() {
    super();
    const write = (level: string) => (_fields: object, message: string) =>
      void this.logged.push(`${level}: ${message}`);
    const [debug, info, warn, error] = ["debug", "info", "warn", "error"].map(write) as [never, never, never, never];
    this.log = { debug, info, warn, error, child: () => this.log };
  }

  accept = (connection: Connection): ConnectionHandler => {
    this.connections.push(connection);
    return {
      message: (message) => {
        this.onmessage?.(message, connection);
        this.emit("message", message);
      },
      violation: (error) => void this.emit("violation", error),
      limited: (limit, message) => void this.logged.push(`${limit}: ${message}`),
      closed: () => void this.emit("closed", connection),
    };
  };
}

/** Entries that are open on their endpoints. */
interface Started {
  stop(): void;
  close(): Promise<unknown>;
}

const started: Started[] = [];
const folder = await folderOf();
afterEach(() => Promise.all(started.splice(0).map((listener) => listener.close())));

async function serve(side: Side, ...options: object[]): Promise<[string, ...string[]]> {
  const report = (): void => undefined;
  const limits = entrySettings.parse({});
  const hooks = createRouterHooks({ frozen: false }, side.log);
  const limiter = new ConnectionLimiter({ now: limits }, report);
  const context = { serializers, folder: ".", log: side.log, report, hooks, waiting: { grew: report } };
  const endpoints = new Endpoints({}, context);
  const open: OpenEntry[] = [];
  started.push({
    stop: () => endpoints.stop(),
    close: () => Promise.all([...open.map((entry) => entry.close()), endpoints.close()]),
  });
  for (const each of options) {
    const ask = () => Promise.resolve();
    const entry = { options: websocketSchema.parse(each), limits, ask, ...limiter.entry(side.accept) };
    const endpoint = await endpoints.at(entry.options.endpoint);
    const takes = await websocket.open(entry, { ...context, endpoint });
    open.push(takes);
    endpoint.add({ entry, accepts: { upgrade: entry.options.path }, maxHeaderSize: undefined, takes });
  }
  await endpoints.listen();
  return open.map((entry) => entry.url()) as [string, ...string[]];
}

async function connected(url: string, ...protocols: string[]): Promise<WebSocket> {
  const client = new WebSocket(url, protocols);
  client.on("error", () => undefined);
  await once(client, "open");
  return client;
}

async function refusal(url: string, ...protocols: string[]): Promise<{ status: number | undefined; text: string }> {
  const client = new WebSocket(url, protocols);
  const [, response] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
  return answerOf(response);
}

async function answerOf(response: IncomingMessage): Promise<{ status: number | undefined; text: string }> {
  return { status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() };
}

async function plainGet(url: string): Promise<{ status: number | undefined; text: string }> {
  const [response] = (await once(get(url.replace("ws:", "http:")), "response")) as [IncomingMessage];
  return answerOf(response);
}

describe("the opening handshake", () => {
  it("takes the first subprotocol of the client's own order", async () => {
    const [url] = await serve(new Side(), { endpoint: anyPort });
    const first = await connected(url, "wamp.2.cbor", "wamp.2.msgpack", "wamp.2.json");
    const second = await connected(`${url}?x=1`, "wamp.2.json.batched", "wamp.2.msgpack");
    expect([first.protocol, second.protocol]).toEqual(["wamp.2.msgpack", "wamp.2.json.batched"]);
  });

  it("passes the client's transport details to the router", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const client = new WebSocket(url, ["wamp.2.msgpack.batched"], { headers: { "X-Tag": ["a", "b"] } });
    await once(client, "open");
    expect(side.connections[0]?.details).toMatchObject({
      type: "websocket",
      protocol: "wamp.2.msgpack.batched",
      peer: expect.stringMatching(/^tcp4:127\.0\.0\.1:\d+$/) as unknown,
      http_headers_received: { "x-tag": "a, b", upgrade: "websocket" },
      channel_type: "tcp",
      channel_framing: "websocket",
      channel_serializer: "msgpack",
      websocket_protocol: "wamp.2.msgpack.batched",
    });
  });

  it("answers 404 at a path that no entry has", async () => {
    const [url] = await serve(new Side(), { endpoint: anyPort });
    expect(await refusal(`${url}/deeper`, "wamp.2.json")).toMatchObject({ status: 404 });
    expect(await plainGet(`${url}/deeper`)).toMatchObject({ status: 404 });
  });

  it("answers 400 with the supported subprotocols if none fits", async () => {
    const [url] = await serve(new Side(), { endpoint: anyPort, serializers: ["json"] });
    const expected = { status: 400, text: expect.stringContaining("wamp.2.json, wamp.2.json.batched") as unknown };
    expect(await refusal(url)).toEqual(expected);
    expect(await refusal(url, "wamp.2.msgpack")).toEqual(expected);
  });

  it("answers 426 to a plain request", async () => {
    const [url] = await serve(new Side(), { endpoint: anyPort });
    expect(await plainGet(url)).toEqual({ status: 426, text: "This is a WAMP router: connect by WebSocket.\n" });
  });

  it("survives a client that sends no HTTP, and one that resets in the middle of it", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const port = Number(new URL(url).port);
    const noise = connect(port).end("\x16\x03\x01\0\r\n\r\n").resume();
    await once(noise, "close");
    const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const hasty = connect(port);
    hasty.write(upgrade, () => hasty.resetAndDestroy());
    await once(hasty, "close");
    await connected(url, "wamp.2.json");
    expect(side.logged).toEqual([]);
  });

  it("rejects the start if an entry names a serializer that is not loaded", async () => {
    await expect(serve(new Side(), { endpoint: anyPort, serializers: ["cbor"] })).rejects.toThrow(
      'there is no serializer "cbor"; loaded are: json, msgpack',
    );
  });
});

describe("frames", () => {
  it.each([
    ["wamp.2.json", json, undefined],
    ["wamp.2.msgpack", msgpack, undefined],
    ["wamp.2.json.batched", json, batched(json)],
    ["wamp.2.msgpack.batched", msgpack, batched(msgpack)],
  ] as const)("carry messages both ways in %s", async (protocol, serializer, framing) => {
    const side = new Side();
    side.onmessage = (message, connection) => connection.send(message);
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, protocol);
    const bytes = serializer.encode(hello);
    client.send(framing?.join([bytes]) ?? bytes, { binary: serializer.binary });
    const [frame, binary] = (await once(client, "message")) as [Buffer, boolean];
    expect(binary).toBe(serializer.binary);
    expect([...(framing?.split(frame) ?? [frame])].map((message) => serializer.decode(message))).toEqual([hello]);
  });

  it("of a batch arrive one by one and in order", async () => {
    const side = new Side();
    const realms: unknown[] = [];
    side.onmessage = (message) => realms.push(message.type === "HELLO" && message.realm);
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, "wamp.2.json.batched");
    client.send(["a", "b", "c"].map((realm) => `[1,"${realm}",{}]\x1e`).join(""));
    await once(side, "message");
    expect(realms).toEqual(["a", "b", "c"]);
  });

  it("that came while the session was paused wait for it, even those of one batch", async () => {
    const side = new Side();
    const seen: Message[] = [];
    side.onmessage = (message, connection) => {
      seen.push(message);
      connection.pause();
    };
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, "wamp.2.json.batched");
    client.send(`${helloText}\x1e${helloText}\x1e`);
    await once(side, "message");
    expect(seen).toHaveLength(1);
    side.connections[0]?.resume();
    expect(seen).toHaveLength(2);
  });

  it.each([
    ["a binary frame on JSON", "wamp.2.json", Buffer.from(helloText), "a binary frame"],
    ["a text frame on MessagePack", "wamp.2.msgpack", helloText, "a text frame"],
    ["a frame that is no message", "wamp.2.json", "[", "not valid JSON"],
    ["a broken batch", "wamp.2.json.batched", helloText, "a batch must end"],
  ])("%s is a violation, and nothing after it is handled", async (_name, protocol, frame, text) => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, protocol);
    let messages = 0;
    side.onmessage = () => messages++;
    side.on("violation", () => side.connections[0]?.send(hello));
    client.send(frame);
    client.send(helloText);
    client.send(msgpack.encode(hello));
    const [[error]] = await Promise.all([once(side, "violation") as Promise<[WampError]>, once(client, "message")]);
    expect(error.message).toContain(text);
    client.close();
    await once(side, "closed");
    expect(messages).toBe(0);
  });

  it("that are too large close their own client only", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort, "max-message-size": 1024 });
    const [greedy, modest] = [await connected(url, "wamp.2.json"), await connected(url, "wamp.2.json")];
    greedy.send("x".repeat(1025));
    const [[code]] = await Promise.all([once(greedy, "close") as Promise<[number]>, once(side, "closed")]);
    modest.send(helloText);
    await once(side, "message");
    expect(code).toBe(1009);
    expect(side.logged).toEqual(["max-message-size: disconnected a client that sent too large a frame"]);
  });

  it("are dropped with a client that takes none of them for send-timeout, while the others go on", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort, "max-buffered": 1024 * 1024, "send-timeout": 100 });
    const slow = await connected(url, "wamp.2.json");
    const quick = await connected(url, "wamp.2.json");
    slow.pause();
    const [toSlow, toQuick] = side.connections as [Connection, Connection];
    const large: Message = { type: "HELLO", realm: "x".repeat(256 * 1024), details: {} };
    const dropped = once(side, "closed");
    const ended = new AbortController();
    side.once("closed", () => ended.abort());
    while (!ended.signal.aborted) {
      toSlow.send(large);
      toQuick.send(hello);
      await once(quick, "message");
    }
    expect(await dropped).toEqual([toSlow]);
    expect(side.logged).toEqual([expect.stringMatching(/^send-timeout: disconnected a client that took none of/)]);
  });
});

describe("a connection", () => {
  it("sends what is waiting before it closes, and reports its end once", async () => {
    const side = new Side();
    side.onmessage = (message, connection) => {
      connection.send(message);
      connection.close();
      connection.close();
      connection.send(message);
    };
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, "wamp.2.json");
    let frames = 0;
    let ends = 0;
    client.on("message", () => frames++);
    side.on("closed", () => ends++);
    client.send(helloText);
    await Promise.all([once(client, "close"), once(side, "closed")]);
    expect([frames, ends]).toEqual([1, 1]);
  });

  it("whose session throws is ended and logged, and harms no other", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const [unlucky, other] = [await connected(url, "wamp.2.json"), await connected(url, "wamp.2.json")];
    side.onmessage = () => {
      throw new Error("a bug");
    };
    unlucky.send(helloText);
    await Promise.all([once(unlucky, "close"), once(side, "closed")]);
    side.onmessage = undefined;
    other.send(helloText);
    await once(side, "message");
    expect(side.logged).toEqual(["error: a connection was ended by an error of the router"]);
  });

  it("that disappears is closed without a line in the log", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, "wamp.2.json");
    client.terminate();
    await once(side, "closed");
    expect(side.logged).toEqual([]);
  });
});

describe("a listener", () => {
  it("has room for two paths on one port, each with its own serializers", async () => {
    const paths = [{ path: "/ws" }, { path: "/internal", serializers: ["msgpack"] }];
    const [ws, internal] = await serve(new Side(), ...paths.map((entry) => ({ endpoint: anyPort, ...entry })));
    expect(internal).toBe(ws.replace(/ws$/, "internal"));
    await connected(ws, "wamp.2.json");
    expect(await refusal(internal ?? "", "wamp.2.json")).toMatchObject({ status: 400 });
  });

  it("that stops keeps its clients and takes no others", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const client = await connected(url, "wamp.2.json");
    started[0]?.stop();
    const late = new WebSocket(url, "wamp.2.json");
    expect(await once(late, "error")).toMatchObject([{ message: expect.stringContaining("503") as string }]);
    client.send(helloText);
    await once(side, "message");
  });

  it("that closes ends all open connections, tells the router, and frees the port", async () => {
    const side = new Side();
    const [url] = await serve(side, { endpoint: anyPort });
    const port = Number(new URL(url).port);
    const silent = connect(port);
    await once(silent, "connect");
    const client = await connected(url, "wamp.2.json");
    const ends = [once(silent, "close"), once(client, "close")];
    let told = 0;
    side.on("closed", () => told++);
    await started[0]?.close();
    await started[0]?.close();
    expect(told).toBe(1);
    await Promise.all(ends);
    await serve(side, { endpoint: { type: "tcp", port } });
  });

  it("says which port is taken, and the others can be closed", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    const free = createServer().listen(0, "127.0.0.1");
    await Promise.all([once(taken, "listening"), once(free, "listening")]);
    const [port, other] = [taken, free].map((server) => (server.address() as AddressInfo).port) as [number, number];
    await new Promise((resolve) => free.close(resolve));
    const endpoints = [other, port].map((port) => ({ endpoint: { type: "tcp", port } }));
    await expect(serve(new Side(), ...endpoints)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another program listens there already. Stop it, or give the transport another port.`,
    );
    await Promise.all(started.splice(0).map((listener) => listener.close()));
    await serve(new Side(), { endpoint: { type: "tcp", port: other } });
    await new Promise((resolve) => taken.close(resolve));
  });
});

describe("a Unix domain socket", () => {
  it("is a way to connect, and its file goes with the listener", async () => {
    const side = new Side();
    const path = join(folder, "router.sock");
    const [url] = await serve(side, { endpoint: { type: "unix", path } });
    expect(url).toBe(`ws+unix:${path}:/ws`);
    const client = await connected(url, "wamp.2.json");
    client.send(helloText);
    await once(side, "message");
    expect(side.connections[0]?.details).toMatchObject({ peer: "unix", channel_type: "unix" });
    await started[0]?.close();
    expect(existsSync(path)).toBe(false);
  });

  it("is replaced if a dead process left it, and refused if a living one uses it", async () => {
    const path = join(folder, "stale.sock");
    const crash = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", crash]);
    expect(existsSync(path)).toBe(true);
    const entry = { endpoint: { type: "unix", path } };
    const [url] = await serve(new Side(), entry);
    await expect(serve(new Side(), entry)).rejects.toThrow("another program listens there already");
    await connected(url, "wamp.2.json");
  });

  it("never takes the place of a file that is something else", async () => {
    const path = join(folder, "precious.txt");
    writeFileSync(path, "text");
    await expect(serve(new Side(), { endpoint: { type: "unix", path } })).rejects.toThrow("it is not a socket");
    expect(existsSync(path)).toBe(true);
  });
});
