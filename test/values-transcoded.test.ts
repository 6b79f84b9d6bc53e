import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { WampError } from "../packages/core/src/errors/wamp-error.ts";
import { cbor } from "../packages/core/src/serializers/cbor/codec.ts";
import { json } from "../packages/core/src/serializers/json/codec.ts";
import { msgpack } from "../packages/core/src/serializers/msgpack/codec.ts";
import type { Serializer } from "../packages/core/src/serializers/serializer.ts";
import type { Message } from "../packages/core/src/wamp/messages.ts";
import { RawPayload, type TailCodec } from "../packages/core/src/wamp/payload.ts";
import { anyStyle, anyValue } from "./support/any-values.ts";
import { arrives, type Format, FORMATS, inOneOrder, keyOf, Refused, type Style, type Value } from "./support/values.ts";
import { decode } from "./support/values-read.ts";
import { encode } from "./support/values-written.ts";

// What a router makes of values of one format in another: the table of docs/guides/values.md.

const CODECS: Record<Format, Serializer & TailCodec> = { json, msgpack, cbor };
const PAIRS = FORMATS.flatMap((from) => FORMATS.map((to) => [from, to] as const));

/** `[16, 1, {}, "a.b", [value]]`. Null if the format has no word for the value. */
function publish(value: Value, format: Format, style: Style): Buffer | null {
  try {
    const bytes = encode(value, format, style);
    if (format === "json") return Buffer.from(`[16,1,{},"a.b",[${bytes.toString()}]]`);
    return Buffer.concat([
      Buffer.from(format === "msgpack" ? "95100180a3612e6291" : "851001a063612e6281", "hex"),
      bytes,
    ]);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

function payloadOf(frame: Buffer, format: Format): RawPayload {
  const message: Message = CODECS[format].decode(frame);
  const payload = message.type === "PUBLISH" ? message.payload : undefined;
  if (!(payload instanceof RawPayload)) throw new Error("the payload was decoded");
  return payload;
}

/** The one argument, as `to` has it; null if it was refused. */
function crossed(frame: Buffer, from: Format, to: Format): Buffer | null {
  try {
    const { bytes } = payloadOf(frame, from).tail(CODECS[to]);
    return Buffer.from(to === "json" ? bytes.subarray(2, -1) : bytes.subarray(1));
  } catch (error) {
    if (WampError.is(error) && error.uri === "wamp.error.invalid_argument") return null;
    throw error;
  }
}

function expected(value: Value, from: Format, to: Format): Value | null {
  try {
    return arrives(value, from, to);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

it.each(PAIRS)("every value of %s arrives in %s as the table says, or is refused", (from, to) => {
  fc.assert(
    fc.property(anyValue, anyStyle, (value, style) => {
      const frame = publish(value, from, style);
      if (frame === null) return;
      const bytes = crossed(frame, from, to);
      if (from === to) expect(bytes?.toString("hex")).toBe(encode(value, from, style).toString("hex"));
      else expect(inOneOrder(bytes && decode(bytes, to))).toEqual(inOneOrder(expected(value, from, to)));
    }),
    runs(1500),
  );
});

it.each(PAIRS)("what came in %s and went to %s is well-formed, and nests no deeper", (from, to) => {
  fc.assert(
    fc.property(anyValue, anyStyle, (value, style) => {
      const frame = publish(value, from, style);
      if (frame === null || crossed(frame, from, to) === null) return;
      expect(CODECS[to].decode(CODECS[to].encode(CODECS[from].decode(frame))).type).toBe("PUBLISH");
    }),
    runs(300),
  );
});

it.each(FORMATS)("code in JavaScript that passes on what it got in %s changes nothing but floats", (format) => {
  const codec = CODECS[format];
  fc.assert(
    fc.property(anyValue.filter(isForJavaScript), anyStyle, (value, style) => {
      const frame = publish(value, format, style);
      if (frame === null) return;
      const { args = [] } = payloadOf(frame, format).values();
      const { bytes } = codec.encodeTail({ args });
      const back = Buffer.from(format === "json" ? bytes.subarray(2, -1) : bytes.subarray(1));
      expect(inOneOrder(decode(back, format))).toEqual(inOneOrder(value));
    }),
    runs(1000),
  );
});

/** Whether JavaScript has a word for it: for whole floats it has not, and times have milliseconds. */
function isForJavaScript(value: Value): boolean {
  switch (value.is) {
    case "list":
      return value.items.every(isForJavaScript);
    case "dict":
      return new Set(value.entries.map(([key]) => keyOf(key))).size === value.entries.length &&
        value.entries.every(([key, item]) => key.is === "text" && isForJavaScript(item)); // prettier-ignore
    case "null":
    case "boolean":
    case "integer":
    case "text":
    case "binary":
      return true;
    default:
      return false;
  }
}

describe("a number of a million digits", () => {
  it("is refused elsewhere at once", () => {
    const digits = Buffer.from(`[16,1,{},"a.b",[${"9".repeat(1_000_000)}]]`);
    expect(crossed(digits, "json", "cbor")).toBeNull();
    expect(crossed(digits, "json", "json")?.length).toBe(1_000_000);
    const bytes = Buffer.concat([Buffer.from("851001a063612e6281c25a000f4240", "hex"), Buffer.alloc(1_000_000, 1)]);
    expect(crossed(bytes, "cbor", "json")).toBeNull();
  });

  it("that few bytes stand for is refused", () => {
    // Tag 5: 1 times 2 to the power of 2^32.
    const frame = Buffer.from("851001a063612e6281c5821b000000010000000001", "hex");
    expect(crossed(frame, "cbor", "json")).toBeNull();
    // Tag 4 takes an exponent as it is.
    const decimal = Buffer.from("851001a063612e6281c4821b000000010000000001", "hex");
    expect(crossed(decimal, "cbor", "json")?.toString()).toBe('"1E+4294967296"');
  });
});

it.each([
  ["half of a surrogate pair", '"\\ud800"'],
  ["a key with half of a surrogate pair", '{"\\udfff":1}'],
  ["a number beyond any float", "1e999"],
  ["a text that begins with NUL and is not base64", '"\\u0000a b"'],
  ["base64 that ends too early", '"\\u0000A"'],
])("%s can be said in JSON alone", (_what, text) => {
  const frame = Buffer.from(`[16,1,{},"a.b",[${text}]]`);
  for (const to of ["msgpack", "cbor"] as const) expect(crossed(frame, "json", to)).toBeNull();
  expect(crossed(frame, "json", "json")?.toString()).toBe(text);
});

it.each([
  ["2013-03-21T20:04:00Z", "d6ff514b67b0"],
  ["2013-03-21T22:04:00+02:00", "d6ff514b67b0"],
  ["2013-03-21T20:04:00.5Z", "d7ff77359400514b67b0"],
  ["1969-12-31T23:59:59.999999999Z", "c70cff3b9ac9ffffffffffffffffff"],
  ["2013-02-30T20:04:00Z", null],
  ["2013-03-21T20:04:60Z", null],
  ["2013-03-21T20:04:00.0000000001Z", null],
  ["2013-03-21", null],
])("the time %s of CBOR is %s in MessagePack", (text, hex) => {
  const value: Value = { is: "tag", tag: 0, value: { is: "text", value: text } };
  const frame = publish(value, "cbor", { long: false, open: false }) as Buffer;
  expect(crossed(frame, "cbor", "msgpack")?.toString("hex") ?? null).toBe(hex);
  if (hex !== null) expect(crossed(frame, "cbor", "json")?.toString()).toBe(`"${text}"`);
});
