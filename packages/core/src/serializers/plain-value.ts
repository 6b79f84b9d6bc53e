import { WampgateError } from "../errors/wampgate-error.ts";
import { isDict } from "../wamp/messages.ts";
import { RawValue, Sayable } from "../wamp/raw-value.ts";
import { MAX_DEPTH } from "./serializer.ts";
import { unsayable } from "./unsayable.ts";

/**
 * How many values a payload of this process may have. One object in many places counts each time: lists that hold the
 * same list twice have a million million values after forty levels.
 */
export const MOST_VALUES = 2 ** 20;

/**
 * Converts a value that is neither a list nor a dictionary to one of a format. @param again converts the values in it
 */
export type Leaf = (value: unknown, again: (inner: unknown) => unknown) => unknown;

/** A dictionary of a copy: without a prototype. */
export type PlainDict = Record<string, unknown>;

/** A copy, and whether only our own writer can write it: it holds a bigint, or a value as the bytes that came. */
export interface Plain {
  readonly value: unknown;
  readonly needsWriter: boolean;
}

/**
 * A copy of a value as plain lists and dictionaries, without prototypes, getters or `undefined`. As in JSON,
 * `undefined` becomes null in a list, and no key in a dictionary.
 * @param format its name in a sentence
 * @throws WampError `wamp.error.invalid_argument` if it nests too deep, goes in a circle, or the format cannot carry
 * it; also anything that a getter in it throws
 */
export function plainValue(value: unknown, format: string, leaf: Leaf): Plain {
  const copy = new Copy(format, leaf);
  return { value: copy.of(value, 0), needsWriter: copy.needsWriter };
}

class Copy {
  readonly #format: string;
  readonly #leaf: Leaf;
  #left = MOST_VALUES;
  needsWriter = false;

  constructor(format: string, leaf: Leaf) {
    this.#format = format;
    this.#leaf = leaf;
  }

  of(value: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH) throw unsayable(this.#format, `more than ${MAX_DEPTH} levels deep`);
    if (value === undefined) return null;
    if (isForWriter(value)) {
      this.needsWriter = true;
      return value;
    }
    if (typeof value !== "object" || value === null) return this.#leaf(value, noValues);
    if (Array.isArray(value)) return this.#list(value, depth + 1);
    if (isDict(value)) return this.#dict(value, depth + 1);
    return this.#leaf(value, (inner) => {
      this.#take(1);
      return this.of(inner, depth + 1);
    });
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const { length } = list;
    this.#take(length);
    const copy: unknown[] = [];
    for (let i = 0; i < length; i++) copy.push(this.of(list[i], depth));
    return copy;
  }

  #dict(dict: Readonly<Record<string, unknown>>, depth: number): PlainDict {
    const copy = Object.create(null) as PlainDict;
    const entries = Object.entries(dict);
    this.#take(entries.length);
    for (const [key, item] of entries) if (item !== undefined) copy[key] = this.of(item, depth);
    return copy;
  }

  #take(values: number): void {
    this.#left -= values;
    if (this.#left < 0) throw unsayable(this.#format, `more than ${MOST_VALUES} values`);
  }
}

/** 2^53 is an integer, and may be an id; a number past it is a float, although it looks like an integer. */
function isForWriter(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) >= 2 ** 53;
  return typeof value === "bigint" || value instanceof RawValue || value instanceof Sayable;
}

function noValues(): never {
  throw new WampgateError("WG_BUG", "a value that is no object holds no others");
}
