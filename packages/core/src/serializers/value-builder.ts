import { Tagged } from "cborg";
import type { ValueSink } from "../wamp/formats.ts";
import { Extension } from "./msgpack/extension.ts";
import { millisecondsOf } from "./time.ts";
import { unsayable } from "./unsayable.ts";

/**
 * How many members a dictionary may have if a key is not a string: it becomes a Map. WAMP has no such dictionaries. A
 * client could choose numbers with the same hash, so that a Map of n members takes n² steps: V8 seeds only the hash of
 * strings.
 */
const MOST_IN_MAP = 1000;

type Dict = Record<string, unknown>;

/** A list or dictionary that is being filled. */
interface Open {
  into: unknown[] | Dict | Map<unknown, unknown>;
  /** The key of the next value; null where it is itself a key that is no string. */
  key: { readonly is: unknown } | null;
  /** The tags before it. */
  readonly tags: readonly bigint[];
}

/** Makes values of JavaScript of what a reader tells. Integers past 2^53 are bigint, times are Dates. */
export class ValueBuilder implements ValueSink {
  readonly #open: Open[] = [];
  #tags: bigint[] = [];
  #result: unknown = undefined;

  /** The value, once all of it was read. */
  get result(): unknown {
    return this.#result;
  }

  null(): void {
    this.#add(null);
  }

  undefined(): void {
    this.#add(undefined);
  }

  boolean(value: boolean): void {
    this.#add(value);
  }

  integer(value: number): void {
    this.#add(value);
  }

  bigInteger(value: bigint): void {
    this.#add(value);
  }

  float(value: number): void {
    this.#add(value);
  }

  text(bytes: Buffer, begin: number, end: number): void {
    this.#add(bytes.toString("utf8", begin, end));
  }

  binary(bytes: Buffer, begin: number, end: number): void {
    this.#add(bytes.subarray(begin, end));
  }

  time(seconds: bigint, nanos: number): void {
    this.#add(new Date(millisecondsOf({ seconds, nanos })));
  }

  decimal(mantissa: bigint, exponent: bigint, base: 2 | 10): void {
    this.#add(new Tagged(base === 2 ? 5 : 4, [smallest(exponent), smallest(mantissa)]));
  }

  tag(tag: bigint): void {
    this.#tags.push(tag);
  }

  /** JavaScript has no word for it. */
  simple(): void {
    this.#add(undefined);
  }

  extension(type: number, bytes: Buffer, begin: number, end: number): void {
    this.#add(new Extension(type, Buffer.from(bytes.subarray(begin, end))));
  }

  beginList(): void {
    this.#begin([]);
  }

  endList(): void {
    this.#end();
  }

  beginDict(): void {
    this.#begin({});
  }

  key(bytes: Buffer, begin: number, end: number): void {
    this.#keyed(bytes.toString("utf8", begin, end));
  }

  oddKey(): void {
    const open = this.#open.at(-1) as Open;
    if (!(open.into instanceof Map)) open.into = new Map(Object.entries(open.into));
    open.key = null;
  }

  endDict(): void {
    this.#end();
  }

  #begin(into: Open["into"]): void {
    const tags = this.#tags;
    this.#tags = [];
    this.#open.push({ into, key: null, tags });
  }

  #end(): void {
    const { into, tags } = this.#open.pop() as Open;
    this.#tags = [...tags];
    this.#add(into);
  }

  #keyed(key: unknown): void {
    (this.#open.at(-1) as Open).key = { is: key };
  }

  #add(plain: unknown): void {
    const value = this.#tags.length === 0 ? plain : this.#tagged(plain);
    const open = this.#open.at(-1);
    if (open === undefined) this.#result = value;
    else if (Array.isArray(open.into)) open.into.push(value);
    else if (open.key === null) this.#keyed(value);
    else {
      put(open.into, open.key.is, value);
      open.key = null;
    }
  }

  #tagged(plain: unknown): unknown {
    const tags = this.#tags;
    this.#tags = [];
    return tags.reduceRight((value, tag) => new Tagged(Number(tag), value), plain);
  }
}

function put(into: Dict | Map<unknown, unknown>, key: unknown, value: unknown): void {
  if (into instanceof Map) {
    if (into.size >= MOST_IN_MAP)
      throw unsayable("JavaScript", `more than ${MOST_IN_MAP} members with a key that is no string`);
    into.set(key, value);
  } else if (key === "__proto__") {
    // Otherwise it would be another object's prototype.
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
  } else into[key as string] = value;
}

function smallest(value: bigint): bigint | number {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
