import { type DecodeOptions, decode, encode, type EncodeOptions, Tagged, type Token, Tokenizer, Type } from "cborg";
import { headOf, parseMessage } from "../../wamp/messages.ts";
import type { PayloadValues, Tail } from "../../wamp/payload.ts";
import { protocolViolation } from "../../errors/wamp-error.ts";
import { checkCbor } from "./check.ts";
import { type Leaf, plainValue } from "../plain-value.ts";
import { MAX_DEPTH, MAX_VALUES, type Serializer } from "../serializer.ts";
import { classOf, refusalOf, unsayable } from "../unsayable.ts";

/** The tags of RFC 8949 section 3.4: they are passed on, without a meaning for the router. */
const TAGS = [0, 1, 2, 3, 4, 5, 21, 22, 23, 24, 32, 33, 34, 35, 36, 37, 55799];

const DECODE: DecodeOptions = {
  tags: Tagged.preserve(...TAGS),
  retainStringBytes: true,
  // What is cborg's default, but for a tokenizer that it is given.
  allowIndefinite: true,
  allowUndefined: true,
  allowBigInt: true,
};

/** A text that begins with U+FEFF: cborg takes that character for a byte order mark, and drops it. */
class WholeTexts extends Tokenizer {
  override next(): Token {
    const token = super.next();
    const bytes = Type.equals(token.type, Type.string) ? token.byteValue : undefined;
    if (bytes?.[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) token.value = `\ufeff${token.value as string}`;
    return token;
  }
}
/** Keys keep their order: a router does not change it. */
const ENCODE: EncodeOptions = { mapSorter: () => 0 };

/** The first byte of a list of up to 23 members (RFC 8949 section 3). */
const LIST = 0x80;

/** CBOR, subprotocol `wamp.2.cbor`. */
export const cbor: Serializer = {
  name: "cbor",
  binary: true,
  rawSocketId: 3,

  decode(bytes, maxDepth = MAX_DEPTH, maxValues = MAX_VALUES) {
    checkCbor(bytes, maxDepth, maxValues);
    let elements: unknown;
    try {
      const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      elements = decode(plain, { ...DECODE, tokenizer: new WholeTexts(plain, DECODE) });
    } catch {
      throw protocolViolation("the frame is not valid CBOR, or holds what WAMP cannot say");
    }
    return parseMessage(elements);
  },

  encode(message) {
    try {
      const head = headOf(message);
      const tail = "payload" in message ? message.payload?.tail(cbor) : undefined;
      const size = Uint8Array.of(LIST | (head.length + (tail?.count ?? 0)));
      return Buffer.concat([size, ...head.map(encoded), ...(tail === undefined ? [] : [tail.bytes])]);
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  encodeTail({ args, kwargs }: PayloadValues): Tail {
    try {
      if (kwargs !== undefined && Object.keys(kwargs).length > 0) {
        return { count: 2, bytes: Buffer.concat([encoded(args ?? []), encoded(kwargs)]) };
      }
      if (args !== undefined && args.length > 0) return { count: 1, bytes: encoded(args) };
      return { count: 0, bytes: new Uint8Array() };
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },
};

const NAME = "CBOR";

/** Converts the values for which CBOR has its own types. */
const leaf: Leaf = (value, again) => {
  if (typeof value === "function" || typeof value === "symbol") throw unsayable(NAME, `a ${typeof value}`);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Tagged) return new Tagged(value.tag, again(value.value));
  throw unsayable(NAME, classOf(value));
};

function encoded(value: unknown): Uint8Array {
  return encode(plainValue(value, NAME, leaf), ENCODE);
}
