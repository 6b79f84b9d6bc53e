/** A WAMP dictionary. It comes from outside: read known keys only, and check what they hold. */
export type Dict = Record<string, unknown>;

/** What most messages have for options and details. */
export const NOTHING: Readonly<Dict> = Object.freeze({});

/** Whether a dictionary has no key at all. */
export function isEmpty(dict: Readonly<Dict>): boolean {
  if (dict === NOTHING) return true;
  for (const _ in dict) return false;
  return true;
}

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

/** A tail as a stretch of something longer, as of the frame it came in: what is only copied need not be cut out first. */
export interface Stretch {
  readonly count: Tail["count"];
  readonly source: Uint8Array;
  readonly begin: number;
  readonly end: number;
}

/** What a payload needs of a serializer to become bytes. */
export interface TailEncoder {
  readonly name: string;
  /** @throws WampError `wamp.error.invalid_argument` for a value the format cannot say. */
  encodeTail(values: PayloadValues): Tail;
}

/** A format whose tails can be read again. */
export interface TailCodec extends TailEncoder {
  /** The values of a tail that this format has checked. */
  decodeTail(tail: Tail): PayloadValues;
}

/**
 * `args` and `kwargs` of a message on its way. A router never needs to look inside: who only forwards asks for the
 * tail, who reads asks for the values.
 */
export interface Payload {
  /** The decoded values. They may be shared with other receivers: read, do not change. */
  values(): PayloadValues;
  /** The bytes in the format of `encoder`, made once per format. */
  tail(encoder: TailEncoder): Tail;
  /** The same bytes, for who copies them. */
  stretch(encoder: TailEncoder): Stretch;
  /** The same, holding on to nothing else: bytes that came are a part of all that came with them. For what is kept. */
  own(): Payload;
}

/** A payload made of values: what an in-process session sends, or what a decoder has parsed. */
export class ValuesPayload implements Payload {
  readonly #values: PayloadValues;
  readonly #tails = new Tails();

  constructor(values: PayloadValues) {
    this.#values = values;
  }

  values(): PayloadValues {
    return this.#values;
  }

  tail(encoder: TailEncoder): Tail {
    return this.#tails.of(encoder, this);
  }

  stretch(encoder: TailEncoder): Stretch {
    return stretchOf(this.tail(encoder));
  }

  own(): Payload {
    return new ValuesPayload(withOwnBytes(this.#values) as PayloadValues);
  }
}

/**
 * A copy in which binary values are no parts of something longer, as of the frame they came in.
 * @param made what has been copied: what a session of this process sends may hold one thing twice, or itself
 */
function withOwnBytes(value: unknown, made = new Map<object, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (made.has(value)) return made.get(value);
  if (value instanceof Uint8Array) return value.length === value.buffer.byteLength ? value : Uint8Array.from(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    made.set(value, list);
    for (const item of value) list.push(withOwnBytes(item, made));
    return list;
  }
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    made.set(value, map);
    for (const [key, item] of value) map.set(withOwnBytes(key, made), withOwnBytes(item, made));
    return map;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const dict = Object.create(null) as Dict;
  made.set(value, dict);
  for (const [key, item] of Object.entries(value)) dict[key] = withOwnBytes(item, made);
  return dict;
}

/** A payload as the bytes in which it came, checked but not decoded. */
export class RawPayload implements Payload, Stretch {
  readonly #codec: TailCodec;
  readonly count: Tail["count"];
  readonly source: Uint8Array;
  readonly begin: number;
  readonly end: number;
  #tail: Tail | null = null;
  #values: PayloadValues | null = null;
  #tails: Tails | null = null;

  /** @param begin where the tail begins in `source`, which is the whole frame or more */
  constructor(codec: TailCodec, count: Tail["count"], source: Uint8Array, begin: number, end: number) {
    this.#codec = codec;
    this.count = count;
    this.source = source;
    this.begin = begin;
    this.end = end;
  }

  values(): PayloadValues {
    return (this.#values ??= this.#codec.decodeTail(this.#own));
  }

  tail(encoder: TailEncoder): Tail {
    if (encoder === this.#codec) return this.#own;
    return (this.#tails ??= new Tails()).of(encoder, this);
  }

  stretch(encoder: TailEncoder): Stretch {
    return encoder === this.#codec ? this : stretchOf(this.tail(encoder));
  }

  own(): Payload {
    const { count, bytes } = this.#own;
    return new RawPayload(this.#codec, count, Uint8Array.from(bytes), 0, bytes.length);
  }

  get #own(): Tail {
    return (this.#tail ??= { count: this.count, bytes: this.source.subarray(this.begin, this.end) });
  }
}

function stretchOf({ count, bytes }: Tail): Stretch {
  return { count, source: bytes, begin: 0, end: bytes.length };
}

/** The tails of one payload, each made once. */
class Tails {
  readonly #made = new Map<TailEncoder, Tail>();

  of(encoder: TailEncoder, payload: Payload): Tail {
    let tail = this.#made.get(encoder);
    if (tail === undefined) {
      tail = encoder.encodeTail(payload.values());
      this.#made.set(encoder, tail);
    }
    return tail;
  }
}

/** A payload of `values`, or none where there is nothing to say. */
export function payloadOf(values: PayloadValues): Payload | undefined {
  return values.args === undefined && values.kwargs === undefined ? undefined : new ValuesPayload(values);
}
