/** The bytes of RawSocket (spec, advanced/transport_rawsocket). */

/** The first byte of each handshake. No HTTP request begins with it. */
export const MAGIC = 0x7f;

/** Why a handshake is refused. */
export const Refusal = { serializer: 1, reservedBits: 3, tooManyConnections: 4 } as const;

export const FrameType = { message: 0, ping: 1, pong: 2 } as const;

export interface RawFrame {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** The peer broke the transport's protocol. There is no way to tell it, so the connection ends. */
export class BrokenFraming extends Error {
  override readonly name = "BrokenFraming";
}

/** The peer sent a longer frame than was agreed. */
export class FrameTooLong extends BrokenFraming {
  /** In bytes. */
  readonly length: number;

  constructor(length: number) {
    super(`a frame of ${length} bytes is longer than was agreed`);
    this.length = length;
  }
}

/** The longest message that an exponent of the handshake stands for, in bytes. */
export function lengthOf(exponent: number): number {
  return 2 ** (9 + exponent);
}

/** The largest exponent whose length is at most `bytes`. */
export function exponentOf(bytes: number): number {
  return Math.min(15, Math.floor(Math.log2(bytes)) - 9);
}

/** The word before a frame's payload of `length` bytes. */
export function prefixOf(type: number, length: number): number {
  // 2^24 does not fit in 24 bits: it has a bit of its own.
  return ((((length === 2 ** 24 ? 8 : 0) | type) << 24) | (length & 0xff_ffff)) >>> 0;
}

/** Pieces of a frame below this size are joined: a frame that comes byte by byte must not cost an object for each. */
const SMALL = 16 * 1024;

/** Cuts a stream into the handshake and the frames that follow it, however the bytes come. */
export class FrameReader {
  /** How long a frame may be, in bytes. A longer one is refused when its head is read, before the rest is kept. */
  maxLength: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(maxLength: number) {
    this.maxLength = maxLength;
  }

  /** Bytes that have come and are not taken yet. */
  get waiting(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    this.#length += chunk.length;
    let piece = chunk;
    let before = this.#chunks.at(-1);
    // As in a binary counter: a byte is copied once each time its piece has doubled.
    while (before !== undefined && before.length <= piece.length && piece.length < SMALL) {
      this.#chunks.pop();
      piece = Buffer.concat([before, piece]);
      before = this.#chunks.at(-1);
    }
    this.#chunks.push(piece);
  }

  /** The next `count` bytes; null if they have not all come. */
  take(count: number): Buffer | null {
    if (this.#length < count) return null;
    const bytes = this.#peek(count);
    if (bytes.length === count) this.#chunks.shift();
    else this.#chunks[0] = bytes.subarray(count);
    this.#length -= count;
    return bytes.subarray(0, count);
  }

  /** The next frame; null if it is not complete. @throws BrokenFraming */
  next(): RawFrame | null {
    if (this.#length < 4) return null;
    const word = this.#peek(4).readUInt32BE();
    const head = word >>> 24;
    const type = head & 0x07;
    const length = (head & 0x08) === 0 ? word & 0xff_ffff : 2 ** 24;
    if ((head & 0xf0) !== 0 || type > FrameType.pong)
      throw new BrokenFraming("a frame has reserved bits set, or is of an unknown type");
    if (length > this.maxLength) throw new FrameTooLong(length);
    if (this.#length < 4 + length) return null;
    const bytes = this.take(4 + length) as Buffer;
    return { type, payload: bytes.subarray(4) };
  }

  /** The first chunk, made at least `count` bytes long. */
  #peek(count: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= count) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
