import { HEAD_ROOM, type Serializer } from "../../serializers/serializer.ts";
import type { Message } from "../../wamp/messages.ts";
import { withoutRaw } from "../../wamp/raw-value.ts";
import { slabFor, slabUsed, takeSlab } from "./slab.ts";

/** A piece of an encoded message: a text in UTF-8, or bytes. */
type Part = string | Uint8Array;

/** Writes the head that a wire puts before each message. */
export interface Framer {
  /** The size of the head for a message of `length` bytes: 16 at most, and never smaller for a longer message. */
  headSize(length: number): number;
  writeHead(target: Buffer, at: number, length: number, binary: boolean): void;
}

/** A frame as it is written: a range of bytes, and the pieces that follow it. */
export interface Framed {
  readonly bytes: Uint8Array;
  readonly begin: number;
  readonly end: number;
  readonly more: readonly Uint8Array[];
  /** The range as a separate piece, created at first use. All receivers of an event share it. */
  piece: Uint8Array | null;
}

/** Messages up to this size are copied behind their frame's head, so that the frame is one piece. */
const SMALL = 8192;
const MAX_HEAD = 16;
const NO_MORE: readonly Uint8Array[] = [];

/** An outgoing message of one format. All receivers of that format share it. It is encoded at first use. */
export class OutgoingFrame {
  readonly binary: boolean;
  readonly #serializer: Serializer;
  readonly #message: Message | Uint8Array;
  #parts: readonly Part[] | null = null;
  #length = -1;
  #framer: Framer | null = null;
  #framed: Framed | null = null;

  /** @param message the message to encode, or encoded bytes */
  constructor(serializer: Serializer, message: Message | Uint8Array) {
    this.binary = serializer.binary;
    this.#serializer = serializer;
    this.#message = message;
  }

  /** In bytes. @throws WampError if the format cannot carry the message */
  get length(): number {
    if (this.#length === -1) {
      this.#length = 0;
      for (const part of this.#encoded) this.#length += sizeOf(part);
    }
    return this.#length;
  }

  /** All bytes as one piece. @throws WampError if the format cannot carry the message */
  get bytes(): Uint8Array {
    const [first] = this.#encoded;
    if (this.#encoded.length !== 1 || typeof first === "string" || first === undefined) {
      const bytes = Buffer.allocUnsafe(this.length);
      this.#copyTo(bytes, 0);
      this.#parts = [bytes];
      return bytes;
    }
    return first;
  }

  /**
   * The frame for one kind of connection. For one receiver the pieces stay as they are; for several it pays to join
   * them. @throws WampError if the format cannot carry the message
   */
  framed(framer: Framer): Framed {
    if (this.#framed === null || this.#framer !== framer) {
      this.#framer = framer;
      this.#framed = this.#written(framer) ?? this.#copied(framer);
    } else if (this.#framed.more.length > 0) this.#framed = joined(this.#framed);
    return this.#framed;
  }

  /** The frame, written by the serializer itself; null if it cannot. */
  #written(framer: Framer): Framed | null {
    const { write } = this.#serializer;
    if (write === undefined || this.#message instanceof Uint8Array || this.#parts !== null) return null;
    const stretch = "payload" in this.#message ? this.#message.payload?.stretch(this.#serializer) : undefined;
    const size = stretch === undefined ? 0 : stretch.end - stretch.begin;
    if (size > SMALL) return null;
    const slab = slabFor(MAX_HEAD + HEAD_ROOM + size);
    const begin = slabUsed();
    const guess = framer.headSize(size + HEAD_ROOM / 2);
    const end = write(this.#message, slab, begin + guess);
    if (end === -1) return null;
    const length = end - begin - guess;
    this.#length = length;
    const head = framer.headSize(length);
    if (head !== guess) slab.copyWithin(begin + head, begin + guess, end);
    framer.writeHead(slab, begin, length, this.binary);
    return taken(slab, begin, begin + head + length);
  }

  #copied(framer: Framer): Framed {
    const { length } = this;
    const head = framer.headSize(length);
    const isSmall = length <= SMALL;
    const slab = slabFor(MAX_HEAD + SMALL);
    const begin = slabUsed();
    framer.writeHead(slab, begin, length, this.binary);
    if (isSmall) this.#copyTo(slab, begin + head);
    const end = begin + head + (isSmall ? length : 0);
    return taken(slab, begin, end, isSmall ? NO_MORE : this.#encoded.map(bytesOf));
  }

  get #encoded(): readonly Part[] {
    if (this.#parts !== null) return this.#parts;
    const message = this.#message;
    if (message instanceof Uint8Array) this.#parts = [message];
    else this.#parts = this.#serializer.encodeParts?.(message) ?? [this.#serializer.encode(message)];
    return this.#parts;
  }

  #copyTo(target: Buffer, at: number): void {
    for (const part of this.#encoded) {
      const size = sizeOf(part);
      put(part, size, target, at);
      at += size;
    }
  }
}

function taken(bytes: Uint8Array, begin: number, end: number, more = NO_MORE): Framed {
  takeSlab(end);
  return { bytes, begin, end, more, piece: null };
}

function joined({ bytes, begin, end, more }: Framed): Framed {
  const whole = Buffer.concat([bytes.subarray(begin, end), ...more]);
  return { bytes: whole, begin: 0, end: whole.length, more: NO_MORE, piece: whole };
}

function bytesOf(part: Part): Uint8Array {
  return typeof part === "string" ? Buffer.from(part) : part;
}

function sizeOf(part: Part): number {
  return typeof part === "string" ? Buffer.byteLength(part) : part.length;
}

function put(part: Part, size: number, target: Buffer, at: number): void {
  if (typeof part !== "string") target.set(part, at);
  // Most heads have one byte for each character. These are copied without a check of each.
  else if (part.length === size) target.write(part, at, "latin1");
  else target.write(part, at);
}

/**
 * Creates frames for one format. An event goes to its receivers one after the other, so it is enough to keep the last
 * frame.
 */
export class Outgoing {
  readonly #serializer: Serializer;
  readonly #takesRaw: boolean;
  #message: Message | null = null;
  #frame: OutgoingFrame | null = null;

  constructor(serializer: Serializer) {
    this.#serializer = serializer;
    this.#takesRaw = serializer.transcodeTail !== undefined;
  }

  frame(message: Message): OutgoingFrame {
    if (this.#frame !== null && this.#message === message) return this.#frame;
    this.#frame = new OutgoingFrame(this.#serializer, this.#takesRaw ? message : decoded(message));
    this.#message = message;
    return this.#frame;
  }
}

/** A message as a serializer gets it that takes no raw values. Of the heads, that of WELCOME may have some. */
function decoded(message: Message): Message {
  return message.type === "WELCOME" ? { ...message, details: withoutRaw(message.details) } : message;
}

const byFormat = new WeakMap<Serializer, Outgoing>();

/** The `Outgoing` that all connections of a format share. */
export function outgoingOf(serializer: Serializer): Outgoing {
  let outgoing = byFormat.get(serializer);
  if (outgoing === undefined) byFormat.set(serializer, (outgoing = new Outgoing(serializer)));
  return outgoing;
}
