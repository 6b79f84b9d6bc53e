import type { Dict, PayloadValues, Tail, TailCodec, TailEncoder } from "./formats.ts";
import { RawValue, withoutRaw } from "./raw-value.ts";
import { sizeOf } from "./size.ts";

export type { Dict, PayloadValues, Tail, TailCodec, TailEncoder };

/** The options and details of most messages. */
export const NOTHING: Readonly<Dict> = Object.freeze({});

/** Whether a dictionary has no key at all. */
export function isEmpty(dict: Readonly<Dict>): boolean {
  if (dict === NOTHING) return true;
  for (const _ in dict) return false;
  return true;
}

/**
 * A tail as a range of longer bytes, for example of its frame: a tail that is only copied need not be cut out first.
 */
export interface Stretch {
  readonly count: Tail["count"];
  readonly source: Uint8Array;
  readonly begin: number;
  readonly end: number;
}

/** A tail as it came, and its format. */
export interface Native {
  readonly codec: TailCodec;
  readonly stretch: Stretch;
}

/** `args` and `kwargs` of a message on its way. Use the tail to forward a payload, and the values to read it. */
export interface Payload {
  /** The decoded values. They may be shared with other receivers: read, do not change. */
  values(): PayloadValues;
  /** The bytes in the format of `encoder`, encoded once per format. */
  tail(encoder: TailEncoder): Tail;
  /** The same bytes, to be copied. */
  stretch(encoder: TailEncoder): Stretch;
  /** About how much memory it takes, in bytes. */
  readonly size: number;
  /** A list of `args` and `kwargs` as the bytes that came; null if none came, as from a session of this process. */
  raw(): RawValue | null;
  /** The bytes that came, to be copied; null if none came. */
  native(): Native | null;
  /** A copy for long storage: received bytes would keep the whole frame alive. */
  own(): Payload;
}

/** A payload made of values: what an in-process session sends, or what a decoder has parsed. */
export class ValuesPayload implements Payload {
  /** They may hold raw values. */
  readonly exact: PayloadValues;
  #values: PayloadValues | null = null;
  readonly #tails = new Tails();

  constructor(values: PayloadValues) {
    this.exact = values;
  }

  values(): PayloadValues {
    return (this.#values ??= withoutRaw(this.exact));
  }

  get size(): number {
    return sizeOf(this.exact);
  }

  tail(encoder: TailEncoder): Tail {
    return this.#tails.of(encoder, this);
  }

  stretch(encoder: TailEncoder): Stretch {
    return stretchOf(this.tail(encoder));
  }

  raw(): null {
    return null;
  }

  native(): null {
    return null;
  }

  own(): Payload {
    return new ValuesPayload(withOwnBytes(this.exact) as PayloadValues);
  }
}

/**
 * A copy whose binary values own their bytes, instead of keeping a whole frame alive.
 * @param made what is already copied: values from a session of this process may contain one object twice, or themselves
 */
function withOwnBytes(value: unknown, made = new Map<object, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (made.has(value)) return made.get(value);
  if (value instanceof RawValue) return value.own();
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

/** A payload as the bytes that were received, checked but not decoded. */
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

  get size(): number {
    return this.end - this.begin;
  }

  values(): PayloadValues {
    return (this.#values ??= this.#codec.decodeTail(this.#own));
  }

  tail(encoder: TailEncoder): Tail {
    if (encoder === this.#codec) return this.#own;
    return (this.#tails ??= new Tails()).of(encoder, this);
  }

  transcoded(encoder: TailEncoder): Tail | undefined {
    return encoder.transcodeTail?.(this.#own, this.#codec);
  }

  raw(): RawValue {
    return new RawValue(this.#codec, this.#codec.listOf(this.#own));
  }

  native(): Native {
    return { codec: this.#codec, stretch: this };
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

/** The tails of one payload, each encoded once. */
class Tails {
  readonly #made = new Map<TailEncoder, Tail>();

  of(encoder: TailEncoder, payload: Payload): Tail {
    let tail = this.#made.get(encoder);
    if (tail === undefined) {
      tail = tailOf(payload, encoder);
      this.#made.set(encoder, tail);
    }
    return tail;
  }
}

/** A format that takes no raw values gets decoded ones. */
function tailOf(payload: Payload, encoder: TailEncoder): Tail {
  const isExact = encoder.transcodeTail !== undefined && payload instanceof ValuesPayload;
  const transcoded = payload instanceof RawPayload ? payload.transcoded(encoder) : undefined;
  return transcoded ?? encoder.encodeTail(isExact ? payload.exact : payload.values());
}

/** A payload of raw values of one message, for long storage. */
export function payloadOfRaw(codec: TailCodec, args: RawValue | null, kwargs: RawValue | null): Payload | undefined {
  if (args === null && kwargs === null) return undefined;
  const list = args?.bytes ?? codec.listOf({ count: 0, bytes: new Uint8Array() });
  const bytes = codec.tailOf(kwargs === null ? [list] : [list, kwargs.bytes]);
  return new RawPayload(codec, kwargs === null ? 1 : 2, bytes, 0, bytes.length).own();
}

/** A payload of `values`; undefined if there are none. */
export function payloadOf(values: PayloadValues): Payload | undefined {
  return values.args === undefined && values.kwargs === undefined ? undefined : new ValuesPayload(values);
}
