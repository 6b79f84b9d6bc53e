import type { Dict, Member, TailCodec, ValueSink } from "./formats.ts";

/**
 * A value as the bytes that came. It may stand anywhere in a value that is sent: a receiver of the same format gets
 * these bytes, any other gets them in its own format, with every digit.
 */
export class RawValue {
  readonly codec: TailCodec;
  readonly bytes: Uint8Array;
  #value: { readonly decoded: unknown } | null = null;

  /** @param bytes one value of the format of `codec`, which was checked */
  constructor(codec: TailCodec, bytes: Uint8Array) {
    this.codec = codec;
    this.bytes = bytes;
  }

  /** `json`, `msgpack` or `cbor`. */
  get format(): string {
    return this.codec.name;
  }

  /** The value in JavaScript, decoded at first use. It is shared: read, do not change. */
  get value(): unknown {
    return (this.#value ??= { decoded: this.codec.decodeValue(this.bytes) }).decoded;
  }

  /** A member of a list by its position, or of a dictionary by its key; undefined if there is none. */
  get(key: string | number): RawValue | undefined {
    const members = this.codec.membersOf(this.bytes);
    const member = typeof key === "number" ? members[key] : members.findLast((other) => other.key === key);
    return member === undefined || (member.key === null) !== (typeof key === "number") ? undefined : this.#part(member);
  }

  /** The members of a dictionary by their keys. */
  entries(): Record<string, RawValue> {
    const entries = Object.create(null) as Record<string, RawValue>;
    for (const member of this.codec.membersOf(this.bytes)) {
      if (member.key !== null) entries[member.key] = this.#part(member);
    }
    return entries;
  }

  /** A copy for long storage: received bytes would keep the whole frame alive. */
  own(): RawValue {
    return new RawValue(this.codec, Uint8Array.from(this.bytes));
  }

  /** Tells `sink` the value. */
  read(sink: ValueSink): void {
    this.codec.readValue(this.bytes, 0, sink);
  }

  #part({ begin, end }: Member): RawValue {
    return new RawValue(this.codec, this.bytes.subarray(begin, end));
  }
}

/** The members of a dictionary that JavaScript has a word for. */
export function decodedMembers(dict: Readonly<Dict> | RawValue): Dict {
  const members = dict instanceof RawValue ? dict.entries() : dict;
  const decoded = Object.create(null) as Dict;
  for (const [key, member] of Object.entries(members)) {
    try {
      decoded[key] = member instanceof RawValue ? member.value : member;
    } catch {
      // It is left out.
    }
  }
  return decoded;
}

/** A value for code in JavaScript: with what raw values in it say. It is the same one if it holds none. */
export function withoutRaw<T>(value: T): T {
  return holdsRaw(value) ? (decoded(value, new Map()) as T) : value;
}

/** Values from a session of this process may nest without end, go in a circle, or throw when they are read. */
function holdsRaw(value: unknown): boolean {
  const [left, seen] = [[value], new Set<object>()];
  try {
    while (left.length > 0) {
      const next = left.pop();
      if (typeof next !== "object" || next === null || seen.has(next)) continue;
      seen.add(next);
      if (next instanceof RawValue || next instanceof Sayable) return true;
      if (Array.isArray(next)) for (const item of next as unknown[]) left.push(item);
      else if (isPlain(next)) for (const item of Object.values(next) as unknown[]) left.push(item);
    }
  } catch {
    // The encoder refuses it.
  }
  return false;
}

function decoded(value: unknown, made: Map<object, unknown>): unknown {
  if (value instanceof RawValue) return value.value;
  if (value instanceof Sayable) return decoded(isList(value.value) ? value.value : decodedMembers(value.value), made);
  if (typeof value !== "object" || value === null) return value;
  if (made.has(value)) return made.get(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    made.set(value, list);
    for (const item of value as unknown[]) list.push(decoded(item, made));
    return list;
  }
  if (!isPlain(value)) return value;
  const dict: Dict = {};
  made.set(value, dict);
  for (const [key, item] of Object.entries(value)) dict[key] = decoded(item, made);
  return dict;
}

function isList(value: Sayable["value"]): value is readonly unknown[] {
  return Array.isArray(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * A list or dictionary of which a receiver gets what its format can say. The members that it cannot say are left out,
 * and `leftOut` is told their keys.
 */
export class Sayable {
  readonly value: Readonly<Dict> | readonly unknown[] | RawValue;
  readonly leftOut: (keys: readonly string[], format: string) => void;

  constructor(value: Sayable["value"], leftOut: Sayable["leftOut"]) {
    this.value = value;
    this.leftOut = leftOut;
  }
}
