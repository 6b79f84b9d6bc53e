import type { Member, ValueSink } from "../../wamp/formats.ts";
import { bufferOf } from "../serializer.ts";
import { NOWHERE } from "../skipping.ts";
import { momentOfTimestamp, TIMESTAMP } from "./timestamp.ts";

/** Tells `sink` the value that begins at `at`. The scanner has passed it. @returns the position after it */
export function readMsgpack(source: Uint8Array, at: number, sink: ValueSink): number {
  return read(bufferOf(source), at, sink);
}

/** The members of a list or dictionary; none if the value is neither. */
export function membersOfMsgpack(source: Uint8Array): Member[] {
  const bytes = bufferOf(source);
  const members: Member[] = [];
  const kind = bytes[0] as number;
  const isDict = (kind >= 0x80 && kind <= 0x8f) || kind === 0xde || kind === 0xdf;
  if (!isDict && !(kind >= 0x90 && kind <= 0x9f) && kind !== 0xdc && kind !== 0xdd) return [];
  const width = kind <= 0x9f ? 0 : kind === 0xdc || kind === 0xde ? 2 : 4;
  let at = 1 + width;
  const count = width === 0 ? kind & 0x0f : bytes.readUIntBE(1, width);
  for (let i = 0; i < count; i++) {
    const from = isDict ? textBegin(bytes, at) : -1;
    const begin = isDict ? read(bytes, at, NOWHERE) : at;
    at = read(bytes, begin, NOWHERE);
    if (!isDict || from !== -1)
      members.push({ key: isDict ? bytes.toString("utf8", from, begin) : null, begin, end: at });
  }
  return members;
}

function read(bytes: Buffer, at: number, sink: ValueSink): number {
  const kind = bytes[at] as number;
  if (kind <= 0x7f) return integer(sink, kind, at + 1);
  if (kind >= 0xe0) return integer(sink, kind - 0x100, at + 1);
  if (kind <= 0x8f) return readDict(bytes, at + 1, kind & 0x0f, sink);
  if (kind <= 0x9f) return readList(bytes, at + 1, kind & 0x0f, sink);
  if (kind <= 0xbf) return readText(bytes, at + 1, kind & 0x1f, sink);
  switch (kind) {
    case 0xc0:
      sink.null();
      return at + 1;
    case 0xc2:
    case 0xc3:
      sink.boolean(kind === 0xc3);
      return at + 1;
    case 0xc4:
      return readBinary(bytes, at + 2, bytes[at + 1] as number, sink);
    case 0xc5:
      return readBinary(bytes, at + 3, bytes.readUInt16BE(at + 1), sink);
    case 0xc6:
      return readBinary(bytes, at + 5, bytes.readUInt32BE(at + 1), sink);
    case 0xca:
      return float(sink, bytes.readFloatBE(at + 1), at + 5);
    case 0xcb:
      return float(sink, bytes.readDoubleBE(at + 1), at + 9);
    case 0xcc:
      return integer(sink, bytes[at + 1] as number, at + 2);
    case 0xcd:
      return integer(sink, bytes.readUInt16BE(at + 1), at + 3);
    case 0xce:
      return integer(sink, bytes.readUInt32BE(at + 1), at + 5);
    case 0xd0:
      return integer(sink, bytes.readInt8(at + 1), at + 2);
    case 0xd1:
      return integer(sink, bytes.readInt16BE(at + 1), at + 3);
    case 0xd2:
      return integer(sink, bytes.readInt32BE(at + 1), at + 5);
    case 0xcf:
    case 0xd3:
      readLong(bytes, at + 1, kind === 0xd3, sink);
      return at + 9;
    case 0xd9:
      return readText(bytes, at + 2, bytes[at + 1] as number, sink);
    case 0xda:
      return readText(bytes, at + 3, bytes.readUInt16BE(at + 1), sink);
    case 0xdb:
      return readText(bytes, at + 5, bytes.readUInt32BE(at + 1), sink);
    case 0xdc:
      return readList(bytes, at + 3, bytes.readUInt16BE(at + 1), sink);
    case 0xdd:
      return readList(bytes, at + 5, bytes.readUInt32BE(at + 1), sink);
    case 0xde:
      return readDict(bytes, at + 3, bytes.readUInt16BE(at + 1), sink);
    case 0xdf:
      return readDict(bytes, at + 5, bytes.readUInt32BE(at + 1), sink);
    case 0xc7:
      return readExtension(bytes, at + 2, bytes[at + 1] as number, sink);
    case 0xc8:
      return readExtension(bytes, at + 3, bytes.readUInt16BE(at + 1), sink);
    case 0xc9:
      return readExtension(bytes, at + 5, bytes.readUInt32BE(at + 1), sink);
    default: // 0xd4 to 0xd8, fixext
      return readExtension(bytes, at + 1, 1 << (kind - 0xd4), sink);
  }
}

function integer(sink: ValueSink, value: number, end: number): number {
  sink.integer(value);
  return end;
}

function float(sink: ValueSink, value: number, end: number): number {
  sink.float(value);
  return end;
}

/** An integer of 64 bits. Up to 2^53 a number is exact. */
function readLong(bytes: Buffer, at: number, isSigned: boolean, sink: ValueSink): void {
  const high = isSigned ? bytes.readInt32BE(at) : bytes.readUInt32BE(at);
  const number = high * 2 ** 32 + bytes.readUInt32BE(at + 4);
  if (high < 0x20_0000 && high >= -0x20_0000) sink.integer(number);
  else if (number === 2 ** 53 && bytes[at + 7] === 0) sink.integer(number);
  else sink.bigInteger(isSigned ? bytes.readBigInt64BE(at) : bytes.readBigUInt64BE(at));
}

function readText(bytes: Buffer, at: number, size: number, sink: ValueSink): number {
  sink.text(bytes, at, at + size);
  return at + size;
}

function readBinary(bytes: Buffer, at: number, size: number, sink: ValueSink): number {
  sink.binary(bytes, at, at + size);
  return at + size;
}

function readList(bytes: Buffer, at: number, size: number, sink: ValueSink): number {
  sink.beginList();
  for (let i = 0; i < size; i++) at = read(bytes, at, sink);
  sink.endList();
  return at;
}

function readDict(bytes: Buffer, at: number, size: number, sink: ValueSink): number {
  sink.beginDict();
  for (let i = 0; i < size; i++) {
    const begin = textBegin(bytes, at);
    if (begin === -1) {
      sink.oddKey();
      at = read(bytes, at, sink);
    } else {
      const end = begin + textSize(bytes, at);
      sink.key(bytes, begin, end);
      at = end;
    }
    at = read(bytes, at, sink);
  }
  sink.endDict();
  return at;
}

/** @param at where its type is */
function readExtension(bytes: Buffer, at: number, size: number, sink: ValueSink): number {
  const type = bytes.readInt8(at);
  const begin = at + 1;
  const end = begin + size;
  const moment = type === TIMESTAMP ? momentOfTimestamp(bytes, begin, end) : null;
  if (moment !== null) sink.time(moment.seconds, moment.nanos);
  // How msgpackr, and with it wampy, encodes `undefined`, for example for an option that is not set.
  else if (type === 0 && size === 1 && bytes[begin] === 0) sink.undefined();
  else sink.extension(type, bytes, begin, end);
  return end;
}

/** Where the bytes of a text begin; -1 if it is none. */
function textBegin(bytes: Buffer, at: number): number {
  const kind = bytes[at] as number;
  if (kind >= 0xa0 && kind <= 0xbf) return at + 1;
  return kind === 0xd9 ? at + 2 : kind === 0xda ? at + 3 : kind === 0xdb ? at + 5 : -1;
}

function textSize(bytes: Buffer, at: number): number {
  const kind = bytes[at] as number;
  if (kind <= 0xbf) return kind & 0x1f;
  if (kind === 0xd9) return bytes[at + 1] as number;
  return kind === 0xda ? bytes.readUInt16BE(at + 1) : bytes.readUInt32BE(at + 1);
}
