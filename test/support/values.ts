import fc from "fast-check";

// A model of values as each format writes them, and of what a router makes of one format's values in another: the table of
// docs/guides/values.md. It shares no code with the router.

export const FORMATS = ["json", "msgpack", "cbor"] as const;
export type Format = (typeof FORMATS)[number];

/** A value, with all that makes a difference in one of the formats. */
export type Value =
  | { readonly is: "null" | "undefined" }
  | { readonly is: "boolean"; readonly value: boolean }
  | { readonly is: "integer"; readonly value: bigint }
  | { readonly is: "float"; readonly value: number }
  | { readonly is: "text"; readonly value: string }
  | { readonly is: "binary"; readonly hex: string }
  | { readonly is: "time"; readonly seconds: bigint; readonly nanos: number }
  | { readonly is: "decimal"; readonly mantissa: bigint; readonly exponent: number }
  | { readonly is: "tag"; readonly tag: number; readonly value: Value }
  | { readonly is: "simple"; readonly value: number }
  | { readonly is: "extension"; readonly type: number; readonly hex: string }
  | { readonly is: "list"; readonly items: readonly Value[] }
  | { readonly is: "dict"; readonly entries: readonly (readonly [Value, Value])[] };

/** How a writer writes what can be written in several ways. */
export interface Style {
  /** White space and escapes in JSON, long heads in MessagePack and CBOR. */
  readonly long: boolean;
  /** CBOR without given lengths. */
  readonly open: boolean;
}

/** What a format has no word for. */
export class Refused extends Error {}

const SAME: ReadonlySet<number> = new Set([21, 22, 23, 24, 32, 33, 34, 35, 36, 37, 55799]);
const TWO_64 = 2n ** 64n;

/** What a receiver in `to` gets of a value that came in `from`. @throws Refused */
export function arrives(value: Value, from: Format, to: Format): Value {
  if (from === to) return value;
  const again = (inner: Value): Value => arrives(inner, from, to);
  switch (value.is) {
    case "undefined":
      return { is: "null" };
    case "integer":
      if (to === "msgpack" && (value.value >= TWO_64 || value.value < -(2n ** 63n))) throw new Refused();
      return value;
    case "float":
      if (to === "json" && !Number.isFinite(value.value)) throw new Refused();
      return value;
    case "text":
      if (to === "json" && value.value.startsWith("\0")) throw new Refused();
      return value;
    case "time":
      return to === "json" ? { is: "text", value: isoOf(value) } : value;
    case "decimal":
      if (to !== "json") throw new Refused();
      return { is: "text", value: decimalOf(value) };
    case "tag":
      if (SAME.has(value.tag)) return again(value.value);
      if (value.tag >= 64 && value.tag <= 87 && value.value.is === "binary") return value.value;
      throw new Refused();
    case "simple":
    case "extension":
      throw new Refused();
    case "list":
      return { is: "list", items: value.items.map(again) };
    case "dict":
      return { is: "dict", entries: entriesOf(value.entries, again) };
    default:
      return value;
  }
}

/** The last one of each key, without what is undefined. */
function entriesOf(
  entries: readonly (readonly [Value, Value])[],
  again: (value: Value) => Value,
): readonly (readonly [Value, Value])[] {
  const made = entries.map(([key, item]) => {
    if (key.is !== "text") throw new Refused();
    const bare = untagged(item);
    return [key, bare.is === "undefined" ? bare : again(item)] as const;
  });
  const keys = made.map(([key]) => key.value);
  return made.filter(([key, item], i) => keys.lastIndexOf(key.value) === i && item.is !== "undefined");
}

/** A value without the tags that do not change it. */
function untagged(value: Value): Value {
  return value.is === "tag" && SAME.has(value.tag) ? untagged(value.value) : value;
}

function isoOf({ seconds, nanos }: Value & { is: "time" }): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  const digits = nanos % 1e6 === 0 ? String(nanos / 1e6).padStart(3, "0") : String(nanos).padStart(9, "0");
  return `${whole}.${digits}Z`;
}

/** As Python's str(Decimal(...)) writes it. */
function decimalOf({ mantissa, exponent }: Value & { is: "decimal" }): string {
  const [sign, digits] = mantissa < 0n ? ["-", String(-mantissa)] : ["", String(mantissa)];
  const left = digits.length + exponent;
  if (exponent === 0) return sign + digits;
  if (exponent > 0 || left <= -6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0] as string}${fraction}E${left - 1 < 0 ? "" : "+"}${left - 1}`;
  }
  return left > 0 ? `${sign}${digits.slice(0, left)}.${digits.slice(left)}` : `${sign}0.${"0".repeat(-left)}${digits}`;
}

/** The bytes of a value. @throws Refused if the format has no word for it */
export function encode(value: Value, format: Format, style: Style): Buffer {
  if (format === "json") return Buffer.from(jsonOf(value, style));
  return format === "msgpack" ? msgpackOf(value, style) : cborOf(value, style);
}

function jsonOf(value: Value, style: Style): string {
  const gap = style.long ? " \n" : "";
  const list = (items: readonly string[], [open, close]: string): string =>
    `${open as string}${gap}${items.join(`${gap},${gap}`)}${gap}${close as string}`;
  switch (value.is) {
    case "null":
      return "null";
    case "boolean":
    case "integer":
      return String(value.value);
    case "float": {
      if (!Number.isFinite(value.value)) throw new Refused();
      const text = Object.is(value.value, -0) ? "-0" : String(value.value);
      return /[.e]/.test(text) ? text : `${text}${style.long ? "E0" : ".0"}`;
    }
    case "text":
      if (value.value.startsWith("\0")) throw new Refused();
      return textOf(value.value, style);
    case "binary":
      return `"\\u0000${Buffer.from(value.hex, "hex").toString("base64")}"`;
    case "list":
      return list(
        value.items.map((item) => jsonOf(item, style)),
        "[]",
      );
    case "dict":
      return list(
        value.entries.map(([key, item]) => {
          if (key.is !== "text") throw new Refused();
          return `${textOf(key.value, style)}${gap}:${gap}${jsonOf(item, style)}`;
        }),
        "{}",
      );
    default:
      throw new Refused();
  }
}

function textOf(text: string, { long }: Style): string {
  const plain = JSON.stringify(text);
  return long ? plain.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`) : plain;
}

/** A first byte, and a number in the bytes behind it. */
function head(kind: number, width: 0 | 1 | 2 | 4 | 8, number: bigint | number): Buffer {
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = kind;
  for (let i = width, left = BigInt.asUintN(64, BigInt(number)); i > 0; i--, left >>= 8n)
    bytes[i] = Number(left & 255n);
  return bytes;
}

function float(kind: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = kind;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function msgpackOf(value: Value, style: Style): Buffer {
  const again = (inner: Value): Buffer => msgpackOf(inner, style);
  const sized = (short: number, few: number, kinds: readonly number[], length: number): Buffer => {
    if (length <= few && !style.long) return head(short | length, 0, 0);
    const [one = 0, two = 0, four = 0] = kinds;
    return kinds.length === 3 && length < 256 ? head(one, 1, length) : length < 65536 ? head(two, 2, length) : head(four, 4, length); // prettier-ignore
  };
  switch (value.is) {
    case "null":
      return head(0xc0, 0, 0);
    case "undefined":
      return Buffer.of(0xd4, 0, 0);
    case "boolean":
      return head(value.value ? 0xc3 : 0xc2, 0, 0);
    case "integer":
      return msgpackInteger(value.value, style);
    case "float":
      return float(0xcb, value.value);
    case "text": {
      const bytes = Buffer.from(value.value);
      return Buffer.concat([sized(0xa0, 31, [0xd9, 0xda, 0xdb], bytes.length), bytes]);
    }
    case "binary": {
      const bytes = Buffer.from(value.hex, "hex");
      return Buffer.concat([style.long ? head(0xc6, 4, bytes.length) : head(0xc4, 1, bytes.length), bytes]);
    }
    case "time": {
      const bytes = head(0, 4, value.nanos).subarray(1);
      return Buffer.concat([Buffer.of(0xc7, 12, 0xff), bytes, head(0, 8, value.seconds).subarray(1)]);
    }
    case "extension": {
      const bytes = Buffer.from(value.hex, "hex");
      return Buffer.concat([head(0xc7, 1, bytes.length), Buffer.of(value.type & 0xff), bytes]);
    }
    case "list":
      return Buffer.concat([sized(0x90, 15, [0, 0xdc], value.items.length), ...value.items.map(again)]);
    case "dict":
      return Buffer.concat([sized(0x80, 15, [0, 0xde], value.entries.length), ...value.entries.flat().map(again)]);
    default:
      throw new Refused();
  }
}

function msgpackInteger(value: bigint, { long }: Style): Buffer {
  if (value >= TWO_64 || value < -(2n ** 63n)) throw new Refused();
  if (value >= 0n) {
    if (value < 128n && !long) return head(Number(value), 0, 0);
    return value < 2n ** 32n && !long ? head(0xce, 4, value) : head(0xcf, 8, value);
  }
  if (value >= -32n && !long) return head(Number(value) & 0xff, 0, 0);
  return value >= -(2n ** 15n) && !long ? head(0xd1, 2, value) : head(0xd3, 8, value);
}

function cborHead(major: number, number: bigint | number, { long }: Style): Buffer {
  const kind = major << 5;
  if (long || number >= 2n ** 32n) return head(kind | 27, 8, number);
  if (number < 24) return head(kind | Number(number), 0, 0);
  return number < 256 ? head(kind | 24, 1, number) : head(kind | 26, 4, number);
}

function cborOf(value: Value, style: Style): Buffer {
  const again = (inner: Value): Buffer => cborOf(inner, style);
  const string = (major: number, bytes: Buffer, cut: number): Buffer =>
    style.open
      ? Buffer.concat([
          Buffer.of((major << 5) | 31),
          ...[bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((part) => [
            cborHead(major, part.length, style),
            part,
          ]),
          Buffer.of(0xff),
        ])
      : Buffer.concat([cborHead(major, bytes.length, style), bytes]);
  const members = (major: number, size: number, parts: readonly Buffer[]): Buffer =>
    style.open
      ? Buffer.concat([Buffer.of((major << 5) | 31), ...parts, Buffer.of(0xff)])
      : Buffer.concat([cborHead(major, size, style), ...parts]);
  switch (value.is) {
    case "null":
      return Buffer.of(0xf6);
    case "undefined":
      return Buffer.of(0xf7);
    case "boolean":
      return Buffer.of(value.value ? 0xf5 : 0xf4);
    case "integer":
      return cborInteger(value.value, style);
    case "float":
      return float(0xfb, value.value);
    case "text": {
      const first = String.fromCodePoint(value.value.codePointAt(0) ?? 0);
      return string(3, Buffer.from(value.value), Buffer.byteLength(first));
    }
    case "binary":
      return string(2, Buffer.from(value.hex, "hex"), 1);
    case "time": {
      if (value.nanos === 0)
        return Buffer.concat([cborHead(6, 1, style), again({ is: "integer", value: value.seconds })]);
      return Buffer.concat([cborHead(6, 0, style), again({ is: "text", value: isoOf(value) })]);
    }
    case "decimal": {
      const items = [BigInt(value.exponent), value.mantissa].map((part) => cborInteger(part, style));
      return Buffer.concat([cborHead(6, 4, style), Buffer.of(0x82), ...items]);
    }
    case "tag":
      return Buffer.concat([cborHead(6, value.tag, style), again(value.value)]);
    case "simple":
      return value.value < 24 ? Buffer.of(0xe0 | value.value) : Buffer.of(0xf8, value.value);
    case "list":
      return members(4, value.items.length, value.items.map(again));
    case "dict":
      return members(5, value.entries.length, value.entries.flat().map(again));
    default:
      throw new Refused();
  }
}

function cborInteger(value: bigint, style: Style): Buffer {
  const [major, number] = value < 0n ? [1, -1n - value] : [0, value];
  if (number < TWO_64) return cborHead(major, number, style);
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return Buffer.concat([Buffer.of(0xc2 + major), cborHead(2, bytes.length, style), bytes]);
}

/** The value in these bytes. What a format writes in several ways is one. */
export function decode(bytes: Buffer, format: Format): Value {
  if (format === "json") return jsonFrom(bytes.toString());
  const [value, end] = format === "msgpack" ? msgpackFrom(bytes, 0) : cborFrom(bytes, 0);
  if (end !== bytes.length) throw new Error(`bytes are left: ${bytes.toString("hex")}`);
  return value;
}

/** JSON with each number in quotes, behind a character that no text of the tests has. */
function jsonFrom(text: string): Value {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (part) =>
    part.startsWith('"') ? part : `"\u{10fffe}${part}"`,
  );
  const again = (value: unknown): Value => {
    if (value === null) return { is: "null" };
    if (typeof value === "boolean") return { is: "boolean", value };
    if (typeof value === "string") return textFrom(value);
    if (Array.isArray(value)) return { is: "list", items: value.map(again) };
    return { is: "dict", entries: Object.entries(value as object).map(([key, item]) => [{ is: "text", value: key }, again(item)]) }; // prettier-ignore
  };
  return again(JSON.parse(marked));
}

function textFrom(text: string): Value {
  if (text.startsWith("\0")) return { is: "binary", hex: Buffer.from(text.slice(1), "base64").toString("hex") };
  if (!text.startsWith("\u{10fffe}")) return { is: "text", value: text };
  const number = text.slice(2);
  return /[.eE]/.test(number) ? { is: "float", value: Number(number) } : { is: "integer", value: BigInt(number) };
}

type Read = readonly [value: Value, end: number];

function number(bytes: Buffer, at: number, width: number): bigint {
  return width === 0 ? 0n : BigInt(`0x${bytes.toString("hex", at, at + width)}`);
}

function itemsFrom(count: number, at: number, from: (at: number) => Read): [Value[], number] {
  const items: Value[] = [];
  for (let i = 0; i < count; i++) {
    const [item, end] = from(at);
    items.push(item);
    at = end;
  }
  return [items, at];
}

function pairs(items: readonly Value[]): [Value, Value][] {
  return Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i] as Value, items[2 * i + 1] as Value]);
}

function msgpackFrom(bytes: Buffer, at: number): Read {
  const kind = bytes[at] as number;
  const again = (from: number): Read => msgpackFrom(bytes, from);
  const list = (count: number, from: number): Read => {
    const [items, end] = itemsFrom(count, from, again);
    return [{ is: "list", items }, end];
  };
  const dict = (count: number, from: number): Read => {
    const [items, end] = itemsFrom(2 * count, from, again);
    return [{ is: "dict", entries: pairs(items) }, end];
  };
  const text = (from: number, end: number): Read => [{ is: "text", value: bytes.toString("utf8", from, end) }, end];
  const size = (width: number): number => Number(number(bytes, at + 1, width));
  if (kind < 0x80) return [{ is: "integer", value: BigInt(kind) }, at + 1];
  if (kind >= 0xe0) return [{ is: "integer", value: BigInt(kind - 256) }, at + 1];
  if (kind < 0x90) return dict(kind & 15, at + 1);
  if (kind < 0xa0) return list(kind & 15, at + 1);
  if (kind < 0xc0) return text(at + 1, at + 1 + (kind & 31));
  const width = 1 << ((kind - 0xc4) % 3);
  if (kind === 0xc0) return [{ is: "null" }, at + 1];
  if (kind <= 0xc3) return [{ is: "boolean", value: kind === 0xc3 }, at + 1];
  if (kind <= 0xc6) {
    const end = at + 1 + width + size(width);
    return [{ is: "binary", hex: bytes.toString("hex", at + 1 + width, end) }, end];
  }
  if (kind === 0xcb) return [{ is: "float", value: bytes.readDoubleBE(at + 1) }, at + 9];
  if (kind >= 0xcc && kind <= 0xd3) {
    const bits = 8 << ((kind - 0xcc) % 4);
    const raw = number(bytes, at + 1, bits / 8);
    return [{ is: "integer", value: kind >= 0xd0 ? BigInt.asIntN(bits, raw) : raw }, at + 1 + bits / 8];
  }
  if (kind === 0xc7 || (kind >= 0xd4 && kind <= 0xd8)) {
    const from = kind === 0xc7 ? at + 2 : at + 1;
    const length = kind === 0xc7 ? size(1) : 1 << (kind - 0xd4);
    return [extensionFrom(bytes.readInt8(from), bytes.subarray(from + 1, from + 1 + length)), from + 1 + length];
  }
  if (kind >= 0xd9 && kind <= 0xdb) {
    const wide = 1 << (kind - 0xd9);
    return text(at + 1 + wide, at + 1 + wide + size(wide));
  }
  const wide = kind % 2 === 0 ? 2 : 4;
  return kind <= 0xdd ? list(size(wide), at + 1 + wide) : dict(size(wide), at + 1 + wide);
}

function extensionFrom(type: number, data: Buffer): Value {
  if (type !== -1) return { is: "extension", type, hex: data.toString("hex") };
  if (data.length === 4) return { is: "time", seconds: number(data, 0, 4), nanos: 0 };
  const both = number(data, 0, data.length);
  if (data.length === 8) return { is: "time", seconds: both & (2n ** 34n - 1n), nanos: Number(both >> 34n) };
  return { is: "time", seconds: BigInt.asIntN(64, both), nanos: Number(both >> 64n) };
}

function cborFrom(bytes: Buffer, at: number): Read {
  const kind = bytes[at] as number;
  const minor = kind & 31;
  const width = minor < 24 ? 0 : 1 << (minor - 24);
  const count = minor < 24 ? BigInt(minor) : number(bytes, at + 1, width);
  const from = at + 1 + width;
  const again = (begin: number): Read => cborFrom(bytes, begin);
  switch (kind >> 5) {
    case 0:
      return [{ is: "integer", value: count }, from];
    case 1:
      return [{ is: "integer", value: -1n - count }, from];
    case 2:
      return [{ is: "binary", hex: bytes.toString("hex", from, from + Number(count)) }, from + Number(count)];
    case 3:
      return [{ is: "text", value: bytes.toString("utf8", from, from + Number(count)) }, from + Number(count)];
    case 4: {
      const [items, end] = itemsFrom(Number(count), from, again);
      return [{ is: "list", items }, end];
    }
    case 5: {
      const [items, end] = itemsFrom(2 * Number(count), from, again);
      return [{ is: "dict", entries: pairs(items) }, end];
    }
    case 6: {
      const [inner, end] = again(from);
      return [taggedFrom(Number(count), inner), end];
    }
    default:
      if (minor === 27) return [{ is: "float", value: bytes.readDoubleBE(at + 1) }, from];
      if (minor === 20 || minor === 21) return [{ is: "boolean", value: minor === 21 }, from];
      if (minor === 22) return [{ is: "null" }, from];
      return [{ is: "simple", value: Number(count) }, from];
  }
}

function taggedFrom(tag: number, inner: Value): Value {
  if (tag === 0 && inner.is === "text") {
    const nanos = Number((/\.(\d+)/.exec(inner.value)?.[1] ?? "").padEnd(9, "0"));
    return { is: "time", seconds: BigInt(Math.floor(Date.parse(inner.value) / 1000)), nanos };
  }
  if (tag === 1 && inner.is === "integer") return { is: "time", seconds: inner.value, nanos: 0 };
  if (tag === 1 && inner.is === "float") {
    const seconds = Math.floor(inner.value);
    return { is: "time", seconds: BigInt(seconds), nanos: Math.round((inner.value - seconds) * 1e9) };
  }
  if ((tag === 2 || tag === 3) && inner.is === "binary") {
    const value = BigInt(`0x${inner.hex}`);
    return { is: "integer", value: tag === 2 ? value : -1n - value };
  }
  return { is: "tag", tag, value: inner };
}

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
