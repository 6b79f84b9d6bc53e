import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { runs } from "../../../../../../jest/runs.ts";
import { FrameInflater, type InflateLimits, type Refusal } from "./frame-inflater.ts";

const LIMITS: InflateLimits = { maxMessageSize: 1_000_000, maxRatio: 100, maxFragments: 100 };

interface Part {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly isFinal?: boolean;
  readonly isCompressed?: boolean;
  readonly mask?: Buffer;
}

/** A client's frame. */
function frame({ opcode, payload, isFinal = true, isCompressed = false, mask = Buffer.from([1, 2, 3, 255]) }: Part) {
  const { length } = payload;
  const head = Buffer.from([
    (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode,
    0x80 | (length < 126 ? length : length <= 0xffff ? 126 : 127),
  ]);
  const size = Buffer.alloc(length < 126 ? 0 : length <= 0xffff ? 2 : 8);
  if (size.length === 2) size.writeUInt16BE(length);
  else if (size.length === 8) size.writeBigUInt64BE(BigInt(length));
  const masked = Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
  return Buffer.concat([head, size, mask, masked]);
}

function compressed(payload: Buffer): Buffer {
  return deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** What is in a stream of plain frames, less the order of control frames. @throws if it is none */
function read(bytes: Buffer): { messages: string[]; controls: string[] } {
  const [messages, controls]: [string[], string[]] = [[], []];
  let fragments: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const [first = 0, second = 0] = bytes.subarray(at);
    const short = second & 0x7f;
    const size = short === 126 ? 4 : short === 127 ? 10 : 2;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    const mask = bytes.subarray(at + size, at + size + 4);
    const payload = bytes.subarray(at + size + 4, at + size + 4 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    at += size + 4 + length;
    expect(at).toBeLessThanOrEqual(bytes.length);
    expect(first & 0x70).toBe(0);
    if ((first & 0x08) !== 0) controls.push(`${first & 0x0f} ${Buffer.from(payload).toString("hex")}`);
    else {
      if (fragments.length === 0) fragments.push(Buffer.from([first & 0x0f]));
      fragments.push(Buffer.from(payload));
      if ((first & 0x80) === 0) continue;
      messages.push(Buffer.concat(fragments).toString("hex"));
      fragments = [];
    }
  }
  return { messages, controls };
}

/** An inflater, and what it gave; `settled` resolves when it waits for input. */
function inflating(limits: Partial<InflateLimits> = {}) {
  const given: Uint8Array[] = [];
  const refusals: Refusal[] = [];
  let isBusy = false;
  let settle = (): void => undefined;
  const inflater = new FrameInflater(
    { ...LIMITS, ...limits },
    {
      push: (bytes) => void given.push(Buffer.from(bytes)),
      busy: (now) => {
        isBusy = now;
        if (!now) settle();
      },
      refused: (refusal) => void refusals.push(refusal),
    },
  );
  inflater.isAllowed = true;
  const settled = async (): Promise<void> => {
    if (isBusy) await new Promise<void>((resolve) => (settle = resolve));
  };
  return { inflater, refusals, settled, output: () => Buffer.concat(given) };
}

/** Cut into frames, with a PING between them. */
function frames(message: { payload: Buffer; isCompressed: boolean; cuts: readonly number[] }): Buffer {
  const whole = message.isCompressed ? compressed(message.payload) : message.payload;
  const ends = [...message.cuts.map((cut) => Math.floor(cut * whole.length)), whole.length].sort((a, b) => a - b);
  const parts = ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end));
  return Buffer.concat(
    parts.flatMap((payload, i) => [
      frame({
        opcode: i === 0 ? 2 : 0,
        payload,
        isFinal: i === parts.length - 1,
        isCompressed: i === 0 && message.isCompressed,
      }),
      frame({ opcode: 9, payload: Buffer.from([i]) }),
    ]),
  );
}

it("however messages are compressed, divided into frames and cut on the way, the same ones come out", async () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.nat({ max: 70_000 }), fc.nat({ max: 255 })).map(([length, byte]) => new Uint8Array(length).fill(byte)),
  );
  const message = fc.record({
    payload: payload.map((bytes) => Buffer.from(bytes)),
    isCompressed: fc.boolean(),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  });
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 6 }), sizes, async (messages, cuts) => {
      const { inflater, output, settled, refusals } = inflating({ maxRatio: 1032 });
      const stream = Buffer.concat(messages.map(frames));
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = Math.max(cuts[i % cuts.length] ?? 1, stream.length / 1000);
        inflater.feed(Buffer.from(stream.subarray(at, at + size)));
        if (i % 2 === 0) await settled();
        at += Math.floor(size) || 1;
        if (Math.floor(size) !== size) at = Math.min(at, stream.length);
      }
      await settled();
      expect(refusals).toEqual([]);
      const plain = read(output());
      expect(plain.messages).toEqual(messages.map((one) => `02${one.payload.toString("hex")}`));
      expect(plain.controls).toHaveLength(messages.reduce((sum, { cuts: own }) => sum + own.length + 1, 0));
    }),
    runs(100),
  );
});

it("what is not compressed passes byte by byte, also what is wrong", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
      const { inflater, output } = inflating();
      inflater.isAllowed = false;
      const whole = Buffer.concat(chunks);
      for (const chunk of chunks) inflater.feed(Buffer.from(chunk));
      // The head of a frame waits until it is whole.
      expect(whole.subarray(0, output().length)).toEqual(output());
      expect(whole.length - output().length).toBeLessThan(14);
    }),
    runs(500),
  );
});

it("any bytes end in frames or in one refusal, and never in more than the limits allow", async () => {
  const part = fc.record({
    opcode: fc.constantFrom(0, 1, 2, 8, 9, 3),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      fc.nat({ max: 500_000 }).map((length) => compressed(Buffer.alloc(length))),
    ),
    isFinal: fc.boolean(),
    isCompressed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const { inflater, output, settled, refusals } = inflating({ maxMessageSize: 100_000, maxRatio: 2 });
      for (const one of parts) {
        inflater.feed(frame(one));
        await settled();
      }
      expect(refusals.length).toBeLessThanOrEqual(1);
      expect(output().length).toBeLessThanOrEqual(parts.length * (65_536 + 20));
    }),
    runs(200),
  );
});

describe("it refuses", () => {
  const TEXT = Buffer.from("a".repeat(200_000));
  const one = { opcode: 1, payload: compressed(TEXT), isCompressed: true };
  const first = { ...one, isFinal: false };

  it.each([
    ["a message that grows past max-ratio", [one], {}, { code: 1009, limit: "compression.max-ratio" }],
    [
      "one that grows past max-message-size",
      [one],
      { maxMessageSize: 1000 },
      { code: 1009, limit: "max-message-size" },
    ],
    ["one that is too large as it is", [one], { maxMessageSize: 10 }, { code: 1009, limit: "max-message-size" }],
    ["one in too many frames", [first, { opcode: 0, payload: TEXT }], { maxFragments: 1 }, { code: 1008, limit: null }],
    ["a message within another one", [first, { opcode: 1, payload: TEXT }], {}, { code: 1002, limit: null }],
    ["two that begin", [first, one], {}, { code: 1002, limit: null }],
    ["a mark on what is no beginning", [first, { ...one, opcode: 0 }], {}, { code: 1002, limit: null }],
    ["what is no compressed data", [{ ...one, payload: Buffer.from("???") }], {}, { code: 1007, limit: null }],
  ])("%s, once, and takes nothing after it", async (_what, parts: Part[], limits, expected) => {
    const { inflater, output, refusals, settled } = inflating(limits);
    inflater.feed(Buffer.concat(parts.map((part) => frame(part))));
    await settled();
    expect(refusals).toEqual([{ ...expected, text: expect.stringMatching(/^sent /) as string }]);
    inflater.feed(frame(one));
    await settled();
    expect(output()).toHaveLength(0);
    expect(refusals).toHaveLength(1);
  });
});

it("before WELCOME a compressed message passes as it is, so that it is refused", () => {
  const { inflater, output } = inflating();
  inflater.isAllowed = false;
  const bytes = frame({ opcode: 1, payload: compressed(Buffer.from("{}")), isCompressed: true });
  inflater.feed(bytes);
  expect(output()).toEqual(bytes);
});
