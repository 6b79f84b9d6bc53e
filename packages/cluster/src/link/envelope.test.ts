import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { CONTENT_FIXED, contentAt, contentOf, headIn, type Inside, payloadOf } from "./content.ts";
import {
  type Envelope,
  FIXED,
  Kind,
  Parts,
  partsOf,
  readEnvelope,
  VERSION,
  versionOf,
  writeEnvelope,
  writeParts,
} from "./envelope.ts";
import { Pair } from "./pair.ts";

const MARKS = { epoch: 7, peerEpoch: 8, number: 9, acknowledged: 10, asks: true };

/** A range of longer bytes. */
const payload = fc
  .record({
    format: fc.constantFrom("json", "msgpack", "cbor"),
    count: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    source: fc.uint8Array({ maxLength: 500 }),
    begin: fc.nat(500),
    end: fc.nat(500),
  })
  .map(({ source, begin, end, ...rest }) => {
    const from = Math.min(begin, source.length);
    return { ...rest, source, begin: from, end: Math.max(from, Math.min(end, source.length)) };
  });
const values = fc.anything({
  key: fc.string().filter((key) => key !== "__proto__"),
  withBigInt: false,
  withDate: false,
  values: [
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
    fc.uint8Array({ maxLength: 50 }),
  ],
  maxDepth: 3,
});

/** The contents of a whole envelope. */
function contentsOf({ body, begin }: Envelope): Inside[] {
  const contents: Inside[] = [];
  for (let at = begin; at < body.length;) {
    const content = contentAt(body, at);
    if (content === null) break;
    contents.push(content);
    at = content.end;
  }
  return contents;
}

it("what is written is read again, with its payload, whatever it is", () => {
  fc.assert(
    fc.property(values, fc.option(payload, { nil: undefined }), (head, packed) => {
      const envelope = readEnvelope(writeEnvelope(contentOf(Kind.fact, head, packed), MARKS, Kind.bundle)) as Envelope;
      expect(envelope).toMatchObject({ kind: Kind.bundle, ...MARKS });
      const [content, ...others] = contentsOf(envelope) as [Inside];
      expect([content.kind, others]).toEqual([Kind.fact, []]);
      expect(plain(headIn(content)?.head)).toEqual(plain(head));
      expect(plain(payloadOf(content))).toEqual(plain(packed));
    }),
    runs(300),
  );
});

it("what is longer than a carrier takes crosses in parts, of any length", () => {
  fc.assert(
    fc.property(payload, fc.integer({ min: FIXED + 1, max: 600 }), (packed, maxBytes) => {
      const whole = writeEnvelope(contentOf(Kind.fact, ["realm1", "x".repeat(100)], packed), MARKS, Kind.bundle);
      const written = writeParts(whole, MARKS, maxBytes);
      if (whole.length > maxBytes) expect(written).toHaveLength(partsOf(whole.length, maxBytes));
      const parts = new Parts();
      const taken = written.map((bytes, i) => {
        expect(bytes.length).toBeLessThanOrEqual(maxBytes);
        const envelope = readEnvelope(bytes);
        expect(envelope).toMatchObject({ kind: Kind.bundle, number: MARKS.number + i });
        return envelope === null ? null : parts.add(envelope);
      });
      const last = taken.pop() as Envelope;
      expect(taken.every((part) => part === null)).toBe(true);
      const [content] = contentsOf(last) as [Inside];
      expect(headIn(content)?.head).toEqual(["realm1", "x".repeat(100)]);
      expect(plain(payloadOf(content))).toEqual(plain(packed));
    }),
    runs(300),
  );
});

it("bytes that are no envelope are told from one, and nothing is thrown, whatever they are", () => {
  const valid = writeEnvelope(
    contentOf(Kind.fact, ["realm1", { a: new Uint8Array(3) }], undefined),
    MARKS,
    Kind.bundle,
  );
  const changed = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 })
    .map((changes) => changes.reduce((bytes, [at, byte]) => bytes.fill(byte, at, at + 1), Buffer.from(valid)));
  const cut = fc.nat(valid.length).map((length) => valid.subarray(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), changed, cut), (bytes) => {
      if (versionOf(bytes) !== VERSION) return;
      const envelope = readEnvelope(bytes);
      if (envelope === null) return;
      for (const content of contentsOf(envelope)) {
        expect(content.end).toBeLessThanOrEqual(bytes.length);
        expect(content.end - content.begin).toBeGreaterThanOrEqual(0);
        headIn(content);
        payloadOf(content);
      }
    }),
    runs(3000),
  );
});

it("each content takes some bytes, so that no envelope has more of them than it has room for", () => {
  const bytes = Buffer.alloc(100 * CONTENT_FIXED);
  const contents = contentsOf({ kind: Kind.bundle, flags: 0, ...MARKS, body: bytes, begin: 0 });
  expect(contents).toHaveLength(100);
});

it("a pair takes whatever numbers come: each content once, in its order, or a gap", () => {
  const numbers = fc.array(fc.record({ number: fc.nat(6), acknowledged: fc.nat(6), flags: fc.nat(3) }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(numbers, (envelopes) => {
      const pair = new Pair(
        "b",
        1,
        false,
        () => undefined,
        () => undefined,
        { maxBytes: 1000, window: 65_536 },
      );
      pair.open();
      let last = 0;
      for (const { number, acknowledged, flags } of envelopes) {
        const taken = pair.take({
          kind: Kind.bundle,
          flags,
          epoch: 1,
          peerEpoch: 1,
          number,
          acknowledged,
          asks: false,
          body: Buffer.from("1"),
          begin: 0,
        });
        if (taken === "gap") {
          pair.reset(2);
          pair.open();
          last = 0;
        } else if (number > last) {
          expect(number).toBe(last + 1);
          last = number;
        } else expect(taken).toBeNull();
      }
    }),
    runs(500),
  );
});

/** Buffers as other bytes, ranges as what is in them, and objects without a prototype as others. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { source, begin, end, ...rest } = value as { source?: unknown; begin?: number; end?: number };
  if (source instanceof Uint8Array) return { ...rest, bytes: [...source.subarray(begin, end)] };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
