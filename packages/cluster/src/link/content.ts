import type { PackedPayload } from "@wampgate/core";
import { get32, put32, putBytes } from "./bytes.ts";
import { type Head, readHead, writeHead } from "./head.ts";

// What one node tells another: one thing. All that it tells in one turn of the event loop leaves in one envelope.
//
//     0 u8 kind   1 u8 form of the head, and the elements of the payload times 16   2 u8 format of the payload   3 u8 0
//     4 u32 length of the head   8 u32 length of the payload   12 head, then the payload as it came

/** The length of the fixed fields, in bytes. */
export const CONTENT_FIXED = 12;

const FORMATS = [undefined, "json", "msgpack", "cbor"];

const COUNT_SHIFT = 4;
const FORM_MASK = 3;

/** What is to be sent. It may be written more than once, for several nodes. */
export interface Content {
  readonly kind: number;
  /** How long it is, in bytes. */
  readonly size: number;
  /** Writes all of it. */
  write(bytes: Buffer, at: number): void;
}

/** Where a content is in the bytes that came. Its head was not read. */
export interface Inside {
  readonly kind: number;
  readonly form: number;
  readonly count: number;
  readonly format: number;
  readonly bytes: Buffer;
  /** Where the head begins, where it ends and the payload begins, and where that ends. */
  readonly begin: number;
  readonly middle: number;
  readonly end: number;
}

/** The number of a payload's format. @throws Error if it is unknown */
export function formatOf(payload: PackedPayload | undefined): number {
  const format = payload === undefined ? 0 : FORMATS.indexOf(payload.format);
  if (format < 0) throw new Error(`a payload in the format ${payload?.format} cannot cross`);
  return format;
}

/** In bytes. */
export function lengthOf(payload: PackedPayload | undefined): number {
  return payload === undefined ? 0 : payload.end - payload.begin;
}

export function putPayload(bytes: Uint8Array, at: number, { source, begin, end }: PackedPayload): void {
  putBytes(bytes, at, source, begin, end);
}

/** Writes the fixed fields. */
export function writeFixed(
  bytes: Uint8Array,
  at: number,
  kind: number,
  form: number,
  headLength: number,
  format: number,
  payload: PackedPayload | undefined,
): void {
  bytes[at] = kind;
  bytes[at + 1] = form | ((payload?.count ?? 0) << COUNT_SHIFT);
  bytes[at + 2] = format;
  bytes[at + 3] = 0;
  put32(bytes, at + 4, headLength);
  put32(bytes, at + 8, lengthOf(payload));
}

/** A content whose head is ready. */
class Ready implements Content {
  readonly kind: number;
  readonly size: number;
  readonly #head: Head;
  readonly #format: number;
  readonly #payload: PackedPayload | undefined;

  constructor(kind: number, head: Head, payload: PackedPayload | undefined) {
    this.kind = kind;
    this.size = CONTENT_FIXED + head.bytes.length + lengthOf(payload);
    this.#head = head;
    this.#format = formatOf(payload);
    this.#payload = payload;
  }

  write(bytes: Buffer, at: number): void {
    const { bytes: head, form } = this.#head;
    writeFixed(bytes, at, this.kind, form, head.length, this.#format, this.#payload);
    const end = putBytes(bytes, at + CONTENT_FIXED, head, 0, head.length);
    if (this.#payload !== undefined) putPayload(bytes, end, this.#payload);
  }
}

/** @throws Error if the head is no data, or the format of the payload is unknown */
export function contentOf(kind: number, value: unknown, payload?: PackedPayload): Content {
  return new Ready(kind, writeHead(value), payload);
}

/** The content at a place of the bytes that came; null if there is none. */
export function contentAt(bytes: Buffer, at: number): Inside | null {
  const begin = at + CONTENT_FIXED;
  if (begin > bytes.length) return null;
  const [kind, shape, format] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number];
  const count = shape >>> COUNT_SHIFT;
  const middle = begin + get32(bytes, at + 4);
  const end = middle + get32(bytes, at + 8);
  if (end > bytes.length || count > 2 || format >= FORMATS.length) return null;
  return { kind, form: shape & FORM_MASK, count, format, bytes, begin, middle, end };
}

export function payloadOf({ bytes, count, format, middle, end }: Inside): PackedPayload | undefined {
  const name = FORMATS[format];
  if (name === undefined) return undefined;
  return { format: name, count: count as 0 | 1 | 2, source: bytes, begin: middle, end };
}

/** The head of a content, but a brief one. In an object, since a head may be anything; null if it is none. */
export function headIn({ bytes, begin, middle, form }: Inside): { readonly head: unknown } | null {
  try {
    return { head: readHead(bytes.subarray(begin, middle), form) };
  } catch {
    return null;
  }
}
