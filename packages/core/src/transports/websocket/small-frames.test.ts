import { once } from "node:events";
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { type WebSocket, WebSocketServer } from "ws";
import { runs } from "../../../../../jest/runs.ts";
import type { Log } from "../../contract/log.ts";
import type { FrameConnection } from "../frames/frame-connection.ts";
import { ClientSocket } from "./client-socket.ts";
import { SmallFrames } from "./small-frames.ts";

/** So that messages may have each kind of length: of 7, of 16 and of 64 bits. */
const MOST = 65_540;

interface Part {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly mask: Buffer | null;
  readonly isFinal: boolean;
  readonly extension?: number;
}

/** A client's frame; without a mask it is an illegal one. */
function frame({ opcode, payload, mask, isFinal, extension = 0 }: Part): Buffer {
  const { length } = payload;
  const short = length < 126 ? length : length <= 0xffff ? 126 : 127;
  const head = Buffer.from([(isFinal ? 0x80 : 0) | extension | opcode, (mask === null ? 0 : 0x80) | short]);
  const size = Buffer.alloc(short < 126 ? 0 : short === 126 ? 2 : 8);
  if (short === 126) size.writeUInt16BE(length);
  if (short === 127) size.writeBigUInt64BE(BigInt(length));
  const masked = mask === null ? payload : Buffer.from(payload.map((byte, i) => byte ^ (mask[i & 3] as number)));
  return Buffer.concat([head, size, mask ?? Buffer.alloc(0), masked]);
}

const text = (words: string): Buffer =>
  frame({ opcode: 1, payload: Buffer.from(words), mask: Buffer.from([1, 2, 3, 255]), isFinal: true });

/** A socket whose other side is the test. */
class Pipe extends Duplex {
  readonly written: Buffer[] = [];

  override _read(): void {
    // `push` alone gives it what to read.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk);
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }
}

interface Opened {
  readonly socket: Pipe;
  readonly ws: ClientSocket;
  /** What came of it, in order. */
  readonly seen: string[];
}

const servers: WebSocketServer[] = [];
afterAll(() => servers.forEach((server) => server.close()));

/** @param takes whether small frames are taken before ws */
function open(takes: boolean, onReceived: (opened: Opened) => void = () => undefined): Opened {
  const socket = new Pipe();
  const seen: string[] = [];
  const request = new IncomingMessage(socket as unknown as Socket);
  const key = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" };
  Object.assign(request, { method: "GET", url: "/", headers: { upgrade: "websocket", connection: "Upgrade", ...key } });
  const server = new WebSocketServer({
    noServer: true,
    WebSocket: ClientSocket,
    maxPayload: MOST,
    perMessageDeflate: false,
  });
  servers.push(server);
  let made: ClientSocket | undefined;
  server.handleUpgrade(request, socket, Buffer.alloc(0), (ws) => (made = ws));
  const ws = made as unknown as ClientSocket;
  const opened = { socket, ws, seen };
  const received = (payload: Buffer, binary: boolean): void => {
    seen.push(`${binary ? "binary" : "text"} ${payload.toString("hex")}`);
    onReceived(opened);
  };
  const limited = (limit: string): void => void seen.push(`limited ${limit}`);
  const violated = (what: string): void => void seen.push(`violated ${what}`);
  const gone = (): void => void seen.push("gone");
  ws.serve({ received, limited, violated, gone } as unknown as FrameConnection, {
    clients: new Set<WebSocket>(),
    log: {} as Log,
  });
  for (const event of ["ping", "pong"] as const)
    ws.on(event, (data: Buffer) => seen.push(`${event} ${data.toString("hex")}`));
  ws.on("close", (code, reason) => seen.push(`closed ${code} ${reason.toString()}`));
  if (takes) SmallFrames.take(ws, socket, MOST);
  return opened;
}

/** What ws alone emits as a message. */
function byWs({ ws }: Opened): unknown[] {
  const messages: unknown[] = [];
  ws.on("message", (data) => messages.push(data));
  return messages;
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list)),
  fc.integer({ min: 180, max: 5000 }).map((length) => Buffer.alloc(length, 0x61)),
  fc.integer({ min: 180, max: 5000 }).map((length) => Buffer.alloc(length, "é")),
  fc.integer({ min: 120, max: 130 }).map((length) => Buffer.alloc(length, 0x61)),
  fc.integer({ min: MOST - 10, max: MOST + 1 }).map((length) => Buffer.alloc(length, 0x61)),
);
const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((said) => Buffer.from(said)),
  bytes,
);
const legal = fc.oneof(
  { weight: 6, arbitrary: fc.record({ opcode: fc.constant(1), payload: words, mask, isFinal: fc.constant(true) }) },
  { weight: 6, arbitrary: fc.record({ opcode: fc.constant(2), payload: bytes, mask, isFinal: fc.constant(true) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      opcode: fc.constantFrom(9, 10),
      payload: fc.uint8Array({ maxLength: 125 }).map((list) => Buffer.from(list)),
      mask,
      isFinal: fc.constant(true),
    }),
  },
);
/** A message in fragments, with other frames between them: those of messages are illegal. */
const fragmented = fc
  .tuple(fc.constantFrom(1, 2), mask, fc.array(fc.tuple(fc.nat(300), fc.option(legal, { freq: 1 })), { maxLength: 3 }))
  .map(([opcode, key, parts]): Buffer => {
    const part = (code: number, length: number, isFinal: boolean): Buffer =>
      frame({ opcode: code, payload: Buffer.alloc(length, 0x61), mask: key, isFinal });
    const later = parts.map(([length, between]) => [
      ...(between === null ? [] : [frame(between)]),
      part(0, length, false),
    ]);
    return Buffer.concat([part(opcode, 5, false), ...later.flat(), part(0, 5, true)]);
  });
/** Anything at all: fragments, frames that close, frames that are illegal. */
const any = fc.record({
  opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat(15)),
  payload: bytes,
  mask: fc.option(mask, { freq: 8 }),
  isFinal: fc.boolean(),
  extension: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(16, 32, 64) }),
});
const stream = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: legal.map(frame) },
      { weight: 2, arbitrary: fragmented },
      { weight: 1, arbitrary: any.map(frame) },
    ),
    { maxLength: 20 },
  )
  .map((frames) => Buffer.concat(frames));

/** The stream in pieces, each a copy, as both sides unmask in place. */
function pieces(whole: Buffer, sizes: readonly number[]): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0, i = 0; at < whole.length; i++) {
    const size = sizes.length === 0 ? whole.length : (sizes[i % sizes.length] as number);
    list.push(Buffer.from(whole.subarray(at, at + size)));
    at += size;
  }
  return list;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise(setImmediate);
}

async function outcome(takes: boolean, whole: Buffer, sizes: readonly number[]): Promise<unknown> {
  const { socket, ws, seen } = open(takes);
  for (const piece of pieces(whole, sizes)) {
    socket.push(piece);
    await new Promise(setImmediate);
  }
  socket.push(null);
  await settled();
  const written = Buffer.concat(socket.written).toString("hex");
  const { readyState } = ws;
  ws.terminate();
  await settled();
  return { seen, written, readyState };
}

it("a client meets the same as with ws alone, whatever it sends, and in whatever pieces", async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 6000 })), {
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(stream, sizes, async (whole, list) => {
      const least = Math.ceil(whole.length / 60); // so that no stream takes too many turns
      const cut = list.map((size) => Math.max(size, least));
      expect(await outcome(true, whole, cut)).toEqual(await outcome(false, whole, cut));
    }),
    runs(60),
  );
});

it("small messages in whole frames do not pass ws, long ones and those in parts do", () => {
  const opened = open(true);
  const messages = byWs(opened);
  const long = frame({ opcode: 2, payload: Buffer.alloc(0x10000), mask: Buffer.alloc(4), isFinal: true });
  opened.socket.emit("data", Buffer.concat([text("one"), text("two")]));
  expect(messages).toEqual([]);
  opened.socket.emit("data", Buffer.concat([text("three"), long]));
  expect(messages.length).toBe(1);
  const four = text("four");
  opened.socket.emit("data", four.subarray(0, 3));
  opened.socket.emit("data", Buffer.concat([four.subarray(3), text("five")]));
  expect(messages.length).toBe(3);
  opened.socket.emit("data", text("six"));
  expect(messages.length).toBe(3);
  expect(opened.seen.map((line) => line.split(" ")[0])).toEqual([
    "text",
    "text",
    "text",
    "binary",
    "text",
    "text",
    "text",
  ]);
  opened.ws.terminate();
});

it("a text that is not UTF-8 is refused by ws, also if what is on the wire is", async () => {
  const { socket, ws, seen } = open(true);
  const high = Buffer.from([0x80, 0x80, 0x80, 0x80]);
  socket.push(
    frame({ opcode: 1, payload: Buffer.from("text").map((byte) => byte ^ 0x80) as Buffer, mask: high, isFinal: true }),
  );
  await settled();
  expect(seen).toEqual(["violated WebSocket: Invalid WebSocket frame: invalid UTF-8 sequence"]);
  expect(Buffer.concat(socket.written).subarray(-2).readUInt16BE()).toBe(1007);
  ws.terminate();
});

it("a handler that ends the connection meets the same as with ws alone, also if more has come", async () => {
  const ended = async (takes: boolean, end: (ws: ClientSocket) => void): Promise<unknown> => {
    const { socket, ws, seen } = open(takes, (opened) => end(opened.ws));
    socket.push(Buffer.concat([text("one"), text("two")]));
    await settled();
    ws.terminate();
    await settled();
    return { seen, written: Buffer.concat(socket.written).toString("hex") };
  };
  for (const end of [(ws: ClientSocket) => ws.terminate(), (ws: ClientSocket) => ws.close(1000)])
    expect(await ended(true, end)).toEqual(await ended(false, end));
});

it("ws reads as before where its listener is not the only one", () => {
  const { socket, ws } = open(false);
  socket.on("data", () => undefined);
  const before = socket.listeners("data");
  SmallFrames.take(ws, socket, MOST);
  expect(socket.listeners("data")).toEqual(before);
  ws.terminate();
});

it("what is left unread when the socket closes comes as with ws alone", async () => {
  const left = async (takes: boolean): Promise<string[]> => {
    const { socket, ws, seen } = open(takes);
    ws.pause();
    socket.push(Buffer.concat([text("one"), text("two")]));
    socket.destroy();
    await once(ws, "close");
    return seen;
  };
  const alone = await left(false);
  expect(alone.filter((line) => line.startsWith("text")).length).toBe(2);
  expect(await left(true)).toEqual(alone);
});
