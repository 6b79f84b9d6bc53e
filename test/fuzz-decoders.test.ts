import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tagged } from "cborg";
import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { cbor } from "../packages/core/src/serializers/cbor/codec.ts";
import { batched } from "../packages/core/src/serializers/framing.ts";
import { json } from "../packages/core/src/serializers/json/codec.ts";
import { msgpack } from "../packages/core/src/serializers/msgpack/codec.ts";
import { Extension } from "../packages/core/src/serializers/msgpack/extension.ts";
import type { Serializer } from "../packages/core/src/serializers/serializer.ts";
import { parseHello } from "../packages/core/src/session/parse-hello.ts";
import {
  BrokenFraming,
  FrameReader,
  prefixOf,
  type RawFrame,
} from "../packages/core/src/transports/rawsocket/frames.ts";
import { headOf, type Message, parseMessage } from "../packages/core/src/wamp/messages.ts";
import { WampError } from "../packages/core/src/errors/wamp-error.ts";
import { edited, edits, FUZZ_TIME } from "./support/fuzz.ts";

// What comes from a stranger is a message, or it is refused; and what one decoder lets in, every peer can read.
// Whatever takes no bounded time fails by the tests' own time limit.

const SERIALIZERS = [json, msgpack, cbor] as const;

/** A frame that was handled wrongly once, and how. */
interface Kept {
  readonly format: string;
  readonly why: string;
  readonly hex: string;
}

/** What `run` gives, or the URI it refuses by. Anything else that it throws is a bug. */
function orRefused<T>(run: () => T, uri: string): T | null {
  try {
    return run();
  } catch (error) {
    if (WampError.is(error) && error.uri === uri) return null;
    throw error;
  }
}

const decoded = (serializer: Serializer, bytes: Uint8Array): Message | null =>
  orRefused(() => serializer.decode(bytes), "wamp.error.protocol_violation");

/** All that a message says, in words that every format has. */
function said(message: Message): string {
  const { args = [], kwargs = {} } = ("payload" in message ? message.payload?.values() : undefined) ?? {};
  return JSON.stringify([headOf(message), args, kwargs], (_key, value: unknown) => {
    if (value instanceof Uint8Array) return { binary: Buffer.from(value).toString("hex") };
    if (typeof value === "bigint") return Number(value);
    if (typeof value === "object" && value !== null && "type" in value && value.type === "Buffer") {
      return { binary: Buffer.from((value as unknown as { data: number[] }).data).toString("hex") };
    }
    return value;
  }).replace(/\\ud[89a-f][0-9a-f]{2}/g, "\ufffd");
}

/** What was let in is encoded again, or is refused because the format has no word for it; and reads as it did. */
function expectAgreement(message: Message): void {
  const words = said(message);
  for (const serializer of SERIALIZERS) {
    const bytes = orRefused(() => serializer.encode(message), "wamp.error.invalid_argument");
    // A MessagePack peer may refuse this key, as this router's own decoder does.
    if (bytes === null || words.includes('"__proto__"')) continue;
    expect(said(serializer.decode(bytes))).toBe(words);
  }
}

const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("roles", "authid", "__proto__", "constructor", ""));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom("\0", "\0AQL/", "\0not base64", "\ud800"),
    fc.maxSafeInteger(),
    fc.double(),
    fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** 64, -0, 1e21),
    fc.boolean(),
    fc.constantFrom(null, new Extension(5, Buffer.of(1)), new Tagged(1, 5), new Date(0)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const id = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(1, 2 ** 32, 2 ** 53));
const dict = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true });
const text = fc.oneof(fc.constantFrom("com.example.a", "\0AQL/", "ä"), fc.string({ unit: "grapheme", maxLength: 40 }));
const code = fc.constantFrom(32, 34, 48, 64, 66, 68);
const payload = fc.oneof(fc.constant([]), fc.tuple(fc.array(value, { maxLength: 4 })), fc.tuple(fc.array(value), dict));

/** Every message there is, as a list; half of them may carry a payload. */
const message = fc
  .oneof(
    fc.tuple(fc.constant(1), fc.oneof(text, fc.constant(null)), dict),
    fc.tuple(fc.constantFrom(2, 49, 69), id, dict),
    fc.tuple(fc.constant(6), dict, text),
    fc.tuple(fc.constantFrom(4, 5), text, dict),
    fc.tuple(fc.constantFrom(17, 33, 34, 65, 66), id, id),
    fc.tuple(fc.constantFrom(35, 67), id),
    fc.tuple(fc.constantFrom(32, 64), id, dict, text),
    fc.tuple(fc.constantFrom(16, 48), id, dict, text, payload),
    fc.tuple(fc.constant(3), dict, text, payload),
    fc.tuple(fc.constant(8), code, id, dict, text, payload),
    fc.tuple(fc.constantFrom(36, 68), id, id, dict, payload),
    fc.tuple(fc.constantFrom(50, 70), id, dict, payload),
  )
  .map((parts): unknown[] => [
    ...parts.slice(0, -1),
    ...(Array.isArray(parts.at(-1)) ? (parts.at(-1) as []) : [parts.at(-1)]),
  ]);

/** A list in the format of `serializer`, or null where it has no word for something in it. */
function listIn(serializer: Serializer, list: readonly unknown[]): Uint8Array | null {
  const tail = orRefused(() => serializer.encodeTail({ args: list }), "wamp.error.invalid_argument");
  return tail === null ? null : tail.bytes.subarray(serializer === json ? 1 : 0);
}

it("what broke once is read the same by all, or refused", () => {
  const kept = JSON.parse(readFileSync(join(import.meta.dirname, "corpus/decoders.json"), "utf8")) as Kept[];
  for (const { format, hex } of kept) {
    const serializer = SERIALIZERS.find(({ name }) => name === format) as Serializer;
    const read = decoded(serializer, Buffer.from(hex, "hex"));
    if (read !== null) expectAgreement(read);
  }
});

describe.each(SERIALIZERS)("$name", (serializer) => {
  it(
    "reads every message it can say, and so does every other format",
    () => {
      fc.assert(
        fc.property(message, (list) => {
          const bytes = listIn(serializer, list);
          if (bytes === null) return;
          const read = decoded(serializer, bytes);
          if (read !== null) expectAgreement(read);
          else expect(JSON.stringify(list)).toMatch(/__proto__|\\u0000/);
        }),
        runs(1000),
      );
    },
    FUZZ_TIME,
  );

  it(
    "answers a message that was changed with a message or a protocol violation",
    () => {
      fc.assert(
        fc.property(message, edits, (list, changes) => {
          const bytes = listIn(serializer, list);
          if (bytes === null) return;
          const read = decoded(serializer, edited(bytes, changes));
          if (read !== null) expectAgreement(read);
        }),
        runs(1500),
      );
    },
    FUZZ_TIME,
  );

  it(
    "answers bytes of no form, of any length",
    () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 4096, size: "max" }), (bytes) => {
          const read = decoded(serializer, bytes);
          if (read !== null) expectAgreement(read);
        }),
        runs(1000),
      );
    },
    FUZZ_TIME,
  );

  it(
    "answers what repeats itself for long",
    () => {
      const beginnings = [Buffer.alloc(0), Buffer.from('[48,1,{},"a",[')];
      beginnings.push(Buffer.from("95300180a161", "hex"), Buffer.from("85183001a06161", "hex"));
      for (const beginning of beginnings) {
        for (let byte = 0; byte < 256; byte++) {
          for (const pattern of [[byte], [byte, 0], [byte, 0xff], [byte, 0x22], [0x91, byte], [byte, 0, 0, 0, 1]]) {
            decoded(serializer, Buffer.concat([beginning, Buffer.alloc(20_000, Buffer.from(pattern))]));
          }
        }
      }
    },
    FUZZ_TIME,
  );

  it("lets in as many levels as the others", () => {
    const nested = (levels: number): unknown[] => (levels === 0 ? [] : [nested(levels - 1)]);
    for (const levels of [95, 96, 97, 98]) {
      const bytes = listIn(serializer, [48, 1, {}, "a.b", nested(levels)]);
      if (bytes === null) throw new Error(`${levels} levels were refused`);
      expectAgreement(serializer.decode(bytes));
    }
  });
});

describe.each(SERIALIZERS)("batches of $name", (serializer) => {
  it(
    "give back what was put in, whatever it was",
    () => {
      const piece = fc
        .uint8Array({ minLength: 1 })
        .filter((bytes) => serializer.binary || ![0x1e, 0x18].some((separator) => bytes.includes(separator)));
      fc.assert(
        fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
          const framing = batched(serializer);
          const split = [...framing.split(framing.join(pieces))];
          expect(split.map((bytes) => Buffer.from(bytes))).toEqual(pieces.map((bytes) => Buffer.from(bytes)));
        }),
        runs(500),
      );
    },
    FUZZ_TIME,
  );

  it(
    "that were changed are pieces of the frame, or a protocol violation",
    () => {
      fc.assert(
        fc.property(
          fc.array(fc.uint8Array({ minLength: 1 }), { minLength: 1, maxLength: 5 }),
          edits,
          (pieces, changes) => {
            const framing = batched(serializer);
            const frame = edited(framing.join(pieces), changes);
            const split = orRefused(() => [...framing.split(frame)], "wamp.error.protocol_violation");
            if (split === null) return;
            expect(split.every(({ length }) => length > 0)).toBe(true);
            expect(Buffer.from(framing.join(split))).toEqual(frame);
          },
        ),
        runs(1000),
      );
    },
    FUZZ_TIME,
  );
});

describe("RawSocket's frames", () => {
  const MAX = 512;

  /** The frames of a stream that comes in `chunks`, up to where it is broken. */
  function framesOf(chunks: readonly Buffer[]): { frames: RawFrame[]; broken: boolean } {
    const reader = new FrameReader(MAX);
    const frames: RawFrame[] = [];
    try {
      for (const chunk of chunks) {
        reader.push(chunk);
        for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame);
      }
      return { frames, broken: false };
    } catch (error) {
      if (!(error instanceof BrokenFraming)) throw error;
      return { frames, broken: true };
    }
  }

  it(
    "are the same however the bytes come, and broken at the same place",
    () => {
      const frame = fc
        .tuple(fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: MAX }))
        .map(([type, bytes]) => rawFrame(type, bytes));
      const stream = fc.oneof(
        fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
        fc
          .tuple(fc.array(frame, { maxLength: 8 }), fc.oneof(fc.constant([]), edits))
          .map(([frames, changes]) => edited(Buffer.concat(frames), changes)),
      );
      fc.assert(
        fc.property(stream, fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }), (bytes, sizes) => {
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = (sizes[i % sizes.length] ?? 0) + (i % 7 === 0 ? 1 : 0);
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(framesOf(chunks)).toEqual(framesOf([bytes]));
        }),
        runs(1000),
      );
    },
    FUZZ_TIME,
  );
});

describe("a list that any decoder may give", () => {
  it(
    "is a message that is written as it was read, or a protocol violation",
    () => {
      const anything = fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, withNullPrototype: true });
      const list = fc.oneof(
        anything,
        fc.array(anything),
        fc.tuple(fc.nat(70), fc.array(anything)).map(([code, rest]) => [code, ...rest]),
      );
      fc.assert(
        fc.property(fc.oneof(list, message), (elements) => {
          const read = orRefused(() => parseMessage(elements), "wamp.error.protocol_violation");
          if (read !== null) expect((elements as unknown[]).slice(0, headOf(read).length)).toEqual(headOf(read));
        }),
        runs(2000),
      );
    },
    FUZZ_TIME,
  );

  it(
    "as a HELLO says who knocks, or is refused",
    () => {
      const field = fc.oneof(value, fc.anything());
      const details = fc.record(
        {
          authid: fc.oneof(fc.string(), field),
          authrole: fc.oneof(fc.string(), field),
          authmethods: fc.oneof(fc.array(fc.string()), field),
          authextra: fc.oneof(dict, field),
          roles: fc.oneof(
            fc.constant({ caller: {} }),
            fc.dictionary(fc.constantFrom("caller", "callee"), field),
            field,
          ),
        },
        { requiredKeys: [] },
      );
      fc.assert(
        fc.property(
          fc.oneof(fc.string(), fc.constantFrom("realm1", "", null)),
          fc.oneof(details, dict),
          (realm, own) => {
            try {
              const hello = parseHello({ type: "HELLO", realm, details: own });
              expect([hello.authid, hello.authrole].every((name) => name === null || name !== "")).toBe(true);
              expect(hello.authmethods.length).toBeGreaterThan(0);
            } catch (error) {
              if (!WampError.is(error)) throw error;
            }
          },
        ),
        runs(2000),
      );
    },
    FUZZ_TIME,
  );
});

function rawFrame(type: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(prefixOf(type, payload.length));
  return Buffer.concat([head, payload]);
}
