/** A WAMP dictionary. It comes from outside: read known keys only, and check what they hold. */
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

/** What a payload needs of a serializer to become bytes. */
export interface TailEncoder {
  readonly name: string;
  /** @throws WampError `wamp.error.invalid_argument` for a value the format cannot say. */
  encodeTail(values: PayloadValues): Tail;
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
}

/** A payload made of values: what an in-process session sends, or what a decoder has parsed. */
export class ValuesPayload implements Payload {
  readonly #values: PayloadValues;
  readonly #tails = new Map<string, Tail>();

  constructor(values: PayloadValues) {
    this.#values = values;
  }

  values(): PayloadValues {
    return this.#values;
  }

  tail(encoder: TailEncoder): Tail {
    let tail = this.#tails.get(encoder.name);
    if (tail === undefined) {
      tail = encoder.encodeTail(this.#values);
      this.#tails.set(encoder.name, tail);
    }
    return tail;
  }
}

/** A payload of `values`, or none where there is nothing to say. */
export function payloadOf(values: PayloadValues): Payload | undefined {
  return values.args === undefined && values.kwargs === undefined ? undefined : new ValuesPayload(values);
}
