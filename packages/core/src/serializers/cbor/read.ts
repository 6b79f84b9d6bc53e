import type { Member, ValueSink } from "../../wamp/formats.ts";
import { integerOfBytes } from "../big-integer.ts";
import { bufferOf } from "../serializer.ts";
import { NOWHERE } from "../skipping.ts";
import { momentOfFloat, momentOfText } from "../time.ts";
import { sizeAt, widthOf } from "./scan.ts";

const BREAK = 0xff;
/** Tags that tell a reader what to do with the value behind them, which stays the same (RFC 8949 section 3.4). */
const TRANSPARENT: ReadonlySet<number> = new Set([21, 22, 23, 24, 32, 33, 34, 35, 36, 37, 55799]);

/** Tells `sink` the value that begins at `at`. The scanner has passed it. @returns the position after it */
export function readCbor(source: Uint8Array, at: number, sink: ValueSink): number {
  return read(bufferOf(source), at, sink);
}

/** The members of a list or dictionary; none if the value is neither. */
export function membersOfCbor(source: Uint8Array): Member[] {
  const bytes = bufferOf(source);
  const members: Member[] = [];
  let at = 0;
  while (isTransparent(bytes, at)) at += 1 + widthOf((bytes[at] as number) & 0x1f);
  const isDict = (bytes[at] as number) >>> 5 === 5;
  if (!isDict && (bytes[at] as number) >>> 5 !== 4) return [];
  let left = countAt(bytes, at);
  at += 1 + widthOf((bytes[at] as number) & 0x1f);
  for (; left > 0 && bytes[at] !== BREAK; left--) {
    const key = isDict ? stringAt(bytes, at, 3) : null;
    const begin = isDict ? read(bytes, at, NOWHERE) : at;
    at = read(bytes, begin, NOWHERE);
    if (!isDict || key !== null)
      members.push({ key: key === null ? null : key.bytes.toString("utf8", key.begin, key.to), begin, end: at });
  }
  return members;
}

function read(bytes: Buffer, at: number, sink: ValueSink): number {
  const kind = bytes[at];
  if (kind === undefined) throw new RangeError("no value is here");
  const minor = kind & 0x1f;
  const begin = at + 1 + widthOf(minor);
  switch (kind >>> 5) {
    case 0:
    case 1:
      readInteger(bytes, at, sink);
      return begin;
    case 2: {
      const { bytes: found, begin: from, to, end } = stringAt(bytes, at, 2) as FoundString;
      sink.binary(found, from, to);
      return end;
    }
    case 3: {
      const { bytes: found, begin: from, to, end } = stringAt(bytes, at, 3) as FoundString;
      sink.text(found, from, to);
      return end;
    }
    case 4:
      return readList(bytes, begin, countAt(bytes, at), sink);
    case 5:
      return readDict(bytes, begin, countAt(bytes, at), sink);
    case 6:
      return readTagged(bytes, at, begin, sink);
    default:
      readSimple(bytes, at, minor, sink);
      return begin;
  }
}

function readInteger(bytes: Buffer, at: number, sink: ValueSink): void {
  const kind = bytes[at] as number;
  const number = sizeAt(bytes, at, kind & 0x1f);
  const isNegative = kind >= 0x20;
  // Past it, a number of JavaScript is not exact.
  if (number < 2 ** 53) sink.integer(isNegative ? -1 - number : number);
  else {
    const exact = bytes.readBigUInt64BE(at + 1);
    if (exact === 1n << 53n && !isNegative) sink.integer(number);
    else sink.bigInteger(isNegative ? -1n - exact : exact);
  }
}

function readList(bytes: Buffer, at: number, count: number, sink: ValueSink): number {
  sink.beginList();
  for (let left = count; left > 0 && bytes[at] !== BREAK; left--) at = read(bytes, at, sink);
  sink.endList();
  return count === Infinity ? at + 1 : at;
}

function readDict(bytes: Buffer, at: number, count: number, sink: ValueSink): number {
  sink.beginDict();
  for (let left = count; left > 0 && bytes[at] !== BREAK; left--) {
    const key = stringAt(bytes, at, 3);
    if (key === null) {
      sink.oddKey();
      at = read(bytes, at, sink);
    } else {
      sink.key(key.bytes, key.begin, key.to);
      at = key.end;
    }
    at = read(bytes, at, sink);
  }
  sink.endDict();
  return count === Infinity ? at + 1 : at;
}

/** How many members a list or dictionary has; Infinity if a byte of its own ends it. */
function countAt(bytes: Buffer, at: number): number {
  const minor = (bytes[at] as number) & 0x1f;
  return minor === 0x1f ? Infinity : sizeAt(bytes, at, minor);
}

/** The content of a string, and where it ends in the message. */
interface FoundString {
  readonly bytes: Buffer;
  readonly begin: number;
  readonly to: number;
  readonly end: number;
}

/** A string; null if it is another kind of value. @param major 2: a byte string, 3: a text */
function stringAt(bytes: Buffer, at: number, major: 2 | 3): FoundString | null {
  const kind = bytes[at] as number;
  if (kind >>> 5 !== major) return null;
  const minor = kind & 0x1f;
  if (minor !== 0x1f) {
    const begin = at + 1 + widthOf(minor);
    const end = begin + sizeAt(bytes, at, minor);
    return { bytes, begin, to: end, end };
  }
  const pieces: Buffer[] = [];
  let from = at + 1;
  while (bytes[from] !== BREAK) {
    const { begin, end } = stringAt(bytes, from, major) as FoundString;
    pieces.push(bytes.subarray(begin, end));
    from = end;
  }
  const whole = Buffer.concat(pieces);
  return { bytes: whole, begin: 0, to: whole.length, end: from + 1 };
}

/** @param begin where its value begins */
function readTagged(bytes: Buffer, at: number, begin: number, sink: ValueSink): number {
  const tag = sizeAt(bytes, at, (bytes[at] as number) & 0x1f);
  if (TRANSPARENT.has(tag)) return read(bytes, begin, sink);
  const end =
    tag <= 5 ? readKnown(tag, bytes, begin, sink) : tag >= 64 && tag <= 87 ? readArray(bytes, begin, sink) : -1;
  if (end !== -1) return end;
  sink.tag(tag < 2 ** 53 ? BigInt(tag) : bytes.readBigUInt64BE(at + 1));
  return read(bytes, begin, sink);
}

/** Numbers of one size in a row (RFC 8746): the bytes, for a format that has none. */
function readArray(bytes: Buffer, at: number, sink: ValueSink): number {
  const found = stringAt(bytes, at, 2);
  if (found === null) return -1;
  sink.binary(found.bytes, found.begin, found.to);
  return found.end;
}

/** Times and numbers. @returns -1 if the value is not what the tag needs */
function readKnown(tag: number, bytes: Buffer, at: number, sink: ValueSink): number {
  if (tag === 0) {
    const found = stringAt(bytes, at, 3);
    const text = found?.bytes.toString("utf8", found.begin, found.to) ?? "";
    const moment = text.length <= 64 ? momentOfText(text) : null;
    if (found === null || moment === null) return -1;
    sink.time(moment.seconds, moment.nanos, text);
    return found.end;
  }
  if (tag === 1) return readTime(bytes, at, sink);
  if (tag === 2 || tag === 3) {
    const found = bigAt(bytes, at, tag);
    if (found === null) return -1;
    tellInteger(found.value, sink);
    return found.end;
  }
  return readDecimal(bytes, at, tag === 4 ? 10 : 2, sink);
}

function tellInteger(value: bigint, sink: ValueSink): void {
  const limit = 1n << 53n;
  if (value >= -limit && value <= limit) sink.integer(Number(value));
  else sink.bigInteger(value);
}

function readTime(bytes: Buffer, at: number, sink: ValueSink): number {
  const found = integerAt(bytes, at);
  if (found !== null) {
    sink.time(found.value, 0);
    return found.end;
  }
  const float = floatAt(bytes, at);
  const moment = float === null ? null : momentOfFloat(float);
  if (moment === null) return -1;
  sink.time(moment.seconds, moment.nanos);
  return at + 1 + widthOf((bytes[at] as number) & 0x1f);
}

/** A list of an exponent and a mantissa. */
function readDecimal(bytes: Buffer, at: number, base: 2 | 10, sink: ValueSink): number {
  if (bytes[at] !== 0x82) return -1;
  const exponent = integerAt(bytes, at + 1);
  if (exponent === null) return -1;
  const mantissa = integerAt(bytes, exponent.end) ?? taggedIntegerAt(bytes, exponent.end);
  if (mantissa === null) return -1;
  sink.decimal(mantissa.value, exponent.value, base);
  return mantissa.end;
}

interface FoundInteger {
  readonly value: bigint;
  readonly end: number;
}

function integerAt(bytes: Buffer, at: number): FoundInteger | null {
  const kind = bytes[at] as number;
  if (kind >= 0x40) return null;
  const minor = kind & 0x1f;
  const number = minor === 0x1b ? bytes.readBigUInt64BE(at + 1) : BigInt(sizeAt(bytes, at, minor));
  return { value: kind >= 0x20 ? -1n - number : number, end: at + 1 + widthOf(minor) };
}

function taggedIntegerAt(bytes: Buffer, at: number): FoundInteger | null {
  const kind = bytes[at];
  return kind === 0xc2 || kind === 0xc3 ? bigAt(bytes, at + 1, kind - 0xc0) : null;
}

/** An integer of any length. @param at behind its tag, 2 or 3 */
function bigAt(bytes: Buffer, at: number, tag: number): FoundInteger | null {
  const found = stringAt(bytes, at, 2);
  const value = found === null ? null : integerOfBytes(found.bytes.subarray(found.begin, found.to));
  return found === null || value === null ? null : { value: tag === 3 ? -1n - value : value, end: found.end };
}

function readSimple(bytes: Buffer, at: number, minor: number, sink: ValueSink): void {
  const float = floatAt(bytes, at);
  if (float !== null) sink.float(float);
  else if (minor === 20 || minor === 21) sink.boolean(minor === 21);
  else if (minor === 22) sink.null();
  else if (minor === 23) sink.undefined();
  else sink.simple(sizeAt(bytes, at, minor));
}

function floatAt(bytes: Buffer, at: number): number | null {
  switch (bytes[at]) {
    case 0xf9:
      return half(bytes.readUInt16BE(at + 1));
    case 0xfa:
      return bytes.readFloatBE(at + 1);
    case 0xfb:
      return bytes.readDoubleBE(at + 1);
    default:
      return null;
  }
}

/** A float of 16 bits (RFC 8949 appendix D). */
function half(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

function isTransparent(bytes: Buffer, at: number): boolean {
  const kind = bytes[at] as number;
  return kind >>> 5 === 6 && TRANSPARENT.has(sizeAt(bytes, at, kind & 0x1f));
}
