import { get32, put32 } from "./bytes.ts";
import { type Content, contentAt, headIn } from "./content.ts";

// What one node sends another at a time:
//
//     0 u8 version   1 u8 kind   2 u8 flags   3 u8 0
//     4 u32 epoch of the sender   8 u32 epoch of the receiver   12 u32 number   16 u32 acknowledged
//     20 contents, one behind the other: see content.ts
//
// Flags: 1 a part of a longer one, 2 more parts follow, 4 it wants to be acknowledged.

/** The version of all this. A node takes envelopes of its own version alone. */
export const VERSION = 3;

/** The length of the fixed fields, in bytes. */
export const FIXED = 20;

/** The longest envelope that is put together of parts, in bytes. Messages of clients are limited to less by default. */
export const MAX_ENVELOPE = 128 * 1024 * 1024;

/** What a content is for, and an envelope. Unknown ones are counted, and passed over. */
export const Kind = {
  // Those up to here are alone in an envelope of their kind, which has no number.
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
  /** An envelope with a number. Its contents have kinds of their own, of those that follow. */
  bundle: 15,
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

const IS_PART = 1;
const HAS_MORE = 2;
const ASKS = 4;
const MAX_FLAGS = 7;

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

/** An envelope as it came. Its contents were not read. */
export interface Envelope extends Marks {
  readonly kind: number;
  readonly flags: number;
  /** Contents, or a part of them, from `begin` on. */
  readonly body: Buffer;
  readonly begin: number;
}

/** How many envelopes it takes to send so many bytes, the fixed fields of one with them. */
export function partsOf(length: number, maxBytes: number): number {
  return length <= maxBytes ? 1 : Math.ceil((length - FIXED) / (maxBytes - FIXED));
}

/** Writes the fixed fields of an envelope. */
export function mark(bytes: Uint8Array, kind: number, marks: Marks, flags = 0): void {
  const { epoch, peerEpoch, number, acknowledged, asks } = marks;
  bytes[0] = VERSION;
  bytes[1] = kind;
  bytes[2] = flags | (asks ? ASKS : 0);
  bytes[3] = 0;
  put32(bytes, 4, epoch);
  put32(bytes, 8, peerEpoch);
  put32(bytes, 12, number);
  put32(bytes, 16, acknowledged);
}

/** An envelope of one content. */
export function writeEnvelope(content: Content, marks: Marks, kind = content.kind): Buffer {
  const bytes = Buffer.allocUnsafe(FIXED + content.size);
  mark(bytes, kind, marks);
  content.write(bytes, FIXED);
  return bytes;
}

/** The envelopes of a bundle that is too long for one, each with the next number. @param whole with room for fixed fields */
export function writeParts(whole: Buffer, marks: Marks, maxBytes: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = FIXED, number = marks.number; at < whole.length; number++) {
    const end = Math.min(whole.length, at + maxBytes - FIXED);
    const bytes = Buffer.allocUnsafeSlow(FIXED + end - at);
    whole.copy(bytes, FIXED, at, end);
    mark(bytes, Kind.bundle, { ...marks, number }, end < whole.length ? IS_PART | HAS_MORE : IS_PART);
    parts.push(bytes);
    at = end;
  }
  return parts;
}

/** The version of an envelope; null if the bytes are too few for one. */
export function versionOf(bytes: Uint8Array): number | null {
  return bytes.length < FIXED ? null : (bytes[0] ?? null);
}

/** An envelope from its bytes, whose version is known; null if they are none. */
export function readEnvelope(bytes: Uint8Array): Envelope | null {
  const body = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [kind, flags] = [body[1] as number, body[2] as number];
  if (flags > MAX_FLAGS) return null;
  return {
    kind,
    flags,
    epoch: get32(body, 4),
    peerEpoch: get32(body, 8),
    number: get32(body, 12),
    acknowledged: get32(body, 16),
    asks: (flags & ASKS) !== 0,
    body,
    begin: FIXED,
  };
}

/** The head of the only content of an envelope, in an object; null if it has none. */
export function headOf({ body, begin }: Envelope): { readonly head: unknown } | null {
  const content = contentAt(body, begin);
  return content === null ? null : headIn(content);
}

/** Puts the parts of envelopes together. */
export class Parts {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @returns the whole envelope; null while parts are missing; undefined if they do not fit together */
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
