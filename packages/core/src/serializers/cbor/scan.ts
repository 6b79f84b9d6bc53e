import { isUtf8 } from "node:buffer";
import { protocolViolation, TooDeep, TooManyValues } from "../../errors/wamp-error.ts";

/** The byte that ends what has no given length. */
const BREAK = 0xff;

/** Up to this length a text is looked at byte by byte. */
const LONG = 64;

/**
 * A scanner that walks through a CBOR value (RFC 8949 section 3) without decoding it. It passes what is well-formed,
 * tags and simple values that it does not know too, and text that is UTF-8. It stops at the limits, so that a refusal
 * costs no more than a legal message. A list or dictionary that claims more members than there are bytes left is
 * refused at once.
 *
 * Its methods throw a WampError `wamp.error.protocol_violation`, a TooDeep or TooManyValues if a limit is exceeded.
 */
export class CborScan {
  readonly #bytes: Buffer;
  readonly #maxDepth: number;
  readonly #maxValues: number;
  #values = 0;

  /**
   * @param maxDepth the maximum nesting depth of lists, dictionaries and tags; the message itself is one level
   * @param maxValues how many members all lists and dictionaries may have together, including those in keys
   */
  constructor(bytes: Buffer, maxDepth: number, maxValues: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
    this.#maxValues = maxValues;
  }

  /**
   * Where the elements of the message begin, and at last where the last one ends. Null if it is no list.
   * @param most how many places are needed; what comes behind them is passed all the same
   */
  elements(most: number): number[] | null {
    const bytes = this.#bytes;
    const kind = bytes[0] ?? BREAK;
    if (kind >>> 5 !== 4) {
      this.#requireEnd(this.skip(0, 0));
      return null;
    }
    const places: number[] = [];
    let at = 1 + widthOf(kind & 0x1f);
    const isOpen = kind === 0x9f;
    const size = isOpen ? Infinity : this.#size(0, kind & 0x1f);
    if (!isOpen) this.#takeMembers(at, size, 1);
    for (let i = 0; isOpen ? bytes[at] !== BREAK : i < size; i++) {
      if (isOpen) this.#take(1);
      if (places.length <= most) places.push(at);
      at = this.skip(at, 1);
    }
    places.push(at);
    this.#requireEnd(isOpen ? at + 1 : at);
    return places;
  }

  /** The position after the value that begins at `at`. */
  skip(at: number, depth: number): number {
    const kind = this.#bytes[at];
    if (kind === undefined) throw broken();
    const minor = kind & 0x1f;
    const begin = at + 1 + widthOf(minor);
    const isOpen = minor === 0x1f;
    switch (kind >>> 5) {
      case 2:
      case 3:
        if (isOpen) return this.#pieces(begin, kind >>> 5);
        return this.#string(begin, this.#size(at, minor), kind >>> 5);
      case 4:
        return isOpen ? this.#openMembers(begin, 1, depth) : this.#members(begin, this.#size(at, minor), 1, depth);
      case 5:
        return isOpen ? this.#openMembers(begin, 2, depth) : this.#members(begin, this.#size(at, minor), 2, depth);
      case 6: // a tag, before its value
        if (isOpen) throw broken();
        this.#requireLevel(depth);
        return this.skip(this.#within(begin), depth + 1);
      case 7:
        // A simple value below 32 has one byte.
        if (isOpen || (minor === 0x18 && (this.#bytes[at + 1] ?? 0) < 0x20)) throw broken();
        return this.#within(begin);
      default:
        if (isOpen) throw broken();
        return this.#within(begin);
    }
  }

  /** @param major 2: a byte string, 3: a text */
  #string(begin: number, size: number, major: number): number {
    const end = this.#within(begin + size);
    if (major === 3 && !isText(this.#bytes, begin, end)) throw broken();
    return end;
  }

  /** A string of no given length: pieces that have one. */
  #pieces(at: number, major: number): number {
    for (;;) {
      const kind = this.#bytes[at];
      if (kind === BREAK) return at + 1;
      const minor = (kind ?? BREAK) & 0x1f;
      if (kind === undefined || kind >>> 5 !== major || minor === 0x1f) throw broken();
      at = this.#string(at + 1 + widthOf(minor), this.#size(at, minor), major);
    }
  }

  /** @param width how many values each member is made of: 2 where it has a key */
  #members(at: number, size: number, width: 1 | 2, depth: number): number {
    this.#requireLevel(depth);
    this.#takeMembers(at, size, width);
    for (let i = size * width; i > 0; i--) at = this.skip(at, depth + 1);
    return at;
  }

  /** Of a list or dictionary that ends with a byte of its own. */
  #openMembers(at: number, width: 1 | 2, depth: number): number {
    this.#requireLevel(depth);
    while (this.#bytes[at] !== BREAK) {
      this.#take(1);
      for (let i = width; i > 0; i--) at = this.skip(at, depth + 1);
    }
    return at + 1;
  }

  #takeMembers(at: number, size: number, width: 1 | 2): void {
    if (size * width > this.#bytes.length - at) throw broken();
    this.#take(size);
  }

  #take(values: number): void {
    this.#values += values;
    if (this.#values > this.#maxValues) throw new TooManyValues(this.#maxValues);
  }

  #requireLevel(depth: number): void {
    if (depth > this.#maxDepth) throw new TooDeep(this.#maxDepth);
  }

  /** The number of a value's first bytes. @param at where the value begins, with `minor` in its first byte */
  #size(at: number, minor: number): number {
    this.#within(at + 1 + widthOf(minor));
    return sizeAt(this.#bytes, at, minor);
  }

  #within(end: number): number {
    if (end > this.#bytes.length) throw broken();
    return end;
  }

  #requireEnd(end: number): void {
    if (end !== this.#bytes.length) throw protocolViolation("the frame has bytes after its message");
  }
}

/** How many bytes of a value's first number follow its first byte, by that byte's last five bits. */
export function widthOf(minor: number): 0 | 1 | 2 | 4 | 8 {
  if (minor < 0x18 || minor === 0x1f) return 0;
  if (minor > 0x1b) throw broken();
  return (1 << (minor - 0x18)) as 1 | 2 | 4 | 8;
}

/** The number of a value that begins at `at`. It is exact up to 2^53. */
export function sizeAt(bytes: Buffer, at: number, minor: number): number {
  switch (minor) {
    case 0x18:
      return bytes[at + 1] as number;
    case 0x19:
      return bytes.readUInt16BE(at + 1);
    case 0x1a:
      return bytes.readUInt32BE(at + 1);
    case 0x1b:
      return bytes.readUInt32BE(at + 1) * 2 ** 32 + bytes.readUInt32BE(at + 5);
    default:
      return minor;
  }
}

function isText(bytes: Buffer, begin: number, end: number): boolean {
  if (end - begin > LONG) return isUtf8(bytes.subarray(begin, end));
  for (let i = begin; i < end; i++) if ((bytes[i] as number) > 0x7f) return isUtf8(bytes.subarray(begin, end));
  return true;
}

function broken(): Error {
  return protocolViolation("the frame is not valid CBOR");
}
