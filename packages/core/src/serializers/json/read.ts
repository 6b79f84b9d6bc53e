import { ErrorUri } from "../../wamp/error-uris.ts";
import type { Member, ValueSink } from "../../wamp/formats.ts";
import { WampError } from "../../errors/wamp-error.ts";
import { integerOfDigits } from "../big-integer.ts";
import { bufferOf } from "../serializer.ts";
import { skipSpace, skipValue } from "./scan.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** Numbers of so many digits are exact in JavaScript. */
const FEW_DIGITS = 15;

/** Tells `sink` the value that begins at `at`. The scanner has passed it. @returns the position after it */
export function readJson(source: Uint8Array, at: number, sink: ValueSink): number {
  const bytes = bufferOf(source);
  return read(bytes, skipSpace(bytes, at), sink);
}

/** The members of a list or dictionary; none if the value is neither. */
export function membersOfJson(source: Uint8Array): Member[] {
  const bytes = bufferOf(source);
  const members: Member[] = [];
  let at = skipSpace(bytes, 0);
  const isDict = bytes[at] === 0x7b;
  if (!isDict && bytes[at] !== 0x5b) return [];
  for (at = skipSpace(bytes, at + 1); at < bytes.length && !isClosing(bytes[at]); at = nextMember(bytes, at)) {
    let key: string | null = null;
    if (isDict) {
      const end = endOfString(bytes, at);
      key = JSON.parse(bytes.toString("utf8", at, end)) as string;
      at = behindColon(bytes, end);
    }
    const begin = at;
    at = skipValue(bytes, begin);
    members.push({ key, begin, end: at });
  }
  return members;
}

/** The position of the next member, or of the bracket that ends them. @param at behind a member */
function nextMember(bytes: Buffer, at: number): number {
  at = skipSpace(bytes, at);
  return bytes[at] === COMMA ? skipSpace(bytes, at + 1) : at;
}

function behindColon(bytes: Buffer, at: number): number {
  return skipSpace(bytes, skipSpace(bytes, at) + 1);
}

function isClosing(byte: number | undefined): boolean {
  return byte === 0x5d || byte === 0x7d;
}

function read(bytes: Buffer, at: number, sink: ValueSink): number {
  switch (bytes[at]) {
    case QUOTE:
      return readString(bytes, at, sink);
    case 0x7b:
      return readDict(bytes, skipSpace(bytes, at + 1), sink);
    case 0x5b:
      return readList(bytes, skipSpace(bytes, at + 1), sink);
    case 0x74:
      sink.boolean(true);
      return at + 4;
    case 0x66:
      sink.boolean(false);
      return at + 5;
    case 0x6e:
      sink.null();
      return at + 4;
    default:
      return readNumber(bytes, at, sink);
  }
}

function readList(bytes: Buffer, at: number, sink: ValueSink): number {
  sink.beginList();
  while (bytes[at] !== 0x5d) at = nextMember(bytes, read(bytes, at, sink));
  sink.endList();
  return at + 1;
}

function readDict(bytes: Buffer, at: number, sink: ValueSink): number {
  sink.beginDict();
  while (bytes[at] !== 0x7d) {
    const end = endOfString(bytes, at);
    if (hadEscape) {
      const key = unescaped(bytes, at, end);
      sink.key(key, 0, key.length);
    } else sink.key(bytes, at + 1, end - 1);
    at = nextMember(bytes, read(bytes, behindColon(bytes, end), sink));
  }
  sink.endDict();
  return at + 1;
}

/** Whether the string that `endOfString` passed last has an escape. */
let hadEscape = false;

/** Up to this length a string is looked at byte by byte. */
const LONG = 32;

/** The position after a string. @param at where its first quote is */
function endOfString(bytes: Buffer, at: number): number {
  hadEscape = false;
  const long = at + LONG;
  for (let i = at + 1; ; i++) {
    if (i === long && !hadEscape) {
      const quote = bytes.indexOf(QUOTE, i);
      const escape = bytes.subarray(i, quote).indexOf(BACKSLASH);
      if (escape === -1) return quote + 1;
      i += escape;
    }
    const byte = bytes[i];
    if (byte === QUOTE || byte === undefined) return i + 1;
    if (byte === BACKSLASH) {
      hadEscape = true;
      i++;
    }
  }
}

const BASE64 = /^\0[A-Za-z0-9+/]*={0,2}$/;

/** A text, or binary: a text that begins with NUL and is base64 behind it (spec, basic/building_blocks). */
function readString(bytes: Buffer, at: number, sink: ValueSink): number {
  const end = endOfString(bytes, at);
  if (!hadEscape) {
    sink.text(bytes, at + 1, end - 1);
    return end;
  }
  const text = unescaped(bytes, at, end);
  if (text[0] !== 0) {
    sink.text(text, 0, text.length);
    return end;
  }
  const said = text.toString("latin1", 0, text.length);
  if (!BASE64.test(said) || said.replace(/=+$/, "").length % 4 === 2)
    throw unsayableElsewhere("a text that begins with NUL and is not base64");
  const binary = Buffer.from(said.slice(1), "base64");
  sink.binary(binary, 0, binary.length);
  return end;
}

/** A string with its escapes resolved. @throws what no other format can say: a half of a character */
function unescaped(bytes: Buffer, at: number, end: number): Buffer {
  const text = JSON.parse(bytes.toString("utf8", at, end)) as string;
  if (/[\ud800-\udfff]/u.test(text)) throw unsayableElsewhere("half of a surrogate pair");
  return Buffer.from(text);
}

function readNumber(bytes: Buffer, begin: number, sink: ValueSink): number {
  let end = begin;
  let isFloat = false;
  for (; ; end++) {
    const byte = bytes[end] as number;
    if (byte === 0x2e || byte === 0x65 || byte === 0x45) isFloat = true;
    else if (!((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b)) break;
  }
  if (end === begin) throw new RangeError("no value is here");
  if (isFloat) {
    const number = Number(bytes.toString("latin1", begin, end));
    if (!Number.isFinite(number)) throw unsayableElsewhere("a number beyond any float");
    sink.float(number);
  } else if (end - begin <= FEW_DIGITS) sink.integer(smallInteger(bytes, begin, end));
  else {
    const integer = integerOfDigits(bytes.toString("latin1", begin, end));
    if (integer === null) throw unsayableElsewhere("an integer of that many digits");
    const limit = 1n << 53n;
    if (integer >= -limit && integer <= limit) sink.integer(Number(integer));
    else sink.bigInteger(integer);
  }
  return end;
}

function smallInteger(bytes: Buffer, begin: number, end: number): number {
  const isNegative = bytes[begin] === 0x2d;
  let number = 0;
  for (let i = isNegative ? begin + 1 : begin; i < end; i++) number = number * 10 + (bytes[i] as number) - 0x30;
  return isNegative && number !== 0 ? -number : number;
}

/** The refusal of a value that only JSON can say. */
function unsayableElsewhere(what: string): WampError {
  return new WampError(ErrorUri.invalidArgument, `the payload holds a value that only JSON can say (${what})`);
}
