import type { PackedPayload } from "@wampgate/core";
import { type Head, readHead, writeHead } from "./head.ts";

// What one node sends another:
//
//     0 u8 version   1 u8 kind   2 u8 flags   3 u8 format of the payload
//     4 u32 epoch of the sender   8 u32 epoch of the receiver   12 u32 number   16 u32 acknowledged   20 u32 length of the head
//     24 head, then the payload as it came
//
// Flags: 1 a part of a longer one, 2 more parts follow, 4 the head is CBOR and not JSON, 8 and 16 the elements of the payload.

/** The version of all this. */
export const VERSION = 1;

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
  /** A sign of life, which wants to be acknowledged. */
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
const IS_CBOR = 4;
const COUNT_SHIFT = 3;

/** What the pair of two nodes says of an envelope: see pair.ts. */
export interface Marks {
  readonly epoch: number;
  readonly peerEpoch: number;
  readonly number: number;
  readonly acknowledged: number;
}

/** What is sent, before it is known to which node. */
export interface Content {
  readonly kind: number;
  readonly head: Head;
  readonly payload: PackedPayload | undefined;
  /** In bytes, with the fixed fields. */
  readonly size: number;
}

/** An envelope as it came. Its head was not read. */
export interface Envelope extends Marks {
  readonly kind: number;
  readonly flags: number;
  readonly format: number;
  readonly headLength: number;
  /** Head and payload, or a part of them. */
  readonly body: Uint8Array;
}

/** @throws Error if the head is no data, or the format of the payload is unknown */
export function contentOf(kind: number, value: unknown, payload?: PackedPayload): Content {
  if (payload !== undefined && !FORMATS.includes(payload.format))
    throw new Error(`a payload in the format ${payload.format} cannot cross`);
  const head = writeHead(value);
  return { kind, head, payload, size: FIXED + head.bytes.length + (payload?.bytes.length ?? 0) };
}

/** How many envelopes a content takes. */
export function partsOf({ size }: Content, maxBytes: number): number {
  return size <= maxBytes ? 1 : Math.ceil((size - FIXED) / (maxBytes - FIXED));
}

/** The bytes of an envelope. */
export function writeEnvelope(content: Content, marks: Marks): Buffer {
  const { head, payload, size } = content;
  const bytes = Buffer.allocUnsafe(size);
  writeFixed(bytes, content, marks, 0);
  head.bytes.copy(bytes, FIXED);
  if (payload !== undefined) bytes.set(payload.bytes, FIXED + head.bytes.length);
  return bytes;
}

/** The envelopes of a long content, each with the next number. */
export function writeParts(content: Content, marks: Marks, maxBytes: number): Buffer[] {
  const { head, payload } = content;
  const body = Buffer.concat([head.bytes, payload?.bytes ?? new Uint8Array()]);
  const parts: Buffer[] = [];
  for (let at = 0, number = marks.number; at < body.length; number++) {
    const end = Math.min(body.length, at + maxBytes - FIXED);
    const bytes = Buffer.allocUnsafe(FIXED + end - at);
    writeFixed(bytes, content, { ...marks, number }, end < body.length ? IS_PART | HAS_MORE : IS_PART);
    body.copy(bytes, FIXED, at, end);
    parts.push(bytes);
    at = end;
  }
  return parts;
}

function writeFixed(bytes: Buffer, { kind, head, payload }: Content, marks: Marks, flags: number): void {
  bytes[0] = VERSION;
  bytes[1] = kind;
  bytes[2] = flags | (head.isCbor ? IS_CBOR : 0) | ((payload?.count ?? 0) << COUNT_SHIFT);
  bytes[3] = payload === undefined ? 0 : FORMATS.indexOf(payload.format);
  bytes.writeUInt32LE(marks.epoch, 4);
  bytes.writeUInt32LE(marks.peerEpoch, 8);
  bytes.writeUInt32LE(marks.number, 12);
  bytes.writeUInt32LE(marks.acknowledged, 16);
  bytes.writeUInt32LE(head.bytes.length, 20);
}

/** The version of an envelope; null if the bytes are too few for one. */
export function versionOf(bytes: Uint8Array): number | null {
  return bytes.length < FIXED ? null : (bytes[0] ?? null);
}

/** An envelope from its bytes, whose version is known; null if they are none. */
export function readEnvelope(bytes: Uint8Array): Envelope | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(2);
  const format = view.getUint8(3);
  const headLength = view.getUint32(20, true);
  if (format >= FORMATS.length || flags >>> COUNT_SHIFT > 2) return null;
  if ((flags & IS_PART) === 0 && headLength > bytes.length - FIXED) return null;
  return {
    kind: view.getUint8(1),
    flags,
    format,
    epoch: view.getUint32(4, true),
    peerEpoch: view.getUint32(8, true),
    number: view.getUint32(12, true),
    acknowledged: view.getUint32(16, true),
    headLength,
    body: bytes.subarray(FIXED),
  };
}

/** The head and the payload of a whole envelope; null if they are none. */
export function readContent(
  envelope: Pick<Envelope, "flags" | "format" | "headLength" | "body">,
): { readonly head: unknown; readonly payload: PackedPayload | undefined } | null {
  const { flags, format, headLength, body } = envelope;
  if (headLength > body.length) return null;
  try {
    const head = readHead(body.subarray(0, headLength), (flags & IS_CBOR) !== 0);
    const name = FORMATS[format];
    const count = (flags >>> COUNT_SHIFT) as 0 | 1 | 2;
    return {
      head,
      payload: name === undefined ? undefined : { format: name, count, bytes: body.subarray(headLength) },
    };
  } catch {
    return null;
  }
}

/** Puts the parts of long envelopes together. */
export class Parts {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** @returns the whole envelope; null if parts are missing; undefined if it gets too long */
  add(envelope: Envelope): Envelope | null | undefined {
    if ((envelope.flags & IS_PART) === 0) return this.#bytes === 0 ? envelope : undefined;
    this.#parts.push(envelope.body);
    this.#bytes += envelope.body.length;
    if (this.#bytes > MAX_ENVELOPE) return undefined;
    if ((envelope.flags & HAS_MORE) !== 0) return null;
    const body = Buffer.concat(this.#parts);
    this.clear();
    return { ...envelope, body };
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
