import type { PackedPayload } from "@wampgate/core";
import { type Head, readHead, writeHead } from "./head.ts";
import { room } from "./slab.ts";

// What one node sends another:
//
//     0 u8 version   1 u8 kind   2 u8 flags   3 u8 format of the payload
//     4 u32 epoch of the sender   8 u32 epoch of the receiver   12 u32 number   16 u32 acknowledged   20 u32 length of the head
//     24 head, then the payload as it came
//
// Flags: 1 a part of a longer one, 2 more parts follow, 4 and 8 the form of the head, 16 and 32 the elements of the payload, 64 it
// wants to be acknowledged.

/** The version of all this. A node takes envelopes of its own version alone. */
export const VERSION = 2;

/** The length of the fixed fields, in bytes. */
export const FIXED = 24;

/** The longest envelope that is put together of parts, in bytes. Messages of clients are limited to less by default. */
export const MAX_ENVELOPE = 128 * 1024 * 1024;

/** What an envelope is for. Those from `beat` on are numbered. Unknown ones are counted, and passed over. */
export const Kind = {
  /** To all: a node is there. */
  hello: 1,
  /** A pair begins, again or for the first time. */
  open: 2,
  /** Acknowledges, and nothing else. */
  ack: 3,
  /** The node leaves. */
  bye: 4,
  /** To all: a node that starts asks for the secret of the cluster, since the arbiter has none. */
  ask: 5,
  /** The answer to it. */
  tell: 6,
  /** A sign of life. */
  beat: 16,
  /** The node has a realm. Its facts follow. */
  realm: 17,
  /** The node has not got the realm any more. */
  left: 18,
  /** All facts of all realms were told that hold. */
  settled: 19,
  fact: 20,
  message: 21,
  /** Of no realm: see `RouterLink`. */
  announcement: 22,
  /** The node is about to end. */
  drain: 23,
  /** All facts of a realm were told that hold: now the node wants to know what the other one has kept. */
  told: 24,
  /** After `settled`: all was copied that this node has kept. */
  copied: 25,
} as const;

export function isNumbered(kind: number): boolean {
  return kind >= Kind.beat;
}

const FORMATS = [undefined, "json", "msgpack", "cbor"];

const IS_PART = 1;
const HAS_MORE = 2;
const FORM_SHIFT = 2;
const COUNT_SHIFT = 4;
const ASKS = 64;

/** What the pair of two nodes says of an envelope: see pair.ts. */
export interface Marks {
  readonly epoch: number;
  readonly peerEpoch: number;
  readonly number: number;
  readonly acknowledged: number;
  /** Whether the sender wants to know soon that it has come. */
  readonly asks: boolean;
}

/** The marks of an envelope that belongs to no pair. */
export const NO_PAIR: Marks = { epoch: 0, peerEpoch: 0, number: 0, acknowledged: 0, asks: false };

/** What is sent, before it is known to which node. */
export interface Content {
  readonly kind: number;
  /** The whole envelope, but its marks: whoever sends it first gets these bytes. */
  readonly bytes: Buffer;
  isSent: boolean;
}

/** An envelope as it came. Its head was not read. */
export interface Envelope extends Marks {
  readonly kind: number;
  readonly flags: number;
  readonly format: number;
  readonly headLength: number;
  /** Head and payload, or a part of them, from `begin` on. */
  readonly body: Buffer;
  readonly begin: number;
}

/** @throws Error if the head is no data, or the format of the payload is unknown */
export function contentOf(kind: number, value: unknown, payload?: PackedPayload): Content {
  return contentWith(kind, writeHead(value), payload);
}

/** @throws Error if the format of the payload is unknown */
export function contentWith(kind: number, { bytes: head, form }: Head, payload: PackedPayload | undefined): Content {
  const format = FORMATS.indexOf(payload?.format);
  if (format < 0) throw new Error(`a payload in the format ${payload?.format} cannot cross`);
  const bytes = room(FIXED + head.length + (payload?.bytes.length ?? 0));
  bytes[0] = VERSION;
  bytes[1] = kind;
  bytes[2] = (form << FORM_SHIFT) | ((payload?.count ?? 0) << COUNT_SHIFT);
  bytes[3] = format;
  bytes.writeUInt32LE(head.length, 20);
  bytes.set(head, FIXED);
  if (payload !== undefined) bytes.set(payload.bytes, FIXED + head.length);
  return { kind, bytes, isSent: false };
}

/** How many envelopes a content takes. */
export function partsOf({ bytes }: Content, maxBytes: number): number {
  return bytes.length <= maxBytes ? 1 : Math.ceil((bytes.length - FIXED) / (maxBytes - FIXED));
}

/** The bytes of an envelope. They are copied only if the content was sent before. */
export function writeEnvelope(content: Content, marks: Marks): Buffer {
  const { isSent } = content;
  content.isSent = true;
  const bytes = isSent ? Buffer.from(content.bytes) : content.bytes;
  mark(bytes, marks, 0);
  return bytes;
}

/** The envelopes of a long content, each with the next number. */
export function writeParts({ bytes: whole }: Content, marks: Marks, maxBytes: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = FIXED, number = marks.number; at < whole.length; number++) {
    const end = Math.min(whole.length, at + maxBytes - FIXED);
    const bytes = room(FIXED + end - at);
    whole.copy(bytes, 0, 0, FIXED);
    whole.copy(bytes, FIXED, at, end);
    mark(bytes, { ...marks, number }, end < whole.length ? IS_PART | HAS_MORE : IS_PART);
    parts.push(bytes);
    at = end;
  }
  return parts;
}

function mark(bytes: Buffer, { epoch, peerEpoch, number, acknowledged, asks }: Marks, flags: number): void {
  bytes[2] = ((bytes[2] as number) & ~ASKS) | flags | (asks ? ASKS : 0);
  bytes.writeUInt32LE(epoch, 4);
  bytes.writeUInt32LE(peerEpoch, 8);
  bytes.writeUInt32LE(number, 12);
  bytes.writeUInt32LE(acknowledged, 16);
}

/** The version of an envelope; null if the bytes are too few for one. */
export function versionOf(bytes: Uint8Array): number | null {
  return bytes.length < FIXED ? null : (bytes[0] ?? null);
}

/** An envelope from its bytes, whose version is known; null if they are none. */
export function readEnvelope(bytes: Uint8Array): Envelope | null {
  const body = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [kind, flags, format] = [body[1] as number, body[2] as number, body[3] as number];
  const headLength = body.readUInt32LE(20);
  if (format >= FORMATS.length || countIn(flags) > 2 || flags > 127) return null;
  if ((flags & IS_PART) === 0 && headLength > body.length - FIXED) return null;
  return {
    kind,
    flags,
    format,
    epoch: body.readUInt32LE(4),
    peerEpoch: body.readUInt32LE(8),
    number: body.readUInt32LE(12),
    acknowledged: body.readUInt32LE(16),
    asks: (flags & ASKS) !== 0,
    headLength,
    body,
    begin: FIXED,
  };
}

/** What a whole envelope has in it. */
export type Inside = Pick<Envelope, "flags" | "format" | "headLength" | "body" | "begin">;

/** The form of the head: see head.ts. */
export function formOf({ flags }: Inside): number {
  return (flags >>> FORM_SHIFT) & 3;
}

/** @throws Error if the payload would begin behind the end */
export function payloadOf({ flags, format, headLength, body, begin }: Inside): PackedPayload | undefined {
  if (begin + headLength > body.length) throw new Error("the head of an envelope is longer than the envelope");
  const name = FORMATS[format];
  if (name === undefined) return undefined;
  return { format: name, count: countIn(flags) as 0 | 1 | 2, bytes: body.subarray(begin + headLength) };
}

/** The head and the payload of a whole envelope, but one with a brief head; null if they are none. */
export function readContent(
  envelope: Inside,
): { readonly head: unknown; readonly payload: PackedPayload | undefined } | null {
  const { headLength, body, begin } = envelope;
  try {
    const payload = payloadOf(envelope);
    return { head: readHead(body.subarray(begin, begin + headLength), formOf(envelope)), payload };
  } catch {
    return null;
  }
}

function countIn(flags: number): number {
  return (flags >>> COUNT_SHIFT) & 3;
}

/** Puts the parts of long envelopes together. */
export class Parts {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** @returns the whole envelope; null if parts are missing; undefined if it gets too long */
  add(envelope: Envelope): Envelope | null | undefined {
    if ((envelope.flags & IS_PART) === 0) return this.#bytes === 0 ? envelope : undefined;
    this.#parts.push(envelope.body.subarray(envelope.begin));
    this.#bytes += envelope.body.length - envelope.begin;
    if (this.#bytes > MAX_ENVELOPE) return undefined;
    if ((envelope.flags & HAS_MORE) !== 0) return null;
    const body = Buffer.concat(this.#parts);
    this.clear();
    return { ...envelope, body, begin: 0 };
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
