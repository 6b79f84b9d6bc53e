import { protocolViolation, TooDeep, TooManyValues } from "../../errors/wamp-error.ts";
import { bufferOf } from "../serializer.ts";

/**
 * How many bytes follow the first one of a value that holds no others, by that byte from 0xc0 on; -1 if it is none of
 * those.
 */
const SIZES = [
  0, -1, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, -1, -1, -1, -1, -1, -1, -1,
];

/**
 * Walks through the structure of a MessagePack value before it is decoded, and stops at the limits, so that a refusal
 * costs no more than a legal message. A list or dictionary that claims more members than there are bytes left is
 * refused at once.
 *
 * @param maxDepth the maximum nesting depth of lists and dictionaries; the message itself is one level
 * @param maxValues how many members all lists and dictionaries may have together, including those in keys
 * @returns the position after the value
 * @throws WampError `wamp.error.protocol_violation`, a TooDeep or TooManyValues if it exceeds that limit
 */
export function checkMsgpack(message: Uint8Array, maxDepth: number, maxValues: number): number {
  return new Walk(bufferOf(message), maxDepth, maxValues).skip(0, 0);
}

/**
 * How many members a dictionary may have if a key is not a string: it becomes a Map. WAMP has no such dictionaries. A
 * client could choose numbers with the same hash, so that a Map of n members takes n² steps: V8 seeds only the hash of
 * strings.
 */
const MOST_IN_MAP = 1000;

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
    if (kind <= 0x7f || kind >= 0xe0) return at + 1;
    if (kind <= 0x8f) return this.#members(at + 1, kind & 0x0f, 2, depth);
    if (kind <= 0x9f) return this.#members(at + 1, kind & 0x0f, 1, depth);
    if (kind <= 0xbf) return this.#within(at + 1 + (kind & 0x1f));
    switch (kind) {
      case 0xc4: // bin8
      case 0xd9: // str8
        return this.#within(at + 2 + this.#number(at + 1, 1));
      case 0xc5: // bin16
      case 0xda: // str16
        return this.#within(at + 3 + this.#number(at + 1, 2));
      case 0xc6: // bin32
      case 0xdb: // str32
        return this.#within(at + 5 + this.#number(at + 1, 4));
      case 0xc7: // ext8
        return this.#within(at + 3 + this.#number(at + 1, 1));
      case 0xc8: // ext16
        return this.#within(at + 4 + this.#number(at + 1, 2));
      case 0xc9: // ext32
        return this.#within(at + 6 + this.#number(at + 1, 4));
      case 0xdc: // array16
        return this.#members(at + 3, this.#number(at + 1, 2), 1, depth);
      case 0xdd: // array32
        return this.#members(at + 5, this.#number(at + 1, 4), 1, depth);
      case 0xde: // map16
        return this.#members(at + 3, this.#number(at + 1, 2), 2, depth);
      case 0xdf: // map32
        return this.#members(at + 5, this.#number(at + 1, 4), 2, depth);
      default: {
        const size = SIZES[kind - 0xc0] as number;
        if (size === -1) throw broken();
        return this.#within(at + 1 + size);
      }
    }
  }

  /** @param width how many values each member is made of: 2 where it has a key */
  #members(at: number, size: number, width: 1 | 2, depth: number): number {
    if (depth > this.#maxDepth) throw new TooDeep(this.#maxDepth);
    if (size * width > this.#bytes.length - at) throw broken();
    this.#values += size;
    if (this.#values > this.#maxValues) throw new TooManyValues(this.#maxValues);
    for (let i = 0; i < size; i++) {
      if (width === 2) {
        if (size > MOST_IN_MAP && !isTextKind(this.#bytes[at])) throw oddKeys();
        at = this.skip(at, depth + 1);
      }
      at = this.skip(at, depth + 1);
    }
    return at;
  }

  #number(at: number, width: 1 | 2 | 4): number {
    return this.#bytes.readUIntBE(at, this.#within(at + width) - at);
  }

  #within(end: number): number {
    if (end > this.#bytes.length) throw broken();
    return end;
  }
}

function isTextKind(kind: number | undefined): boolean {
  return kind !== undefined && ((kind >= 0xa0 && kind <= 0xbf) || (kind >= 0xd9 && kind <= 0xdb));
}

function oddKeys(): Error {
  return protocolViolation(`a dictionary of more than ${MOST_IN_MAP} members has a key that is no string`);
}

function broken(): Error {
  return protocolViolation("the frame is not valid MessagePack");
}
