import { protocolViolation, TooDeep, TooManyValues } from "../../errors/wamp-error.ts";
import { bufferOf } from "../serializer.ts";

/** The byte that ends a list or dictionary of no given length. */
const BREAK = 0xff;

/**
 * Walks through the structure of a CBOR value (RFC 8949 section 3) before it is decoded, and stops at the limits, so
 * that a refusal costs no more than a legal message. A list or dictionary that claims more members than there are bytes
 * left is refused at once.
 *
 * @param maxDepth the maximum nesting depth of lists, dictionaries and tags; the message itself is one level
 * @param maxValues how many members all lists and dictionaries may have together, including those in keys
 * @returns the position after the value
 * @throws WampError `wamp.error.protocol_violation`, a TooDeep or TooManyValues if it exceeds that limit
 */
export function checkCbor(message: Uint8Array, maxDepth: number, maxValues: number): number {
  return new Walk(bufferOf(message), maxDepth, maxValues).skip(0, 0);
}

class Walk {
  readonly #bytes: Buffer;
  readonly #maxDepth: number;
  readonly #maxValues: number;
  #values = 0;

  constructor(bytes: Buffer, maxDepth: number, maxValues: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
    this.#maxValues = maxValues;
  }

  /** The position after the value that begins at `at`. */
  skip(at: number, depth: number): number {
    const kind = this.#bytes[at];
    if (kind === undefined) throw broken();
    const minor = kind & 0x1f;
    const width = minor < 0x18 ? 0 : widthOf(minor);
    const begin = at + 1 + width;
    const size = width === 0 ? minor : this.#number(at + 1, width);
    const isOpen = minor === 0x1f;
    switch (kind >>> 5) {
      case 2: // a byte string
      case 3: // a text
        if (isOpen) throw broken(); // of pieces: cborg reads none
        return this.#within(begin + size);
      case 4: // a list
        return isOpen ? this.#openMembers(begin, 1, depth) : this.#members(begin, size, 1, depth);
      case 5: // a dictionary
        return isOpen ? this.#openMembers(begin, 2, depth) : this.#members(begin, size, 2, depth);
      case 6: // a tag, before its value
        if (isOpen) throw broken();
        this.#requireLevel(depth);
        return this.skip(begin, depth + 1);
      default: // a number or a simple value
        if (isOpen) throw broken();
        return begin;
    }
  }

  /** @param width how many values each member is made of: 2 where it has a key */
  #members(at: number, size: number, width: 1 | 2, depth: number): number {
    this.#requireLevel(depth);
    if (size * width > this.#bytes.length - at) throw broken();
    this.#take(size);
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

  #take(values: number): void {
    this.#values += values;
    if (this.#values > this.#maxValues) throw new TooManyValues(this.#maxValues);
  }

  #requireLevel(depth: number): void {
    if (depth > this.#maxDepth) throw new TooDeep(this.#maxDepth);
  }

  #number(at: number, width: 1 | 2 | 4 | 8): number {
    const end = this.#within(at + width);
    let number = 0;
    for (let i = at; i < end; i++) number = number * 256 + (this.#bytes[i] as number);
    return number;
  }

  #within(end: number): number {
    if (end > this.#bytes.length) throw broken();
    return end;
  }
}

/** How many bytes of a value's first number follow its first byte, by that byte's last five bits. */
function widthOf(minor: number): 0 | 1 | 2 | 4 | 8 {
  if (minor < 0x18 || minor === 0x1f) return 0;
  if (minor > 0x1b) throw broken();
  return (1 << (minor - 0x18)) as 1 | 2 | 4 | 8;
}

function broken(): Error {
  return protocolViolation("the frame is not valid CBOR, or holds what WAMP cannot say");
}
