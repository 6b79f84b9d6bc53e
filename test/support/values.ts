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

export const SAME: ReadonlySet<number> = new Set([21, 22, 23, 24, 32, 33, 34, 35, 36, 37, 55799]);
export const TWO_64 = 2n ** 64n;

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

export function isoOf({ seconds, nanos }: Value & { is: "time" }): string {
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

/** A value whose dictionaries have their keys in order: JavaScript's own put numbers first. */
export function inOneOrder(value: Value | null): unknown {
  if (value?.is === "list") return value.items.map(inOneOrder);
  if (value?.is !== "dict") return value;
  const entries = value.entries.map(([key, item]) => [keyOf(key), inOneOrder(item)] as const);
  return { dict: entries.sort(([one], [other]) => (one < other ? -1 : 1)) };
}

/** A value as text. */
export function keyOf(value: Value): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}
