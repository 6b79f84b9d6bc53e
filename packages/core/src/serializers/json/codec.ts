import { isUtf8 } from "node:buffer";
import {
  assemble,
  headOf,
  isDict,
  type Message,
  type MessageOf,
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
import { protocolViolation, WampError } from "../../errors/wamp-error.ts";
import { RawValue } from "../../wamp/raw-value.ts";
import { type ExactFormat, readExactly, transcoded, writeText, writtenExactly } from "../exact.ts";
import { checkJson } from "./check.ts";
import { membersOfJson, readJson } from "./read.ts";
import { JsonTailWriter, JsonWriter } from "./value-writer.ts";
import { writeJson } from "./write.ts";
import { type Leaf, MOST_VALUES, plainValue } from "../plain-value.ts";
import { sawBeyondAscii, skipSpace, skipValue, startScan } from "./scan.ts";
import { startDepth, UNSURE } from "../scan.ts";
import { bufferOf, MAX_DEPTH, MAX_VALUES, type Serializer } from "../serializer.ts";
import { textAt } from "../texts.ts";
import { classOf, refusalOf, unsayable } from "../unsayable.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Each value takes a byte at least, and a comma or bracket: a frame that is too short for too many is not counted. */
const BYTES_OF_VALUE = 2;

const NAME = "JSON";
const OPEN = 0x5b;
/** The first byte of `null`. */
const NULL = 0x6e;
const CLOSE = Uint8Array.of(0x5d);
const COMMA = Uint8Array.of(0x2c);
const NO_TAIL: Tail = { count: 0, bytes: new Uint8Array() };

/** JSON, subprotocol `wamp.2.json`. Binary values are strings `"\0" + base64` (spec, basic/building_blocks). */
export const json: Required<Serializer> & TailCodec = {
  name: "json",
  binary: false,
  rawSocketId: 1,

  decode(bytes, maxDepth = MAX_DEPTH, maxValues = MAX_VALUES) {
    const mayHoldMore = bytes.length > maxValues * BYTES_OF_VALUE;
    if (mayHoldMore) checkJson(bytes, maxDepth, maxValues);
    return scanned(bytes, startDepth(maxDepth)) ?? decodeJsonInFull(bytes, maxDepth, maxValues);
  },

  encode(message) {
    const parts = json.encodeParts(message);
    try {
      return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  encodeParts(message) {
    try {
      const stretch = "payload" in message ? message.payload?.stretch(json) : undefined;
      if (message.type === "WELCOME") return welcomeParts(message) ?? [text(headOf(message))];
      if (stretch === undefined || stretch.count === 0) return [`${headText(message)}]`];
      const { source, begin, end } = stretch;
      // Where the message it came in ends with its payload, the last bracket is there already.
      const isWhole = source[end] === CLOSE[0];
      const tail = source.subarray(begin, isWhole ? end + 1 : end);
      return isWhole ? [headText(message), tail] : [headText(message), tail, CLOSE];
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  write(message, target, at) {
    try {
      return writeJson(message, json, target, at);
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  encodeTail({ args, kwargs }: PayloadValues): Tail {
    try {
      if (kwargs !== undefined && Object.keys(kwargs).length > 0) {
        return { count: 2, bytes: Buffer.from(`,${text(args ?? [])},${text(kwargs)}`) };
      }
      if (args !== undefined && args.length > 0) return { count: 1, bytes: Buffer.from(`,${text(args)}`) };
      return NO_TAIL;
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },

  transcodeTail(tail, from) {
    return transcoded(tail, from, new JsonTailWriter(tail.bytes.length));
  },

  decodeTail(tail) {
    if (tail.count === 0) return {};
    const [args, kwargs] = json.decodeValue(json.listOf(tail)) as [unknown[], Dict?];
    return { args, kwargs };
  },

  readTail({ count, bytes }, sink) {
    let at = 0;
    for (let i = 0; i < count; i++) at = skipSpace(bufferOf(bytes), readJson(bytes, at + 1, sink));
  },

  tailOf: (values) => Buffer.concat(values.flatMap((value) => [COMMA, value])),

  listOf({ count, bytes }) {
    if (count === 0) return Buffer.from("[]");
    const list = Buffer.concat([bytes, CLOSE]);
    list[0] = OPEN; // in the place of the first comma
    return list;
  },

  readValue: readJson,

  membersOf: membersOfJson,

  decodeValue(bytes) {
    try {
      return parse(bufferOf(bytes).toString());
    } catch (error) {
      throw refusalOf(error, NAME);
    }
  },
};

/** A message whose payload stays encoded; null if it needs a full parse. */
function scanned(frame: Uint8Array, depth: number): Message | null {
  const bytes = bufferOf(frame);
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x5b) return null;
  at = skipSpace(bytes, at + 1);
  const codeEnd = skipValue(bytes, at);
  const code = codeEnd === UNSURE ? null : valueOf(bytes, at, codeEnd);
  const layout = typeof code === "number" ? payloadLayout(code) : null;
  if (layout === null) return null;
  startScan();
  const values: unknown[] = [];
  at = skipSpace(bytes, codeEnd);
  for (let i = 0; i < layout.fields.length; i++) {
    if (bytes[at] !== 0x2c) return null;
    const begin = skipSpace(bytes, at + 1);
    const end = skipValue(bytes, begin, depth);
    if (end === UNSURE) return null;
    values.push(valueOf(bytes, begin, end));
    at = skipSpace(bytes, end);
  }
  return withTail(layout, values, bytes, at, depth);
}

/** @param begin the position after the last field and white space */
function withTail(
  layout: PayloadLayout,
  values: readonly unknown[],
  bytes: Buffer,
  begin: number,
  depth: number,
): Message | null {
  let at = begin;
  let elements = 0;
  /** What is left when empty `args` or `kwargs` at the end are left out (spec, basic/messages). */
  let count: Tail["count"] = 0;
  let end = begin;
  let kwargsWithoutArgs: RawValue | null = null;
  let hasArgs = true;
  for (; elements < 2 && bytes[at] === 0x2c; elements++) {
    const from = skipSpace(bytes, at + 1);
    const isNull = bytes[from] === NULL;
    if (!isNull && bytes[from] !== (elements === 0 ? 0x5b : 0x7b)) return null;
    const to = skipValue(bytes, from, depth);
    if (to === UNSURE) return null;
    if (elements === 0) hasArgs = !isNull;
    if (!isNull && skipSpace(bytes, from + 1) !== to - 1) {
      [count, end] = [elements === 0 ? 1 : 2, to];
      if (!hasArgs) kwargsWithoutArgs = new RawValue(json, bytes.subarray(from, to));
    }
    at = skipSpace(bytes, to);
  }
  if (bytes[at] !== 0x5d || skipSpace(bytes, at + 1) !== bytes.length) return null;
  if (sawBeyondAscii() && !isUtf8(bytes)) return null;
  if (elements === 0) return assemble(layout, values);
  if (kwargsWithoutArgs !== null) return assemble(layout, values, payloadOfRaw(json, null, kwargsWithoutArgs));
  return assemble(layout, values, new RawPayload(json, count, bytes, begin, end));
}

/** A value of the head, which is short. */
function valueOf(bytes: Buffer, begin: number, end: number): unknown {
  const first = bytes[begin];
  if (first === 0x7b && end === begin + 2) return NOTHING;
  if (first === 0x22 && !hasEscape(bytes, begin, end)) return textAt(bytes, begin + 1, end - 1);
  return wholeNumber(bytes, begin, end) ?? parse(bytes.toString("utf8", begin, end));
}

/** The number of these digits; null if there are none, or too many for an exact number. */
function wholeNumber(bytes: Uint8Array, begin: number, end: number): number | null {
  if (end - begin > 15) return null;
  let number = 0;
  for (let i = begin; i < end; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return null;
    number = number * 10 + digit;
  }
  return number;
}

function hasEscape(bytes: Buffer, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (bytes[i] === 0x5c) return true;
  return false;
}

/** Parses a message as a whole. @throws WampError `wamp.error.protocol_violation` */
export function decodeJsonInFull(bytes: Uint8Array, maxDepth = MAX_DEPTH, maxValues = MAX_VALUES): Message {
  let elements: unknown;
  try {
    checkJson(bytes, maxDepth, maxValues);
    elements = parse(decoder.decode(bytes));
  } catch (error) {
    throw WampError.is(error) ? error : protocolViolation("the frame is not valid JSON");
  }
  return withSource(parseMessage(elements), json, bytes);
}

/** All of a message before its payload, without the last bracket. */
function headText(message: Message): string {
  switch (message.type) {
    case "EVENT":
      return `[36,${message.subscription},${message.publication},${dictText(message.details)}`;
    case "INVOCATION":
      return `[68,${message.request},${message.registration},${dictText(message.details)}`;
    case "RESULT":
      return `[50,${message.request},${dictText(message.details)}`;
    default:
      return text(headOf(message)).slice(0, -1);
  }
}

let lastRoles: unknown;
let lastRolesBytes = Buffer.alloc(0);

/** A router announces the same roles in every WELCOME, and they are its longest part: their bytes are kept. */
function welcomeParts({ session, details }: MessageOf<"WELCOME">): (string | Uint8Array)[] | null {
  const { roles, ...rest } = details;
  if (!isDict(roles) || !Object.isFrozen(roles) || isEmpty(rest)) return null;
  if (roles !== lastRoles) {
    lastRolesBytes = Buffer.from(text(roles));
    lastRoles = roles;
  }
  return [`[2,${session},${text(rest).slice(0, -1)},"roles":`, lastRolesBytes, "}]"];
}

function dictText(dict: Readonly<Dict>): string {
  return isEmpty(dict) ? "{}" : text(dict);
}

function text(value: unknown): string {
  listsSeen = 0;
  let sayable = value;
  if (!isSayable(value, 0)) {
    const plain = plainValue(value, NAME, leaf);
    if (plain.needsWriter) return writtenExactly(plain.value, EXACT).toString();
    sayable = plain.value;
  }
  const said: unknown = JSON.stringify(sayable);
  // A list or dictionary may have its own toJSON, which can return anything.
  if (typeof said !== "string" || (said.charCodeAt(0) === 0x5b) !== Array.isArray(value))
    throw unsayable(NAME, "a toJSON");
  return said;
}

const EXACT: ExactFormat = {
  name: "json",
  newWriter: (size) => new JsonWriter(size),
  encode(value) {
    // What is no list is not expected to be one.
    const list = text([value]);
    return Buffer.from(list.slice(1, -1));
  },
  writeText(said, writer) {
    // `leaf` lets no other text through that begins so: it is binary.
    if (said.charCodeAt(0) === 0) writer.splice(Buffer.from(JSON.stringify(said)));
    else writeText(said, writer);
  },
  writeObject(value) {
    throw unsayable(NAME, classOf(value));
  },
};

/** How many lists and dictionaries a value has, each counted wherever it is met again. */
let listsSeen = 0;

/** Whether JSON can encode `value` as it is: most values need no copy. */
function isSayable(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
      return value.charCodeAt(0) !== 0;
    case "boolean":
      return true;
    case "number":
      return Math.abs(value) <= 2 ** 53; // which not a number is not
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth > MAX_DEPTH || ++listsSeen > MOST_VALUES) return false;
  if (Array.isArray(value)) return value.length <= MOST_VALUES && value.every((item) => isSayable(item, depth + 1));
  if (!isDict(value)) return false;
  for (const key in value) if (!isSayable(value[key], depth + 1)) return false;
  return true;
}

/** Digits that may be those of an integer past 2^53. */
const MANY_DIGITS = /\d{16}/;

/** A reviver makes parsing many times slower, and is needed only where a NUL is written: it must be escaped. */
function parse(whole: string): unknown {
  const parsed: unknown = whole.includes("\\u0000") ? JSON.parse(whole, revive) : JSON.parse(whole);
  return MANY_DIGITS.test(whole) ? (exactly(whole) ?? parsed) : parsed;
}

/** The value with integers past 2^53 as bigint; undefined if it also holds what no other format can say. */
function exactly(whole: string): unknown {
  try {
    return readExactly(json, Buffer.from(whole));
  } catch (error) {
    if (WampError.is(error)) return undefined;
    throw error;
  }
}

/** A string of the wire that starts with NUL is binary in base64; `__proto__` stays an ordinary key. */
function revive(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.charCodeAt(0) === 0 ? Buffer.from(value.slice(1), "base64") : value;
}

/** Converts the values that JSON has no type for: binary to text, dates to ISO 8601. */
const leaf: Leaf = (value) => {
  switch (typeof value) {
    case "string":
      if (value.charCodeAt(0) === 0) throw unsayable(NAME, "a text that begins with NUL, as binary does");
      return value;
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw unsayable(NAME, String(value));
      return value;
    case "object":
      break;
    default:
      throw unsayable(NAME, `a ${typeof value}`);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return `\0${Buffer.from(value).toString("base64")}`;
  if (!(value instanceof Date)) throw unsayable(NAME, classOf(value));
  if (Number.isNaN(value.getTime())) throw unsayable(NAME, "an Invalid Date");
  return value.toISOString();
};
