import { encode as encodeCbor } from "cborg";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { TooDeep, TooManyValues, WampError } from "../errors/wamp-error.ts";
import { cbor } from "./cbor/codec.ts";
import { batched } from "./framing.ts";
import { decodeJsonInFull, json } from "./json/codec.ts";
import { decodeMsgpackInFull, msgpack } from "./msgpack/codec.ts";
import { MAX_DEPTH, MAX_VALUES } from "./serializer.ts";

// A byte of a frame can become a hundred bytes of memory. So the values of a message are counted before any is created.

const FORMATS = [
  { name: "JSON", serializer: json, encoded: (list: unknown[]) => Buffer.from(JSON.stringify(list)) },
  { name: "MessagePack", serializer: msgpack, encoded: (list: unknown[]) => msgpack.encodeTail({ args: list }).bytes },
  { name: "CBOR", serializer: cbor, encoded: (list: unknown[]) => encodeCbor(list) },
] as const;

/** The members of all lists and dictionaries. */
function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const members = Object.values(value);
  return members.reduce<number>((sum, member) => sum + countOf(member), members.length);
}

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ maxLength: 40 }),
    fc.constantFrom('[{,"', '\\"', `${"\\".repeat(40)}"${"[".repeat(40)}`),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie("value"), { maxKeys: 6, noNullPrototype: true }),
  ),
}));
const dict = fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 3, noNullPrototype: true });
const message = fc.oneof(
  fc.tuple(fc.constant(48), fc.constant(1), dict, fc.constant("a.b"), fc.array(value, { maxLength: 5 }), dict),
  fc.tuple(fc.constant(16), fc.constant(1), dict, fc.constant("a.b")),
  fc.tuple(fc.constant(1), fc.constant("realm1"), dict),
);

function refusalOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

describe.each(FORMATS)("$name", ({ serializer, encoded }) => {
  it("allows exactly max-values values, in heads and payloads", () => {
    fc.assert(
      fc.property(message, (list) => {
        if (JSON.stringify(list).includes("__proto__")) return; // of which MessagePack says nothing
        const bytes = encoded(list);
        const count = countOf(list);
        expect(serializer.decode(bytes, MAX_DEPTH, count).type).toBeDefined();
        expect(refusalOf(() => serializer.decode(bytes, MAX_DEPTH, count - 1))).toBeInstanceOf(TooManyValues);
      }),
      runs(1000),
    );
  });

  it("allows 100000 values by default, and names the limit in the refusal", () => {
    const frame = (size: number): Uint8Array => encoded([48, 1, {}, "a.b", Array(size).fill(0)]);
    expect(serializer.decode(frame(MAX_VALUES - 5)).type).toBe("CALL");
    expect(() => serializer.decode(frame(MAX_VALUES - 4))).toThrow("more than 100000 values (max-values)");
  });

  it("counts each message of a batch separately", () => {
    const framing = batched(serializer);
    const one = encoded([48, 1, {}, "a.b", [1, 2, 3]]);
    const read = [...framing.split(framing.join([one, one, one]))].map((each) => serializer.decode(each, MAX_DEPTH, 8));
    expect(read).toHaveLength(3);
  });
});

/** A HELLO of 16 MiB: as many empty dictionaries or lists as go in, in each format. */
const SIZE = 16 * 1024 * 1024;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const sized = (head: string, byte: number): Buffer => {
  const start = hex(head);
  start.writeUInt32BE(SIZE, start.length - 4);
  return Buffer.concat([start, Buffer.alloc(SIZE, byte)]);
};
/** `[1, "a", {"b": [` */
const BOMBS = [
  ["empty dictionaries in MessagePack", msgpack, sized("93 01 a161 81 a162 dd 00000000", 0x80)],
  ["empty dictionaries in a CALL of MessagePack", msgpack, sized("95 30 01 80 a161 dd 00000000", 0x80)],
  ["numbers as keys in MessagePack", msgpack, sized("93 01 a161 81 a162 dd 00000000", 0x01)],
  ["empty dictionaries in CBOR", cbor, sized("83 01 6161 a1 6162 9a 00000000", 0xa0)],
  ["a list of no given length in CBOR", cbor, Buffer.concat([hex("83 01 6161 a1 6162 9f"), Buffer.alloc(SIZE, 0xa0)])],
  ["dictionaries in JSON", json, Buffer.from(`[1,"a",{"b":[{}${",{}".repeat(SIZE / 3)}]}]`)],
  ["dictionaries in a CALL of JSON", json, Buffer.from(`[48,1,{},"a",[{}${",{}".repeat(SIZE / 3)}]]`)],
  ["keys in JSON", json, Buffer.from(`[1,"a",{"b":0${',"":0'.repeat(SIZE / 5)}}]`)],
] as const;

it.each(BOMBS)("16 MiB of %s are refused before any object is created", (_what, serializer, frame) => {
  const before = process.memoryUsage().heapUsed;
  expect(() => serializer.decode(frame)).toThrow(TooManyValues);
  // A fortieth of what it was: 16 million objects would be hundreds of MiB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(SIZE);
});

it.each([
  ["JSON", json, `[48,1,{},"a",[${"0,".repeat(MAX_VALUES)}`, "\u0001}{"],
  ["MessagePack", msgpack, hex("95 30 01 80 a161 dd 00100000"), Buffer.alloc(1 << 20, 0xc1)],
  ["CBOR", cbor, Buffer.concat([hex("85 18 30 01 a0 6161 9f"), Buffer.alloc(MAX_VALUES, 0)]), Buffer.alloc(9, 0xfc)],
])("what stands behind the limit is not looked at in %s", (_name, serializer, start, rest) => {
  const frame = Buffer.concat([Buffer.from(start as string), Buffer.from(rest as string)]);
  expect(() => serializer.decode(frame)).toThrow(TooManyValues);
});

it.each([
  ["a list in MessagePack", msgpack, "95 30 01 80 a161 dd ffffffff"],
  ["a short list in MessagePack", msgpack, "95 30 01 80 a161 dc ffff c0"],
  ["a dictionary in MessagePack", msgpack, "96 30 01 80 a161 90 df ffffffff"],
  ["a dictionary in a head of MessagePack", msgpack, "93 01 a161 df ffffffff a161"],
  ["a message in MessagePack", msgpack, "dd ffffffff 01"],
  ["lists in lists in MessagePack", msgpack, `93 01 a161 81 a162 ${"dd ffffffff".repeat(50)}`],
  ["bytes in MessagePack", msgpack, "93 01 a161 81 a162 c6 ffffffff"],
  ["an extension in MessagePack", msgpack, "93 01 a161 81 a162 c9 ffffffff ff"],
  ["a list in CBOR", cbor, "85 18 30 01 a0 6161 9a ffffffff"],
  ["a longer list in CBOR", cbor, "85 18 30 01 a0 6161 9b 001fffffffffffff 00"],
  ["the longest list in CBOR", cbor, "85 18 30 01 a0 6161 9b ffffffffffffffff 00"],
  ["a dictionary in CBOR", cbor, "83 01 6161 ba ffffffff 6161"],
  ["a message in CBOR", cbor, "9b ffffffffffffffff 01"],
  ["bytes in CBOR", cbor, "83 01 6161 a1 6162 5b ffffffffffffffff"],
])("%s that says it is longer than the frame is refused by that alone", (_what, serializer, text) => {
  const before = process.memoryUsage();
  const refusal = refusalOf(() => serializer.decode(hex(text)));
  expect(WampError.is(refusal) && refusal.uri).toBe("wamp.error.protocol_violation");
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(SIZE);
});

it("lists in the keys of a dictionary count too, and are no way to nest deeper", () => {
  // {"b": {[0, 0]: 0}}
  const key = hex("93 01 a161 81 a162 81 92 00 00 00");
  expect(decodeMsgpackInFull(key, MAX_DEPTH, 7).type).toBe("HELLO");
  expect(() => decodeMsgpackInFull(key, MAX_DEPTH, 6)).toThrow(TooManyValues);
  const deep = hex(`93 01 a161 81 a162 ${"81".repeat(200)} ${"00".repeat(201)}`);
  expect(() => decodeMsgpackInFull(deep)).toThrow(TooDeep);
});

it("tags before a tag are levels in CBOR: a million of them fill no stack", () => {
  const chain = (length: number): Buffer =>
    Buffer.concat([hex("83 01 6161 a1 6162"), Buffer.alloc(length, 0xc1), hex("00")]);
  expect(cbor.decode(chain(99)).type).toBe("HELLO");
  expect(() => cbor.decode(chain(100))).toThrow(TooDeep);
  expect(() => cbor.decode(chain(1_000_000))).toThrow(TooDeep);
});

it("a JSON text that is too long for how many values it may hold is counted, strings and all", () => {
  const text = (args: string): Buffer => Buffer.from(`[48,1,{},"a.b",[${args}]]`);
  const long = `"${"\\\\".repeat(50)}${"[,".repeat(500)}\\"${"x".repeat(99)}\\\\"`;
  expect(json.decode(text(long), MAX_DEPTH, 6).type).toBe("CALL");
  expect(() => json.decode(text(`${long},1`), MAX_DEPTH, 6)).toThrow(TooManyValues);
  expect(() => decodeJsonInFull(text('"'), MAX_DEPTH, 6)).toThrow("not valid JSON");
});
