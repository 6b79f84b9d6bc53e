import type { Format, Value } from "./values.ts";

// How a client reads the values of the model.

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
  if (minor === 31) return openFrom(kind >> 5, bytes, at + 1);
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
      if (minor === 23) return [{ is: "undefined" }, from];
      return [{ is: "simple", value: Number(count) }, from];
  }
}

/** A value of no given length. */
function openFrom(major: number, bytes: Buffer, at: number): Read {
  const items: Value[] = [];
  while (bytes[at] !== 0xff) {
    const [item, end] = cborFrom(bytes, at);
    items.push(item);
    at = end;
  }
  if (major === 4) return [{ is: "list", items }, at + 1];
  if (major === 5) return [{ is: "dict", entries: pairs(items) }, at + 1];
  const pieces = items.map((item) => (item.is === "binary" ? item.hex : item.is === "text" ? item.value : ""));
  return [major === 2 ? { is: "binary", hex: pieces.join("") } : { is: "text", value: pieces.join("") }, at + 1];
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
