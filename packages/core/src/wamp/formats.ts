/** A WAMP dictionary. It comes from outside: read only known keys, and check their values. */
export type Dict = Record<string, unknown>;

/** `args` and `kwargs` of a message, decoded. */
export interface PayloadValues {
  readonly args?: readonly unknown[] | undefined;
  readonly kwargs?: Readonly<Dict> | undefined;
}

/** The encoded end of a message: how many elements (args; args and kwargs) and their bytes, ready to follow the head. */
export interface Tail {
  readonly count: 0 | 1 | 2;
  readonly bytes: Uint8Array;
}

/**
 * What a reader of a format tells about a value, one part after the other. A writer of another format writes it down,
 * and so no value becomes a number of JavaScript on its way. @throws what the receiver cannot say
 */
export interface ValueSink {
  null(): void;
  /** As JSON has it: null in a list, and no key in a dictionary. */
  undefined(): void;
  boolean(value: boolean): void;
  /** An integer from -2^53 to 2^53. */
  integer(value: number): void;
  /** Any other integer. */
  bigInteger(value: bigint): void;
  float(value: number): void;
  /** A text: these bytes, in UTF-8. */
  text(bytes: Buffer, begin: number, end: number): void;
  binary(bytes: Buffer, begin: number, end: number): void;
  /** @param text as which the time came, if it was one */
  time(seconds: bigint, nanos: number, text?: string): void;
  /** `mantissa` times `base` to the power of `exponent`. */
  decimal(mantissa: bigint, exponent: bigint, base: 2 | 10): void;
  /** The next value has a tag that only CBOR has. */
  tag(tag: bigint): void;
  /** A simple value that only CBOR has. */
  simple(value: number): void;
  /** An extension that only MessagePack has. */
  extension(type: number, bytes: Buffer, begin: number, end: number): void;
  beginList(): void;
  endList(): void;
  beginDict(): void;
  key(bytes: Buffer, begin: number, end: number): void;
  /** The next value is a key. It is no string, as only the binary formats have them. */
  oddKey(): void;
  endDict(): void;
}

/** A member of an encoded list or dictionary: where its value is. */
export interface Member {
  /** Null in a list. */
  readonly key: string | null;
  readonly begin: number;
  readonly end: number;
}

/** The part of a serializer that encodes payloads. */
export interface TailEncoder {
  readonly name: string;
  /** @throws WampError `wamp.error.invalid_argument` for a value that the format cannot carry. */
  encodeTail(values: PayloadValues): Tail;
  /**
   * Writes a tail of another format in this one, from bytes to bytes. Without it, `encodeTail` gets the decoded values,
   * and no raw ones.
   * @throws WampError as `encodeTail`
   */
  readonly transcodeTail?: (tail: Tail, from: TailCodec) => Tail;
}

/** A format whose values can be read again from their bytes, which were checked when they came. */
export interface TailCodec extends TailEncoder {
  /** The values of a tail. */
  decodeTail(tail: Tail): PayloadValues;
  /** Tells `sink` the values of a tail: `args`, then `kwargs`. */
  readTail(tail: Tail, sink: ValueSink): void;
  /** The bytes of a tail, of those of `args`, or of `args` and `kwargs`. */
  tailOf(values: readonly Uint8Array[]): Uint8Array;
  /** The bytes of a list of a tail's values. */
  listOf(tail: Tail): Uint8Array;
  /** Tells `sink` the value that begins at `at`. @returns the position after it */
  readValue(bytes: Uint8Array, at: number, sink: ValueSink): number;
  /** The value, for code in JavaScript: integers past 2^53 are bigint. */
  decodeValue(bytes: Uint8Array): unknown;
  /** The members of a list or dictionary; none if the value is neither. Those whose key is no string are left out. */
  membersOf(bytes: Uint8Array): Member[];
}
