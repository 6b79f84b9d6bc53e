import { decode, type DecodeOptions, encode, type EncodeOptions, Tagged, type Token, Tokenizer, Type } from "cborg";
import {
  assemble,
  headOf,
  isDict,
  type Message,
  parseMessage,
  payloadLayout,
  withSource,
} from "../../wamp/messages.ts";
import {
  type Dict,
  isEmpty,
  NOTHING,
  payloadOfRaw,
  type PayloadValues,
  RawPayload,
  type Tail,
  type TailCodec,
} from "../../wamp/payload.ts";
import { RawValue } from "../../wamp/raw-value.ts";
import { protocolViolation } from "../../errors/wamp-error.ts";
import { type ExactFormat, readExactly, transcoded, writeText, writtenExactly } from "../exact.ts";
import { type Leaf, plainValue } from "../plain-value.ts";
import { bufferOf, MAX_DEPTH, MAX_VALUES, type Serializer } from "../serializer.ts";
import { textAt } from "../texts.ts";
import { floatOf, isoOf, momentOf } from "../time.ts";
import { classOf, refusalOf, unsayable } from "../unsayable.ts";
import { membersOfCbor, readCbor } from "./read.ts";
import { CborScan, sizeAt, widthOf } from "./scan.ts";
import { CborWriter } from "./value-writer.ts";
import { writeCbor, writeNumber } from "./write.ts";

const DECODE: DecodeOptions = {
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
const EMPTY_DICT = 0xa0;
const NULL = 0xf6;

const NAME = "CBOR";
const NO_TAIL: Tail = { count: 0, bytes: new Uint8Array() };

/** The code, at most three fields, `args`, `kwargs`; one more is too many. */
const MOST_ELEMENTS = 8;

/** CBOR, subprotocol `wamp.2.cbor`. */
export const cbor: Serializer & TailCodec = {
  name: "cbor",
  binary: true,
  rawSocketId: 3,

  decode(frame, maxDepth = MAX_DEPTH, maxValues = MAX_VALUES) {
    const bytes = bufferOf(frame);
    const places = new CborScan(bytes, maxDepth, maxValues).elements(MOST_ELEMENTS);
    const message = places === null ? null : withTail(bytes, places);
    return message ?? withSource(parseMessage(decodeOrRefuse(bytes)), cbor, bytes);
  },

  encode(message) {
    return Buffer.concat(parts(message));
  },

  encodeParts: parts,

  write(message, target, at) {
    try {
      return writeCbor(message, cbor, target, at);
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
      return NO_TAIL;
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  transcodeTail(tail, from) {
    return transcoded(tail, from, new CborWriter(tail.bytes.length));
  },

  decodeTail(tail) {
    if (tail.count === 0) return {};
    const [args, kwargs] = cbor.decodeValue(cbor.listOf(tail)) as [unknown[], Dict?];
    return { args, kwargs };
  },

  readTail({ count, bytes }, sink) {
    let at = 0;
    for (let i = 0; i < count; i++) at = readCbor(bytes, at, sink);
  },

  tailOf: (values) => Buffer.concat(values),

  listOf: ({ count, bytes }) => Buffer.concat([Uint8Array.of(LIST | count), bytes]),

  readValue: readCbor,

  membersOf: membersOfCbor,

  decodeValue(bytes) {
    try {
      return decodeExactly(bytes);
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },
};

/** A message whose payload stays encoded; null if it has none, or is wrong. @param places where its elements begin */
function withTail(bytes: Buffer, places: readonly number[]): Message | null {
  const size = places.length - 1;
  const code = size > 0 ? valueOf(bytes, places[0] as number, places[1] as number) : null;
  const layout = typeof code === "number" ? payloadLayout(code) : null;
  const elements = size - 1 - (layout?.fields.length ?? 0);
  if (layout === null || elements < 0 || elements > 2) return null;
  const first = layout.fields.length + 1;
  const values: unknown[] = [];
  for (let i = 1; i < first; i++) values.push(valueOf(bytes, places[i] as number, places[i + 1] as number));
  /** How many elements there are when empty ones at the end are left out (spec, basic/messages). */
  let count: Tail["count"] = 0;
  for (let i = 0; i < elements; i++) {
    const begin = places[first + i] as number;
    const kind = bytes[begin] as number;
    if (kind === NULL) continue;
    if (kind >>> 5 !== 4 + i) return null;
    if (!isEmptyAt(bytes, begin)) count = i === 0 ? 1 : 2;
  }
  if (elements === 0) return assemble(layout, values);
  const begin = places[first] as number;
  const end = places[first + count] as number;
  if (count < 2 || bytes[begin] !== NULL)
    return assemble(layout, values, new RawPayload(cbor, count, bytes, begin, end));
  const kwargs = new RawValue(cbor, bytes.subarray(places[first + 1], end));
  return assemble(layout, values, payloadOfRaw(cbor, null, kwargs));
}

/** Whether the list or dictionary there has no members. */
function isEmptyAt(bytes: Buffer, at: number): boolean {
  const minor = (bytes[at] as number) & 0x1f;
  return minor === 0x1f ? bytes[at + 1] === 0xff : sizeAt(bytes, at, minor) === 0;
}

/** A value of the head: ids, URIs and empty options are read here. */
function valueOf(bytes: Buffer, at: number, end: number): unknown {
  const kind = bytes[at] as number;
  const minor = kind & 0x1f;
  if (kind < 0x1b) return sizeAt(bytes, at, minor);
  if (kind === EMPTY_DICT) return NOTHING;
  if (kind >= 0x60 && kind < 0x7c) return textAt(bytes, at + 1 + widthOf(minor), end);
  return decodeOrRefuse(bytes.subarray(at, end));
}

function decodeOrRefuse(bytes: Buffer): unknown {
  try {
    return decodeExactly(bytes);
  } catch {
    throw protocolViolation("the frame holds CBOR that WAMP cannot say");
  }
}

/** What cborg decodes, but for integers of 64 bits and what it refuses, such as a tag. */
function decodeExactly(bytes: Uint8Array): unknown {
  // Where no byte is the first one of such an integer, there is none.
  if (!bytes.includes(0x1b) && !bytes.includes(0x3b)) {
    try {
      const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      return decode(plain, { ...DECODE, tokenizer: new WholeTexts(plain, DECODE) });
    } catch {
      // Our own reader knows all of CBOR.
    }
  }
  return readExactly(cbor, bytes);
}

/** Converts the values for which CBOR has its own types. */
const leaf: Leaf = (value, again) => {
  if (typeof value === "function" || typeof value === "symbol") throw unsayable(NAME, `a ${typeof value}`);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Tagged) return new Tagged(value.tag, again(value.value));
  if (value instanceof Date) return timeOf(value);
  throw unsayable(NAME, classOf(value));
};

/** A time: a number if one can say it, else a text. */
function timeOf(date: Date): Tagged {
  const time = date.getTime();
  if (Number.isNaN(time)) throw unsayable(NAME, "an Invalid Date");
  const moment = momentOf(time);
  const float = floatOf(moment);
  if (float !== null) return new Tagged(1, float);
  const text = isoOf(moment) ?? "";
  if (!/^\d/.test(text)) throw unsayable(NAME, "a time of that many digits");
  return new Tagged(0, text);
}

const EXACT: ExactFormat = {
  name: "cbor",
  newWriter: (size) => new CborWriter(size),
  encode: encoded,
  writeText,
  writeObject(value, writer) {
    if (!(value instanceof Tagged)) throw unsayable(NAME, classOf(value));
    const head = encode(new Tagged(value.tag, 0), ENCODE).subarray(0, -1);
    writer.splice(Buffer.concat([head, writtenExactly(value.value, EXACT)]));
  },
};

function encoded(value: unknown): Uint8Array {
  const plain = plainValue(value, NAME, leaf);
  return plain.needsWriter ? writtenExactly(plain.value, EXACT) : encode(plain.value, ENCODE);
}

function parts(message: Message): Uint8Array[] {
  try {
    const head = headOf(message);
    const { count, bytes } = ("payload" in message ? message.payload?.tail(cbor) : undefined) ?? NO_TAIL;
    const all = [Uint8Array.of(LIST | (head.length + count)), ...head.map(headPart)];
    if (count > 0) all.push(bytes);
    return all;
  } catch (error) {
    throw refusalOf(error, NAME);
  }
}

function headPart(element: unknown): Uint8Array {
  if (isDict(element) && isEmpty(element)) return Uint8Array.of(EMPTY_DICT);
  if (typeof element !== "number" || element < 0 || !Number.isInteger(element)) return encoded(element);
  const bytes = Buffer.allocUnsafe(9);
  return bytes.subarray(0, writeNumber(bytes, 0, element));
}
