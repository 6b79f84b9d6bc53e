import { createRequire } from "node:module";
import {
  assemble,
  headOf,
  isDict,
  type Message,
  parseMessage,
  type PayloadLayout,
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
import { protocolViolation } from "../../errors/wamp-error.ts";
import { RawValue } from "../../wamp/raw-value.ts";
import { type ExactFormat, readExactly, transcoded, writeText, writtenExactly } from "../exact.ts";
import { checkMsgpack } from "./check.ts";
import { Extension } from "./extension.ts";
import { membersOfMsgpack, readMsgpack } from "./read.ts";
import { skipValue, startScan } from "./scan.ts";
import { TIMESTAMP, timestampOf } from "./timestamp.ts";
import { MsgpackWriter } from "./value-writer.ts";
import { writeMsgpack, writeNumber } from "./write.ts";
import { type Leaf, plainValue } from "../plain-value.ts";
import { startDepth, UNSURE } from "../scan.ts";
import { NOWHERE } from "../skipping.ts";
import { bufferOf, MAX_DEPTH, MAX_VALUES, type Serializer } from "../serializer.ts";
import { textAt } from "../texts.ts";
import { momentOf } from "../time.ts";
import { classOf, refusalOf, unsayable } from "../unsayable.ts";

/** The part of msgpack5 that is used here; the package ships no types of its own. */
interface BufferList {
  readonly length: number;
  slice(): Buffer;
}
interface Codec {
  encode(value: unknown): BufferList;
  decode(buffer: BufferList): unknown;
  registerEncoder(check: (value: unknown) => boolean, encode: (value: never) => Buffer): void;
  registerDecoder(type: number, decode: (data: Buffer) => unknown): void;
}

const require = createRequire(import.meta.url);
const bl = require("bl") as (buffer: Uint8Array) => BufferList;
const codec = (require("msgpack5") as (options: object) => Codec)({
  maxDepth: MAX_DEPTH + 1, // the message itself is a level
  disableTimestampEncoding: true,
});

for (let type = 0; type < 128; type++) {
  codec.registerDecoder(type, (data) => (isUndefined(type, data) ? undefined : new Extension(type, Buffer.from(data))));
}
codec.registerEncoder(
  (value) => value instanceof Extension,
  ({ type, data }: Extension) => Buffer.concat([Buffer.from([type]), data]),
);

const NAME = "MessagePack";

/**
 * Converts the values for which MessagePack has its own types. A dictionary with keys that are not strings is decoded
 * as a Map.
 */
const leaf: Leaf = (value, again) => {
  switch (typeof value) {
    case "function":
    case "symbol":
      throw unsayable(NAME, `a ${typeof value}`);
    case "object":
      break;
    default:
      return value;
  }
  if (value === null || value instanceof Uint8Array) return value;
  if (value instanceof Date) return new Extension(TIMESTAMP, stampOf(value));
  if (value instanceof Extension && isExtensionType(value.type)) return value;
  if (value instanceof Map) return mapOf(value, again);
  throw unsayable(NAME, classOf(value));
};

/**
 * A timestamp outside of Date's range becomes an Invalid Date when decoded. Its bytes can be passed on, but no format
 * can encode it.
 */
function stampOf(date: Date): Uint8Array {
  const time = date.getTime();
  const stamp = Number.isNaN(time) ? null : timestampOf(momentOf(time));
  if (stamp === null) throw unsayable(NAME, "an Invalid Date");
  return stamp;
}

function isExtensionType(type: number): boolean {
  return Number.isInteger(type) && type >= -128 && type <= 127;
}

/** A dictionary whose keys are all strings is an object: msgpack5 warns on the console of one that is a Map. */
function mapOf(map: ReadonlyMap<unknown, unknown>, again: (inner: unknown) => unknown): unknown {
  const entries = Array.from(map, ([key, value]) => [again(key), again(value)] as const);
  if (entries.some(([key]) => typeof key !== "string")) return new Map(entries);
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries));
}

/** How msgpackr, and with it wampy, encodes `undefined`, for example for an option that is not set. */
function isUndefined(type: number, data: Buffer): boolean {
  return type === 0 && data.length === 1 && data[0] === 0;
}

const NIL = 0xc0;
const NO_TAIL: Tail = { count: 0, bytes: new Uint8Array() };

/** MessagePack, subprotocol `wamp.2.msgpack`. */
export const msgpack: Required<Serializer> & TailCodec = {
  name: "msgpack",
  binary: true,
  rawSocketId: 2,

  decode(bytes, maxDepth = MAX_DEPTH, maxValues = MAX_VALUES) {
    return scanned(bytes, startDepth(maxDepth), maxValues) ?? decodeMsgpackInFull(bytes, maxDepth, maxValues);
  },

  encode(message) {
    const parts = msgpack.encodeParts(message) as Uint8Array[];
    try {
      return Buffer.concat(parts);
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  encodeParts(message) {
    try {
      const head = headOf(message);
      const { count, bytes } = ("payload" in message ? message.payload?.tail(msgpack) : undefined) ?? NO_TAIL;
      const parts = [headBytes(head, count)];
      if (count > 0) parts.push(bytes);
      return parts;
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  write(message, target, at) {
    try {
      return writeMsgpack(message, msgpack, target, at);
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  encodeTail({ args, kwargs }: PayloadValues): Tail {
    try {
      if (kwargs !== undefined && Object.keys(kwargs).length > 0) {
        return { count: 2, bytes: Buffer.concat([encode(args ?? []), encode(kwargs)]) };
      }
      if (args !== undefined && args.length > 0) return { count: 1, bytes: encode(args) };
      return NO_TAIL;
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  transcodeTail(tail, from) {
    return transcoded(tail, from, new MsgpackWriter(tail.bytes.length));
  },

  decodeTail(tail) {
    if (tail.count === 0) return {};
    const [args, kwargs] = msgpack.decodeValue(msgpack.listOf(tail)) as [unknown[], Dict?];
    return { args, kwargs };
  },

  readTail({ count, bytes }, sink) {
    let at = 0;
    for (let i = 0; i < count; i++) at = readMsgpack(bytes, at, sink);
  },

  tailOf: (values) => Buffer.concat(values),

  listOf: ({ count, bytes }) => Buffer.concat([Uint8Array.of(0x90 | count), bytes]),

  readValue: readMsgpack,

  membersOf: membersOfMsgpack,

  decodeValue(bytes) {
    try {
      return decodeExactly(bufferOf(bytes));
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },
};

/** What msgpack5 decodes, but for integers past 2^53, keys that are no strings, and what it refuses. */
function decodeExactly(bytes: Buffer): unknown {
  if (isForCodec(bytes)) {
    try {
      return codec.decode(bl(bytes));
    } catch {
      // For example a key `__proto__`, or an extension that it does not know.
    }
  }
  return readExactly(msgpack, bytes);
}

function isForCodec(bytes: Buffer): boolean {
  let is = true;
  const not = (): void => void (is = false);
  readMsgpack(bytes, 0, { ...NOWHERE, bigInteger: not, oddKey: not });
  return is;
}

/** A message whose payload stays encoded; null if it needs the codec. */
function scanned(frame: Uint8Array, depth: number, maxValues: number): Message | null {
  const bytes = bufferOf(frame);
  const kind = bytes[0] ?? 0;
  // A list says its size in the same byte, or in two or four behind it.
  const width = kind === 0xdc ? 2 : kind === 0xdd ? 4 : 0;
  if (bytes.length < 2 + width) return null;
  const size = width === 0 ? kind - 0x90 : bytes.readUIntBE(1, width);
  if (size < 1 || size > 7) return null;
  startScan(maxValues - size);
  const codeEnd = skipValue(bytes, 1 + width);
  const code = codeEnd === UNSURE ? 0 : valueOf(bytes, 1 + width, codeEnd);
  const layout = typeof code === "number" ? payloadLayout(code) : null;
  const elements = size - 1 - (layout?.fields.length ?? 0);
  if (layout === null || elements < 0 || elements > 2) return null;
  const values: unknown[] = [];
  let at = codeEnd;
  for (let i = 0; i < layout.fields.length; i++) {
    const end = skipValue(bytes, at, depth);
    if (end === UNSURE) return null;
    values.push(valueOf(bytes, at, end));
    at = end;
  }
  return withTail(layout, values, bytes, at, elements, depth);
}

function withTail(
  layout: PayloadLayout,
  values: readonly unknown[],
  bytes: Buffer,
  begin: number,
  elements: number,
  depth: number,
): Message | null {
  let at = begin;
  /** How many elements there are when empty ones at the end are left out (spec, basic/messages). */
  let count: 0 | 1 | 2 = 0;
  let end = begin;
  let kwargsWithoutArgs: RawValue | null = null;
  for (let i = 0; i < elements; i++) {
    const kind = bytes[at] ?? 0;
    const isRight = kind === NIL || (i === 0 ? isListKind(kind) : isMapKind(kind));
    const next = isRight ? skipValue(bytes, at, depth) : UNSURE;
    if (next === UNSURE) return null;
    if (kind !== 0x90 && kind !== 0x80 && kind !== NIL) {
      [count, end] = [i === 0 ? 1 : 2, next];
      if (i === 1 && bytes[begin] === NIL) kwargsWithoutArgs = new RawValue(msgpack, bytes.subarray(at, next));
    }
    at = next;
  }
  if (at !== bytes.length) return null;
  if (elements === 0) return assemble(layout, values);
  if (kwargsWithoutArgs !== null) return assemble(layout, values, payloadOfRaw(msgpack, null, kwargsWithoutArgs));
  return assemble(layout, values, new RawPayload(msgpack, count, bytes, begin, end));
}

function isListKind(kind: number): boolean {
  return (kind >= 0x90 && kind <= 0x9f) || kind === 0xdc || kind === 0xdd;
}

function isMapKind(kind: number): boolean {
  return (kind >= 0x80 && kind <= 0x8f) || kind === 0xde || kind === 0xdf;
}

/** A value of the head: ids, URIs and empty options are read here, the rest by the codec. */
function valueOf(bytes: Buffer, at: number, end: number): unknown {
  const kind = bytes[at] as number;
  if (kind <= 0x7f) return kind;
  if (kind === 0x80 || (kind === 0xde && end === at + 3)) return NOTHING;
  if (kind >= 0xa0 && kind <= 0xbf) return textAt(bytes, at + 1, end);
  switch (kind) {
    case 0xcc:
      return bytes[at + 1];
    case 0xcd:
      return bytes.readUInt16BE(at + 1);
    case 0xce:
      return bytes.readUInt32BE(at + 1);
    case 0xd9:
      return textAt(bytes, at + 2, end);
    default:
      return decodeExactly(bytes.subarray(at, end));
  }
}

/** Decodes a message as a whole. @throws WampError `wamp.error.protocol_violation` */
export function decodeMsgpackInFull(bytes: Uint8Array, maxDepth = MAX_DEPTH, maxValues = MAX_VALUES): Message {
  const end = checkMsgpack(bytes, maxDepth, maxValues);
  if (end !== bytes.length) throw protocolViolation("the frame has bytes after its message");
  let elements: unknown;
  try {
    elements = decodeExactly(bufferOf(bytes));
  } catch {
    throw protocolViolation("the frame is not valid MessagePack, or holds what WAMP cannot say");
  }
  return withSource(parseMessage(elements), msgpack, bytes);
}

/** A buffer for heads, which are then cut to their length. Longer heads are joined from pieces. */
const scratch = Buffer.allocUnsafeSlow(512);

/** All of a message before its payload. @param count how many elements the payload has */
function headBytes(head: readonly unknown[], count: number): Uint8Array {
  scratch[0] = 0x90 | (head.length + count);
  let at = 1;
  const parts: Uint8Array[] = [];
  for (const element of head) {
    if (at > scratch.length - 16) {
      parts.push(Buffer.from(scratch.subarray(0, at)));
      at = 0;
    }
    const next = writeElement(element, at);
    if (next !== null) at = next;
    else {
      parts.push(Buffer.from(scratch.subarray(0, at)), encode(element));
      at = 0;
    }
  }
  const last = Buffer.from(scratch.subarray(0, at));
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}

/** Writes an id, or an empty dictionary, to `scratch`. @returns the position after it; null if it is neither */
function writeElement(element: unknown, at: number): number | null {
  if (typeof element === "number") {
    return element < 0 || !Number.isInteger(element) ? null : writeNumber(scratch, at, element);
  }
  if (!isDict(element) || !isEmpty(element)) return null;
  scratch[at] = 0x80;
  return at + 1;
}

const EXACT: ExactFormat = {
  name: "msgpack",
  newWriter: (size) => new MsgpackWriter(size),
  encode,
  writeText,
  writeObject(value, writer) {
    if (!(value instanceof Map)) return writer.splice(codec.encode(value).slice());
    writer.beginDict();
    for (const [key, item] of value as Map<unknown, unknown>) {
      writer.spliceKey(encode(key));
      writer.splice(encode(item));
    }
    writer.endDict();
  },
};

function encode(value: unknown): Buffer {
  const plain = plainValue(value, NAME, leaf);
  return plain.needsWriter ? writtenExactly(plain.value, EXACT) : codec.encode(plain.value).slice();
}
