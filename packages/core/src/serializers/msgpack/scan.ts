import { isUtf8 } from "node:buffer";
import { UNSURE } from "../scan.ts";
import { MAX_DEPTH } from "../serializer.ts";

/**
 * A scanner that finds where a MessagePack value ends, and checks its structure on the way, without decoding it. Every
 * decoder accepts what it passes. If it is not sure, it says so, and the message is decoded in full.
 */

/** How many more members of lists and dictionaries are passed. What holds more is counted, and refused, by the full decoder. */
let valuesLeft = 0;

/** Call it before a frame is scanned. @param maxValues how many members of lists and dictionaries are passed */
export function startScan(maxValues: number): void {
  valuesLeft = maxValues;
}

/** The position after the value that begins at `at`, or UNSURE. */
export function skipValue(bytes: Buffer, at: number, depth = 0): number {
  const kind = bytes[at];
  if (kind === undefined || depth > MAX_DEPTH) return UNSURE;
  if (kind <= 0x7f || kind >= 0xe0) return at + 1;
  if (kind <= 0x8f) return skipMap(bytes, at + 1, kind & 0x0f, depth);
  if (kind <= 0x9f) return skipList(bytes, at + 1, kind & 0x0f, depth);
  if (kind <= 0xbf) return skipText(bytes, at + 1, kind & 0x1f);
  switch (kind) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return at + 1;
    case 0xcc: // uint8
    case 0xd0: // int8
      return within(bytes, at + 2);
    case 0xcd: // uint16
    case 0xd1: // int16
      return within(bytes, at + 3);
    case 0xca: // float32
    case 0xce: // uint32
    case 0xd2: // int32
      return within(bytes, at + 5);
    case 0xcb: // float64
    case 0xcf: // uint64
    case 0xd3: // int64
      return within(bytes, at + 9);
    case 0xc4: // bin8
      return skipSized(bytes, at + 2, sizeAt(bytes, at + 1, 1));
    case 0xc5: // bin16
      return skipSized(bytes, at + 3, sizeAt(bytes, at + 1, 2));
    case 0xc6: // bin32
      return skipSized(bytes, at + 5, sizeAt(bytes, at + 1, 4));
    case 0xd9: // str8
      return skipText(bytes, at + 2, sizeAt(bytes, at + 1, 1));
    case 0xda: // str16
      return skipText(bytes, at + 3, sizeAt(bytes, at + 1, 2));
    case 0xdb: // str32
      return skipText(bytes, at + 5, sizeAt(bytes, at + 1, 4));
    case 0xdc: // array16
      return skipList(bytes, at + 3, sizeAt(bytes, at + 1, 2), depth);
    case 0xdd: // array32
      return skipList(bytes, at + 5, sizeAt(bytes, at + 1, 4), depth);
    case 0xde: // map16
      return skipMap(bytes, at + 3, sizeAt(bytes, at + 1, 2), depth);
    case 0xdf: // map32
      return skipMap(bytes, at + 5, sizeAt(bytes, at + 1, 4), depth);
    default: // in a function of its own, so that this one stays short: it is what takes most of the time
      return skipRare(bytes, at, kind);
  }
}

/** Extensions; and the byte 0xc1, which means nothing. */
function skipRare(bytes: Buffer, at: number, kind: number): number {
  switch (kind) {
    case 0xd4: // fixext 1
    case 0xd5: // fixext 2
    case 0xd6: // fixext 4
    case 0xd7: // fixext 8
    case 0xd8: // fixext 16
      return skipExtension(bytes, at + 1, 1 << (kind - 0xd4));
    case 0xc7: // ext8
      return skipExtension(bytes, at + 2, sizeAt(bytes, at + 1, 1));
    case 0xc8: // ext16
      return skipExtension(bytes, at + 3, sizeAt(bytes, at + 1, 2));
    case 0xc9: // ext32
      return skipExtension(bytes, at + 5, sizeAt(bytes, at + 1, 4));
    default:
      return UNSURE;
  }
}

/** A number of `width` bytes, or UNSURE where they have not all come. */
function sizeAt(bytes: Buffer, at: number, width: 1 | 2 | 4): number {
  if (at + width > bytes.length) return UNSURE;
  if (width === 1) return bytes[at] as number;
  return width === 2 ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at);
}

function within(bytes: Buffer, end: number): number {
  return end <= bytes.length ? end : UNSURE;
}

function skipSized(bytes: Buffer, at: number, size: number): number {
  return size === UNSURE ? UNSURE : within(bytes, at + size);
}

/** @param at where its type is */
function skipExtension(bytes: Buffer, at: number, size: number): number {
  return skipSized(bytes, at + 1, size);
}

function skipText(bytes: Buffer, at: number, size: number): number {
  const end = skipSized(bytes, at, size);
  if (end === UNSURE) return UNSURE;
  return isText(bytes, at, end) ? end : UNSURE;
}

function isText(bytes: Buffer, at: number, end: number): boolean {
  if (end - at > 64) return isUtf8(bytes.subarray(at, end));
  for (let i = at; i < end; i++) if ((bytes[i] as number) > 0x7f) return isUtf8(bytes.subarray(at, end));
  return true;
}

function skipList(bytes: Buffer, at: number, size: number, depth: number): number {
  if (size === UNSURE || size > bytes.length - at || (valuesLeft -= size) < 0) return UNSURE;
  for (let i = 0; i < size; i++) {
    at = skipValue(bytes, at, depth + 1);
    if (at === UNSURE) return UNSURE;
  }
  return at;
}

function skipMap(bytes: Buffer, at: number, size: number, depth: number): number {
  if (size === UNSURE || size > bytes.length - at || (valuesLeft -= size) < 0) return UNSURE;
  for (let i = 0; i < size; i++) {
    const end = skipValue(bytes, at, depth + 1);
    if (end === UNSURE) return UNSURE;
    at = skipValue(bytes, end, depth + 1);
    if (at === UNSURE) return UNSURE;
  }
  return at;
}
