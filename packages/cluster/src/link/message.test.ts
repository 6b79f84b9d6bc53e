import type { RemoteMessage } from "@wampgate/core";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { CONTENT_FIXED, contentAt } from "./content.ts";
import { Kind } from "./envelope.ts";
import { Form } from "./head.ts";
import { messageContent, readMessage } from "./message.ts";

/** A content as it is written, somewhere in longer bytes. */
function written(realm: string, sent: RemoteMessage, before = 0): Buffer {
  const content = messageContent(realm, sent);
  const bytes = Buffer.alloc(before + content.size, 0xee);
  content.write(bytes, before);
  return bytes;
}

/** A range of longer bytes. */
const packed = fc
  .record({
    format: fc.constantFrom("json", "msgpack", "cbor"),
    count: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    source: fc.uint8Array({ maxLength: 300 }),
    begin: fc.nat(300),
    end: fc.nat(300),
  })
  .map(({ source, begin, end, ...rest }) => {
    const from = Math.min(begin, source.length);
    return { ...rest, source, begin: from, end: Math.max(from, Math.min(end, source.length)) };
  });
const payload = fc.option(packed, { nil: undefined });
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constant("x".repeat(5000)),
);
const details = fc.oneof(
  fc.constant({}),
  fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    fc.oneof(fc.jsonValue(), fc.uint8Array()),
    { maxKeys: 3 },
  ),
) as fc.Arbitrary<Record<string, unknown>>;
const id = fc.maxSafeNat();
const audience = fc.constantFrom(null, null, [{ attribute: "authid", members: ["joe"], isWanted: true } as const]);
const event = fc.record({ id, topic: text, payload, details, audience, retain: fc.boolean(), at: id });
const invocation = fc.record({ request: id, registration: id, callee: id, isFirst: fc.boolean(), details, payload });
const result = fc.record({ request: id, details, payload });
const error = fc.record({ request: id, details, error: text, payload, cause: fc.constant(null) });
const message: fc.Arbitrary<RemoteMessage> = fc.oneof(
  event.map((fields) => ({ type: "EVENT", ...fields }) as const),
  invocation.map((fields) => ({ type: "INVOCATION", ...fields }) as const),
  result.map((fields) => ({ type: "RESULT", ...fields }) as const),
  error.map((fields) => ({ type: "ERROR", ...fields }) as const),
);

it("a message is read as it was written, whatever is in it", () => {
  fc.assert(
    fc.property(text, message, fc.nat(30), (realm, sent, before) => {
      const bytes = written(realm, sent, before);
      const content = contentAt(Buffer.concat([bytes, Buffer.alloc(5)]), before);
      expect(content).toMatchObject({ kind: Kind.message, end: bytes.length });
      const read = content === null ? null : readMessage(content);
      expect(plain(read)).toEqual(plain({ realm, message: sent }));
    }),
    runs(1000),
  );
});

it("the most frequent messages have a brief head, and those that it cannot say have another one", () => {
  const formFor = (sent: RemoteMessage): number | null => {
    return contentAt(written("realm1", sent), 0)?.form ?? null;
  };
  const plainEvent = { id: 1, topic: "com.example", payload: undefined, details: {}, audience: null, at: 2 ** 52 };
  const sent = { type: "EVENT", retain: false, ...plainEvent } as const;
  const called = {
    type: "INVOCATION",
    request: 1,
    registration: 2,
    callee: 3,
    isFirst: true,
    payload: undefined,
  } as const;
  expect(formFor(sent)).toBe(Form.brief);
  expect(formFor({ ...called, details: { procedure: "com.example.ä" } })).toBe(Form.brief);
  expect(formFor({ type: "RESULT", request: 1, details: { progress: true }, payload: undefined })).toBe(Form.brief);
  expect(formFor({ ...sent, topic: "com.example.ä" })).toBe(Form.json);
  expect(formFor({ ...sent, topic: "x".repeat(70_000) })).toBe(Form.json);
  expect(formFor({ ...sent, audience: [] })).toBe(Form.json);
  expect(formFor({ ...called, details: { bytes: new Uint8Array(1) } })).toBe(Form.cbor);
});

it("of bytes that are no brief head, a message comes out or none, and nothing is thrown", () => {
  const changed = fc
    .tuple(message, fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }), fc.nat(200))
    .map(([one, changes, length]) => {
      const valid = written("realm1", one);
      const bytes = Buffer.from(valid.subarray(0, Math.max(CONTENT_FIXED, valid.length - Math.max(0, length - 100))));
      for (const [at, byte] of changes) if (CONTENT_FIXED + at < bytes.length) bytes[CONTENT_FIXED + at] = byte;
      return bytes;
    });
  const any = fc.uint8Array({ minLength: CONTENT_FIXED, maxLength: 90 }).map((bytes) => {
    bytes.set([Kind.message, Form.brief, 0, 0, bytes.length - CONTENT_FIXED, 0, 0, 0, 0, 0, 0, 0], 0);
    return Buffer.from(bytes);
  });
  fc.assert(
    fc.property(fc.oneof(changed, any), (bytes) => {
      const content = contentAt(bytes, 0);
      const read = content === null ? null : readMessage(content);
      if (read !== null) expect(read.realm.length).toBeLessThanOrEqual(bytes.length);
    }),
    runs(5000),
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
