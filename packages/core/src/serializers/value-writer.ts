import type { ValueSink } from "../wamp/formats.ts";
import type { WampError } from "../errors/wamp-error.ts";
import { unsayable } from "./unsayable.ts";

/** Up to this number of keys, each is compared with each. */
const FEW_KEYS = 8;

/** Writes values in one format, as a reader of another tells them. What is written of a refused value is worthless. */
export abstract class ValueWriter implements ValueSink {
  /** The format's name in a sentence. */
  abstract readonly name: string;
  /** How many bytes stand between two members of a dictionary. */
  protected abstract readonly gap: 0 | 1;
  protected out: Buffer;
  protected at = 0;
  /** How many members the innermost list or dictionary has so far. */
  protected count = 0;
  #inDict = false;
  /** Of the open lists and dictionaries around it: where each began, its count, and whether it is a dictionary. */
  readonly #around: number[] = [];
  /** Where each key of the open dictionaries begins and ends. */
  readonly #keys: number[] = [];
  /** How many of these belong to the dictionaries around the innermost one. */
  #keysBefore = 0;
  /** Members to be left out, as positions in `#keys`. */
  readonly #dropped: number[] = [];

  /** @param size how many bytes will be written, about */
  constructor(size: number) {
    this.out = Buffer.allocUnsafe(size + 32);
  }

  /** All that was written. */
  get bytes(): Buffer {
    return this.out.subarray(0, this.at);
  }

  abstract null(): void;
  abstract boolean(value: boolean): void;
  abstract integer(value: number): void;
  abstract bigInteger(value: bigint): void;
  abstract float(value: number): void;
  abstract text(bytes: Buffer, begin: number, end: number): void;
  abstract binary(bytes: Buffer, begin: number, end: number): void;
  abstract time(seconds: bigint, nanos: number, text?: string): void;
  abstract beginList(): void;
  abstract endList(): void;
  abstract beginDict(): void;
  abstract key(bytes: Buffer, begin: number, end: number): void;
  abstract endDict(): void;
  /** Puts what stands before a value. */
  protected abstract value(): void;
  /** Puts what stands between two members, at `at`. */
  protected abstract putGap(at: number): void;

  undefined(): void {
    if (this.#inDict) this.#dropped.push(this.#keys.length - 2);
    this.null();
  }

  decimal(...parts: Parameters<ValueSink["decimal"]>): void {
    throw this.refused(`a number to the base of ${parts[2]}, with an exponent`);
  }

  tag(tag: bigint): void {
    throw this.refused(`CBOR's tag ${tag}`);
  }

  simple(value: number): void {
    throw this.refused(`CBOR's simple value ${value}`);
  }

  extension(type: number): void {
    throw this.refused(`MessagePack's extension ${type}`);
  }

  oddKey(): void {
    throw this.refused("a key that is no string");
  }

  /** A value of this format, as it is. */
  splice(bytes: Uint8Array): void {
    this.value();
    this.reserve(bytes.length);
    this.out.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A key of this format, as it is. */
  spliceKey(bytes: Uint8Array): void {
    const begin = this.at;
    this.reserve(bytes.length);
    this.out.set(bytes, begin);
    this.at += bytes.length;
    this.keyed(begin);
  }

  protected refused(what: string): WampError {
    return unsayable(this.name, what);
  }

  /** Makes room for so many more bytes. */
  protected reserve(size: number): void {
    if (this.at + size <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.at + size));
    larger.set(this.out.subarray(0, this.at));
    this.out = larger;
  }

  /** Whether no list and no dictionary is open. */
  protected get isTop(): boolean {
    return this.#around.length === 0;
  }

  /** Counts a value if it is a member of a list. @returns whether it is, and is not the first */
  protected counted(): boolean {
    return !this.#inDict && this.count++ > 0 && this.#around.length > 0;
  }

  /** A list or dictionary begins, at `at`. */
  protected begin(isDict: boolean): void {
    this.#around.push(this.at, this.count, this.#inDict ? this.#keysBefore : -1);
    this.#inDict = isDict;
    this.count = 0;
    if (isDict) this.#keysBefore = this.#keys.length;
  }

  /** A list or dictionary ends. @returns where it began; `count` is how many members it has until `close` is called */
  protected end(): number {
    if (this.#inDict) {
      if (this.count > 1 || this.#dropped.length > 0) this.#leaveOut();
      this.#keys.length = this.#keysBefore;
    }
    return this.#around[this.#around.length - 3] as number;
  }

  protected close(): void {
    const around = this.#around;
    const before = around.pop() as number;
    this.count = around.pop() as number;
    around.pop();
    this.#inDict = before !== -1;
    if (this.#inDict) this.#keysBefore = before;
  }

  /** A key was written, from `begin` on. */
  protected keyed(begin: number): void {
    this.count++;
    this.#keys.push(begin, this.at);
  }

  /** Takes out the members that are left out, and all but the last of those with the same key. */
  #leaveOut(): void {
    const [keys, before] = [this.#keys, this.#keysBefore];
    const out = this.count <= FEW_KEYS ? this.#fewRepeated() : this.#manyRepeated();
    while (this.#dropped.length > 0 && (this.#dropped.at(-1) as number) >= before) {
      (out[this.#dropped.pop() as number] as unknown) = true;
    }
    const found = Object.keys(out).length;
    if (found === 0) return;
    const first = keys[before] as number;
    let to = first;
    for (let i = before; i < keys.length; i += 2) {
      if (out[i] === true) continue;
      const begin = keys[i] as number;
      const end = i + 2 < keys.length ? (keys[i + 2] as number) - this.gap : this.at;
      if (to > first) {
        this.putGap(to);
        to += this.gap;
      }
      this.out.copyWithin(to, begin, end);
      to += end - begin;
    }
    this.at = to;
    this.count -= found;
  }

  #fewRepeated(): Record<number, true> {
    const [keys, out] = [this.#keys, {} as Record<number, true>];
    for (let i = this.#keysBefore; i < keys.length; i += 2)
      for (let j = i + 2; j < keys.length; j += 2) if (this.#isSame(i, j)) out[i] = true;
    return out;
  }

  #isSame(one: number, other: number): boolean {
    const [from, to, at] = [this.#keys[one] as number, this.#keys[one + 1] as number, this.#keys[other] as number];
    if (to - from !== (this.#keys[other + 1] as number) - at) return false;
    for (let i = to - from - 1; i >= 0; i--) if (this.out[from + i] !== this.out[at + i]) return false;
    return true;
  }

  #manyRepeated(): Record<number, true> {
    const [keys, out, seen] = [this.#keys, {} as Record<number, true>, new Set<string>()];
    for (let i = keys.length - 2; i >= this.#keysBefore; i -= 2) {
      const key = this.out.toString("latin1", keys[i], keys[i + 1]);
      if (seen.has(key)) out[i] = true;
      else seen.add(key);
    }
    return out;
  }
}
