import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { FrameEnds } from "./frame-ends.ts";

/** A frame of zeros, which is enough: nothing reads what is in it. */
function frame(opcode: number, isFinal: boolean, length: number, isMasked: boolean): Buffer {
  const short = length < 126 ? length : length <= 0xffff ? 126 : 127;
  const size = Buffer.alloc(short < 126 ? 0 : short === 126 ? 2 : 8);
  if (short === 126) size.writeUInt16BE(length);
  if (short === 127) size.writeBigUInt64BE(BigInt(length));
  const head = Buffer.from([(isFinal ? 0x80 : 0) | opcode, (isMasked ? 0x80 : 0) | short]);
  return Buffer.concat([head, size, Buffer.alloc((isMasked ? 4 : 0) + length)]);
}

const length = fc.oneof(fc.nat(130), fc.integer({ min: 65_530, max: 65_540 }));
const frames = fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.boolean(), length, fc.boolean()), {
  minLength: 1,
  maxLength: 8,
});

it("knows after each piece whether a frame and a message have ended", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(frames, sizes, (list, cuts) => {
      let whole = Buffer.alloc(0);
      /** The positions between messages. */
      const between = new Set([0]);
      let isFragmented = false;
      for (const [opcode, isFinal, size, isMasked] of list) {
        whole = Buffer.concat([whole, frame(opcode, isFinal, size, isMasked)]);
        if (opcode < 8) isFragmented = !isFinal;
        if (!isFragmented) between.add(whole.length);
      }
      // Half of the pieces end where a frame does.
      const ends = [...between];
      const ahead = new FrameEnds();
      for (let at = 0, i = 0; at < whole.length; i++) {
        const size = Math.max(cuts[i % cuts.length] as number, Math.ceil(whole.length / 100));
        const next = size % 2 === 0 ? (ends.find((end) => end > at) ?? whole.length) : at + size;
        ahead.add(whole.subarray(at, next));
        at = Math.min(next, whole.length);
        expect(ahead.isBetweenMessages).toBe(between.has(at));
      }
    }),
    runs(200),
  );
});
