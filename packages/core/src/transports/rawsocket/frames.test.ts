import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { BrokenFraming, exponentOf, FrameReader, FrameType, prefixOf, lengthOf } from "./frames.ts";

it("frames come out unchanged, however the stream is cut", () => {
  const frame = fc.record({ type: fc.constantFrom(0, 1, 2), payload: fc.uint8Array({ maxLength: 300 }) });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(50)), (frames, cuts) => {
      const stream = Buffer.concat(frames.flatMap(({ type, payload }) => [headBytes(type, payload.length), payload]));
      const reader = new FrameReader(1024);
      const out: object[] = [];
      const drain = (): void => {
        for (let next = reader.next(); next !== null; next = reader.next())
          out.push({ type: next.type, payload: new Uint8Array(next.payload) });
      };
      let at = 0;
      for (const cut of cuts) {
        reader.push(stream.subarray(at, at + cut));
        at += cut;
        drain();
      }
      reader.push(stream.subarray(at));
      drain();
      expect(out).toEqual(frames);
    }),
  );
});

it("the longest frame has a bit of its own", () => {
  const prefix = headBytes(FrameType.message, 2 ** 24);
  expect(prefix.toString("hex")).toBe("08000000");
  const reader = new FrameReader(2 ** 24);
  reader.push(prefix);
  reader.push(Buffer.alloc(2 ** 24));
  expect(reader.next()?.payload.length).toBe(2 ** 24);
});

it.each([
  ["longer than was agreed", [0, 0, 4, 1]],
  ["with reserved bits", [0x10, 0, 0, 1]],
  ["of an unknown type", [3, 0, 0, 1]],
])("a frame %s is refused before its payload has come", (_what, bytes) => {
  const reader = new FrameReader(1024);
  reader.push(Buffer.from(bytes));
  expect(() => reader.next()).toThrow(BrokenFraming);
});

it("exponents stand for powers of two from 512 bytes to 16 MiB", () => {
  expect([exponentOf(512), exponentOf(1023), exponentOf(1024), exponentOf(2 ** 24)]).toEqual([0, 0, 1, 15]);
  expect([lengthOf(0), lengthOf(15)]).toEqual([512, 2 ** 24]);
});

it("a frame that comes byte by byte takes about its length in memory", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const length = 300_000;
  const reader = new FrameReader(2 ** 24);
  const before = held();
  for (const byte of Buffer.concat([headBytes(FrameType.message, length), Buffer.alloc(length, 7)]).subarray(0, -1)) {
    reader.push(Buffer.of(byte));
    if (reader.next() !== null) throw new Error("the frame was not whole");
  }
  expect(held() - before).toBeLessThan(10 * length);
  reader.push(Buffer.of(7));
  expect(reader.next()?.payload).toEqual(Buffer.alloc(length, 7));
});

function headBytes(type: number, length: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(prefixOf(type, length));
  return head;
}
