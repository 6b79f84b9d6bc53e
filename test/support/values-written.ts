import { type Format, isoOf, Refused, type Style, TWO_64, type Value } from "./values.ts";

// How a client writes the values of the model.

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
