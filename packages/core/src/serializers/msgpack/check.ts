import { isUtf8 } from "node:buffer";
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
    if (kind <= 0xbf) return this.#text(at + 1, kind & 0x1f);
    switch (kind) {
      case 0xc4: // bin8
        return this.#within(at + 2 + this.#number(at + 1, 1));
      case 0xc5: // bin16
        return this.#within(at + 3 + this.#number(at + 1, 2));
      case 0xc6: // bin32
        return this.#within(at + 5 + this.#number(at + 1, 4));
      case 0xd9: // str8
        return this.#text(at + 2, this.#number(at + 1, 1));
      case 0xda: // str16
        return this.#text(at + 3, this.#number(at + 1, 2));
      case 0xdb: // str32
        return this.#text(at + 5, this.#number(at + 1, 4));
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
    for (let i = size * width; i > 0; i--) at = this.skip(at, depth + 1);
    return at;
  }

  #text(begin: number, size: number): number {
    const end = this.#within(begin + size);
    if (!isUtf8(this.#bytes.subarray(begin, end))) throw protocolViolation("a text in the frame is not valid UTF-8");
    return end;
  }

  #number(at: number, width: 1 | 2 | 4): number {
    return this.#bytes.readUIntBE(at, this.#within(at + width) - at);
  }

  #within(end: number): number {
    if (end > this.#bytes.length) throw broken();
    return end;
  }
}

function broken(): Error {
  return protocolViolation("the frame is not valid MessagePack");
}
