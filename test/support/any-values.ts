import fc from "fast-check";
import { SAME, type Value } from "./values.ts";

const bigInteger = fc.oneof(
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.constantFrom(
    ...[0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 70n].flatMap((n) => [
      n,
      -n,
      -n - 1n,
    ]),
  ),
  fc.integer({ min: -300, max: 300 }).map(BigInt),
);
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom("\0a", "a\0", '\u001f"\\/\b', "\ufeff", "x".repeat(300), `${"y".repeat(60)}"`, "__proto__"),
);
const hex = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const time = fc.record({
  is: fc.constant("time" as const),
  seconds: fc.oneof(fc.integer({ min: -(2 ** 33), max: 2 ** 35 }).map(BigInt), fc.constant(0n)),
  nanos: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(500_000_000, 1_000_000)),
});
const keyText = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__", "", "ä", "\0n"), fc.string({ maxLength: 6 }));

/** Any value. Not all of it can be said in each format. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value; key: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    bigInteger.map((value): Value => ({ is: "integer", value })),
    fc.double().map((value): Value => ({ is: "float", value })),
    fc.integer({ min: -5, max: 5 }).map((value): Value => ({ is: "float", value })),
    text.map((value): Value => ({ is: "text", value })),
    hex.map((bytes): Value => ({ is: "binary", hex: bytes })),
    fc.constantFrom<Value>({ is: "null" }, { is: "boolean", value: true }, { is: "float", value: -0 }),
    fc.constantFrom<Value>({ is: "undefined" }, { is: "simple", value: 0 }, { is: "simple", value: 255 }),
    time,
    fc.record({
      is: fc.constant("decimal" as const),
      mantissa: bigInteger,
      exponent: fc.integer({ min: -40, max: 40 }),
    }),
    fc.record({ is: fc.constant("extension" as const), type: fc.integer({ min: 1, max: 127 }), hex }),
    fc.record({ is: fc.constant("tag" as const), tag: fc.constantFrom(258, 100, 4711), value: tie("value") }),
    fc.record({ is: fc.constant("tag" as const), tag: fc.constantFrom(...SAME), value: tie("value") }),
    hex.map((bytes): Value => ({ is: "tag", tag: 64, value: { is: "binary", hex: bytes } })),
    fc.array(tie("value"), { maxLength: 5 }).map((items): Value => ({ is: "list", items })),
    fc.array(tie("value"), { minLength: 14, maxLength: 30 }).map((items): Value => ({ is: "list", items })),
    fc.array(fc.tuple(tie("key"), tie("value")), { maxLength: 20 }).map((entries): Value => ({ is: "dict", entries })),
  ),
  key: fc.oneof(
    { weight: 30, arbitrary: keyText.map((value): Value => ({ is: "text", value })) },
    { weight: 1, arbitrary: fc.nat(9).map((value): Value => ({ is: "integer", value: BigInt(value) })) },
  ),
})).value;

export const anyStyle = fc.record({ long: fc.boolean(), open: fc.boolean() });
