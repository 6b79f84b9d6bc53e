import { PassThrough } from "node:stream";
import { inflateRawSync } from "node:zlib";
import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import { msgpack } from "../../../serializers/msgpack/codec.ts";
import { OutgoingFrame } from "../../frames/outgoing.ts";
import { CompressingWire, Compressor } from "./compressing-wire.ts";

const frameOf = (bytes: Uint8Array): OutgoingFrame => new OutgoingFrame(msgpack, bytes);
const LARGE = Buffer.alloc(10_000, "abc");

function wireWith(maxBuffered = 1000) {
  const socket = new PassThrough();
  const closes: unknown[] = [];
  const ws = {
    OPEN: 1,
    readyState: 1,
    close: (code: number) => closes.push(code),
    terminate: () => closes.push("now"),
  };
  const nothing = (): void => undefined;
  const policy = { sendTimeout: 1000, missed: nothing, overflowed: nothing, waiting: { grew: nothing } };
  const wire = new CompressingWire(ws as unknown as WebSocket, socket, maxBuffered, policy, new Compressor(3));
  return { socket, ws, wire, closes };
}

it("a message is compressed once for all its receivers", async () => {
  const compressor = new Compressor(3);
  const frame = frameOf(LARGE);
  expect(compressor.framed(frame)).toBe(compressor.framed(frame));
  const { bytes } = await compressor.framed(frame);
  expect(bytes[0]).toBe(0xc2); // final, compressed, binary
  expect(bytes.length).toBeLessThan(100);
  expect(
    inflateRawSync(Buffer.concat([bytes.subarray(2), Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: 2 }),
  ).toEqual(LARGE);
});

it("what compression does not make smaller is sent as it is", async () => {
  const noise = randomBytes(5000);
  const { bytes, begin, end } = await new Compressor(9).framed(frameOf(noise));
  expect(bytes[begin]).toBe(0x82);
  expect(end - begin).toBe(5004);
});

it("short messages, and those that come while 16 MiB wait to be compressed, are sent as they are", async () => {
  const compressor = new Compressor(1);
  expect(compressor.framed(frameOf(LARGE.subarray(0, 1023)))).not.toBeInstanceOf(Promise);
  const huge = Buffer.alloc(9 * 1024 * 1024, "abc");
  const waiting = [compressor.framed(frameOf(huge)), compressor.framed(frameOf(huge))];
  const frame = frameOf(LARGE);
  expect(compressor.framed(frame)).toMatchObject({ bytes: expect.anything() as unknown });
  for (const one of waiting) await one;
  expect(compressor.framed(frame)).toBeInstanceOf(Promise);
  await compressor.framed(frame);
});

it("what waits to be compressed counts, and a closing frame comes after it", async () => {
  const { wire, closes, socket } = wireWith();
  wire.send(frameOf(LARGE));
  wire.send(frameOf(Buffer.from("small")));
  expect(wire.backlog).toBeCloseTo(10.005);
  wire.close();
  expect(closes).toEqual([]);
  const written: Buffer[] = [];
  for await (const chunk of socket) {
    written.push(chunk as Buffer);
    if (Buffer.concat(written).includes("small")) break;
  }
  expect(closes).toEqual([1000]);
});

it("nothing is sent once it is terminated, or the other side has closed", async () => {
  const { wire, closes, socket, ws } = wireWith();
  wire.send(frameOf(LARGE));
  wire.terminate();
  expect(wire.backlog).toBe(0);
  ws.readyState = 2;
  wire.send(frameOf(LARGE));
  await new Compressor(3).framed(frameOf(LARGE)); // takes its turn behind the others
  expect(closes).toEqual(["now"]);
  expect(socket.read()).toBeNull();
});
