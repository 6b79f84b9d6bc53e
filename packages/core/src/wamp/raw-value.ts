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

  /** For encoders that do not know this class. */
  toJSON(): unknown {
    return this.value;
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

  /** For encoders that do not know this class. */
  toJSON(): unknown {
    return this.value;
  }
}
