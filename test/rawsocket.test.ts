import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { encode as cborEncode } from "cborg";
import { folderOf } from "../jest/folder.ts";
import { autobahn } from "./support/autobahn.ts";
import { encode as msgpackEncode } from "./support/msgpack.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

let running: RunningRouter;
let path: string;
let port: number;

beforeAll(async () => {
  path = join(await folderOf(), "router.sock");
  const auth = { anonymous: { type: "static", role: "user" }, ticket: { type: "static", principals: PRINCIPALS } };
  running = await startRouter({
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      { type: "rawsocket", endpoint: { type: "tcp", port: 0 }, "max-message-size": 4096, auth },
      { type: "rawsocket", endpoint: { type: "unix", path }, serializers: ["json"], auth },
    ],
  });
  port = Number(new URL(running.url.replace("rs:", "http:")).port);
});
afterAll(() => running.close());

const PRINCIPALS = {
  joe: { ticket: "secret", role: "user" },
  long: { ticket: "secret", role: "user", extra: { motto: "x".repeat(500) } },
};
const HELLO = [1, "realm1", { roles: { caller: {}, callee: {} } }];

/** Reads a socket by counts of bytes. */
class Bytes {
  readonly socket: Socket;
  #come = Buffer.alloc(0);
  #ended = false;
  #wake = (): void => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Buffer) => {
      this.#come = Buffer.concat([this.#come, data]);
      this.#wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async take(count: number): Promise<Buffer> {
    while (this.#come.length < count) {
      if (this.#ended) throw new Error("the router has hung up");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const taken = this.#come.subarray(0, count);
    this.#come = this.#come.subarray(count);
    return taken;
  }

  async frame(): Promise<{ type: number; payload: Buffer }> {
    const prefix = await this.take(4);
    return { type: prefix.readUInt8(), payload: await this.take(prefix.readUIntBE(1, 3)) };
  }

  write(...bytes: number[]): void {
    this.socket.write(Uint8Array.from(bytes));
  }

  writeFrame(type: number, payload: Uint8Array): void {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(type * 2 ** 24 + payload.length);
    this.socket.write(Buffer.concat([prefix, payload]));
  }

  get closed(): Promise<unknown> {
    return this.#ended ? Promise.resolve() : once(this.socket, "close");
  }
}

async function open(to: { port: number } | { path: string } = { port }): Promise<Bytes> {
  const socket = connect(to as { port: number; host?: string });
  await once(socket, "connect");
  return new Bytes(socket);
}

async function greeted(serializer: number, exponent = 15): Promise<Bytes> {
  const bytes = await open();
  bytes.write(0x7f, exponent * 16 + serializer, 0, 0);
  expect([...(await bytes.take(4))]).toEqual([0x7f, 3 * 16 + serializer, 0, 0]);
  return bytes;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

it.each([
  ["JSON", 1, json],
  ["MessagePack", 2, msgpackEncode],
  ["CBOR", 3, (value: unknown) => cborEncode(value)],
])("a client joins in %s", async (_name, id, encode) => {
  const bytes = await greeted(id);
  bytes.writeFrame(0, encode(HELLO));
  const { type, payload } = await bytes.frame();
  expect(type).toBe(0);
  expect(payload.includes("anonymous")).toBe(true);
  bytes.socket.destroy();
});

it("TCP asks a client that says nothing whether it is there", async () => {
  const bytes = await greeted(1);
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, "0");
  const table = await readFile("/proc/net/tcp", "utf8");
  const line = table
    .split("\n")
    .find((row) => row.includes(`:${hex(port)} 0100007F:${hex(bytes.socket.localPort ?? 0)} `));
  // The column of timers: 02 is that of keep-alive.
  expect(line?.trim().split(/\s+/)[5]?.slice(0, 2)).toBe("02");
  bytes.socket.destroy();
});

it("autobahn logs in and calls, over TCP and over a Unix socket", async () => {
  const session = (transport: object) =>
    new Promise<{ call: (...args: unknown[]) => Promise<unknown>; close: () => void }>((resolve, reject) => {
      const connection = new autobahn.Connection({
        realm: "realm1",
        authid: "joe",
        authmethods: ["ticket"],
        onchallenge: () => "secret",
        max_retries: 0,
        transports: [{ type: "rawsocket", ...transport }],
      });
      connection.onopen = (opened) => resolve(Object.assign(opened as never, { close: () => connection.close() }));
      connection.onclose = (reason) => {
        reject(new Error(reason));
        return true;
      };
      connection.open();
    });
  for (const transport of [{ host: "127.0.0.1", port }, { path }]) {
    const opened = await session(transport);
    expect(await opened.call("wamp.session.count")).toBe(1);
    opened.close();
  }
});

it("a PING is answered by a PONG with the same payload, also in the middle of a login", async () => {
  const bytes = await greeted(1);
  bytes.writeFrame(1, Buffer.from("are you there"));
  expect(await bytes.frame()).toEqual({ type: 2, payload: Buffer.from("are you there") });
  bytes.writeFrame(1, Buffer.alloc(0));
  expect(await bytes.frame()).toEqual({ type: 2, payload: Buffer.alloc(0) });
  bytes.socket.destroy();
});

it.each([
  ["a serializer nobody has", [0x7f, 0xff, 0, 0], [0x7f, 0x10, 0, 0]],
  ["no serializer", [0x7f, 0xf0, 0, 0], [0x7f, 0x10, 0, 0]],
  ["reserved bytes that are set", [0x7f, 0xf1, 0, 1], [0x7f, 0x30, 0, 0]],
])("a handshake with %s is refused with its code", async (_what, sent, expected) => {
  const bytes = await open();
  bytes.write(...sent);
  expect([...(await bytes.take(4))]).toEqual(expected);
  await bytes.closed;
});

it("what is no RawSocket is hung up on, and harms nobody", async () => {
  const bytes = await open();
  bytes.socket.write("GET / HTTP/1.1\r\n\r\n");
  await bytes.closed;
  const other = await greeted(1);
  other.socket.destroy();
});

it.each([
  ["longer than the router takes", [0, 0, 0x10, 1]],
  ["with reserved bits", [0xf0, 0, 0, 1]],
  ["of an unknown type", [5, 0, 0, 0]],
])("a frame %s ends its own connection alone", async (_what, prefix) => {
  const [bytes, other] = [await greeted(1), await greeted(1)];
  bytes.write(...prefix);
  await bytes.closed;
  other.writeFrame(0, json(HELLO));
  expect((await other.frame()).payload.toString()).toContain("anonymous");
  other.socket.destroy();
});

it("a message that its receiver could not take becomes an error for who sent it", async () => {
  const [small, big] = [await greeted(1, 1), await greeted(1)];
  for (const bytes of [small, big]) {
    bytes.writeFrame(0, json(HELLO));
    await bytes.frame();
  }
  small.writeFrame(0, json([64, 1, {}, "com.small"]));
  await small.frame();
  big.writeFrame(0, json([48, 1, {}, "com.small", ["x".repeat(2000)]]));
  const answer = JSON.parse((await big.frame()).payload.toString()) as unknown[];
  expect([answer[0], answer[4]]).toEqual([8, "wamp.error.payload_size_exceeded"]);
  small.writeFrame(0, json([48, 2, {}, "wamp.session.count"]));
  expect(JSON.parse((await small.frame()).payload.toString())).toEqual([50, 2, {}, [2]]);
  [small, big].forEach(({ socket }) => socket.destroy());
});

it("a client that takes 512 bytes joins: its WELCOME leaves the router's features out", async () => {
  const bytes = await greeted(1, 0);
  bytes.writeFrame(0, json(HELLO));
  const [code, , details] = JSON.parse((await bytes.frame()).payload.toString()) as [number, number, object];
  expect([code, details]).toEqual([2, expect.objectContaining({ realm: "realm1", roles: { broker: {}, dealer: {} } })]);
  bytes.writeFrame(0, json([48, 1, {}, "wamp.session.count"]));
  expect(JSON.parse((await bytes.frame()).payload.toString())).toMatchObject([50, 1, {}, [expect.any(Number)]]);
  bytes.socket.destroy();
});

it("a client that could not even take that is told both lengths", async () => {
  const bytes = await greeted(1, 0);
  bytes.writeFrame(0, json([1, "realm1", { roles: { caller: {} }, authid: "long", authmethods: ["ticket"] }]));
  await bytes.frame();
  bytes.writeFrame(0, json([5, "secret", {}]));
  const [code, { message }, reason] = JSON.parse((await bytes.frame()).payload.toString()) as [
    number,
    { message: string },
    string,
  ];
  expect([code, reason]).toEqual([3, "wamp.error.payload_size_exceeded"]);
  expect(message).toMatch(/^the message has \d{3,} bytes, and its receiver takes 512 at most$/);
  await bytes.closed;
});

it("a router that closes says GOODBYE over RawSocket too", async () => {
  const own = await startRouter({
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    transports: [
      { type: "rawsocket", endpoint: { type: "tcp", port: 0 }, auth: { anonymous: { type: "static", role: "user" } } },
    ],
  });
  const bytes = await open({ port: Number(new URL(own.url.replace("rs:", "http:")).port) });
  bytes.write(0x7f, 0xf1, 0, 0);
  await bytes.take(4);
  bytes.writeFrame(0, json(HELLO));
  await bytes.frame();
  const closing = own.close();
  expect((await bytes.frame()).payload.toString()).toContain("wamp.close.system_shutdown");
  bytes.writeFrame(0, json([6, {}, "wamp.close.goodbye_and_out"]));
  await bytes.closed;
  await closing;
});
