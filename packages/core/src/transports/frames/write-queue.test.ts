import { Duplex } from "node:stream";
import { json } from "../../serializers/json/codec.ts";
import type { Message } from "../../wamp/messages.ts";
import { type Framer, OutgoingFrame } from "./outgoing.ts";
import { WriteQueue } from "./write-queue.ts";

/** Puts a message's length before it, in one byte or in three. */
const framer: Framer = {
  headSize: (length) => (length < 100 ? 1 : 3),
  writeHead: (target, at, length) => {
    if (length < 100) target[at] = length;
    else target.set([255, length >> 8, length & 255], at);
  },
};

/** A socket that records each write, and takes more when the test says so. */
class Socket extends Duplex {
  readonly writes: Buffer[] = [];
  #taken: (() => void) | null = null;
  slow = false;

  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#take(chunk, taken);
  }
  override _writev(chunks: { chunk: Buffer }[], taken: () => void): void {
    this.#take(Buffer.concat(chunks.map(({ chunk }) => chunk)), taken);
  }
  #take(bytes: Buffer, taken: () => void): void {
    this.writes.push(bytes);
    if (this.slow) this.#taken = taken;
    else taken();
  }
  goOn(): void {
    this.#taken?.();
  }
}

const result = (request: number, text: string): OutgoingFrame => {
  const message: Message = json.decode(Buffer.from(JSON.stringify([70, request, {}, [text]])));
  const payload = "payload" in message ? message.payload : undefined;
  return new OutgoingFrame(json, { type: "RESULT", request, details: {}, payload });
};

/** The messages in the written bytes. */
function read(writes: readonly Buffer[]): unknown[] {
  const bytes = Buffer.concat(writes);
  const messages: unknown[] = [];
  for (let at = 0; at < bytes.length;) {
    const isShort = bytes[at] !== 255;
    const length = isShort ? (bytes[at] as number) : bytes.readUInt16BE(at + 1);
    at += isShort ? 1 : 3;
    messages.push(JSON.parse(bytes.toString("utf8", at, at + length)));
    at += length;
  }
  return messages;
}

/** No test ends a client because it is slow. */
const PATIENT = {
  sendTimeout: 10_000,
  missed: () => undefined,
  overflowed: () => undefined,
  waiting: { grew: () => undefined },
};

const endOfCallback = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("messages to one socket within a callback leave in one write, in order", async () => {
  const socket = new Socket();
  const queue = new WriteQueue(socket, PATIENT);
  const texts = ["a", "x".repeat(60), "y".repeat(90), "z".repeat(5000), "é", ""];
  texts.forEach((text, i) => queue.push(result(i + 1, text).framed(framer)));
  expect(socket.writes).toHaveLength(0);
  await endOfCallback();
  expect(socket.writes).toHaveLength(1);
  expect(read(socket.writes)).toEqual(texts.map((text, i) => [50, i + 1, {}, [text]]));
});

it("frames to several sockets in turn reach each of them in order", async () => {
  const sockets = [new Socket(), new Socket(), new Socket()];
  const queues = sockets.map((socket) => new WriteQueue(socket, PATIENT));
  for (let i = 0; i < 30; i++) queues[i % 3]?.push(result(i + 1, `text ${i}`).framed(framer));
  const shared = result(99, "for all");
  for (const queue of queues) queue.push(shared.framed(framer));
  await endOfCallback();
  sockets.forEach((socket, s) => {
    const own = Array.from({ length: 10 }, (_, i) => [50, i * 3 + s + 1, {}, [`text ${i * 3 + s}`]]);
    expect(read(socket.writes)).toEqual([...own, [50, 99, {}, ["for all"]]]);
  });
});

it("bytes that wait for a slow reader keep no more memory than their length", async () => {
  const socket = new Socket();
  socket.slow = true;
  const queue = new WriteQueue(socket, PATIENT);
  for (const text of ["first", "second"]) {
    queue.push(result(1, text).framed(framer));
    await endOfCallback();
  }
  const waiting = queue.length;
  expect(waiting).toBeGreaterThan(0);
  socket.goOn();
  expect(socket.writes[1]?.buffer.byteLength).toBe(socket.writes[1]?.length);
  expect(read(socket.writes)).toEqual([
    [50, 1, {}, ["first"]],
    [50, 1, {}, ["second"]],
  ]);
});

it("what is cleared is not written", async () => {
  const socket = new Socket();
  const queue = new WriteQueue(socket, PATIENT);
  queue.push(result(1, "x").framed(framer));
  queue.clear();
  expect(queue.length).toBe(0);
  await endOfCallback();
  expect(socket.writes).toHaveLength(0);
});
