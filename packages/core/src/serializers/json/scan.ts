import { BEYOND_ASCII, CONTROL, kindsOf } from "./byte-kinds.ts";
import { UNSURE } from "../scan.ts";
import { MAX_DEPTH } from "../serializer.ts";

/**
 * A scanner that finds where a JSON value ends, without decoding it. It is stricter than `JSON.parse`: every parser
 * accepts what it passes. If it is not sure, it says so, and the message is parsed in full.
 */

/** The position of the next byte that is not white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let c = bytes[at];
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
  return at;
}

/** The position after the value that begins at `at`, or UNSURE. */
export function skipValue(bytes: Buffer, at: number, depth = 0): number {
  switch (bytes[at]) {
    case 0x22:
      return skipString(bytes, at + 1);
    case 0x7b:
      return depth > MAX_DEPTH ? UNSURE : skipObject(bytes, skipSpace(bytes, at + 1), depth + 1);
    case 0x5b:
      return depth > MAX_DEPTH ? UNSURE : skipList(bytes, skipSpace(bytes, at + 1), depth + 1);
    case 0x74:
      return skipWord(bytes, at, TRUE);
    case 0x66:
      return skipWord(bytes, at, FALSE);
    case 0x6e:
      return skipWord(bytes, at, NULL);
    default:
      return skipNumber(bytes, at);
  }
}

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");

function skipWord(bytes: Buffer, at: number, word: Uint8Array): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return UNSURE;
  return at + word.length;
}

/** `at` is after the bracket and white space. */
function skipList(bytes: Buffer, at: number, depth: number): number {
  if (bytes[at] === 0x5d) return at + 1;
  for (;;) {
    at = skipValue(bytes, at, depth);
    if (at === UNSURE) return UNSURE;
    at = skipSpace(bytes, at);
    const c = bytes[at];
    if (c === 0x5d) return at + 1;
    if (c !== 0x2c) return UNSURE;
    at = skipSpace(bytes, at + 1);
  }
}

function skipObject(bytes: Buffer, at: number, depth: number): number {
  if (bytes[at] === 0x7d) return at + 1;
  for (;;) {
    if (bytes[at] !== 0x22) return UNSURE;
    at = skipString(bytes, at + 1);
    if (at === UNSURE) return UNSURE;
    at = skipSpace(bytes, at);
    if (bytes[at] !== 0x3a) return UNSURE;
    at = skipValue(bytes, skipSpace(bytes, at + 1), depth);
    if (at === UNSURE) return UNSURE;
    at = skipSpace(bytes, at);
    const c = bytes[at];
    if (c === 0x7d) return at + 1;
    if (c !== 0x2c) return UNSURE;
    at = skipSpace(bytes, at + 1);
  }
}

function skipNumber(bytes: Buffer, at: number): number {
  if (bytes[at] === 0x2d) at++;
  if (bytes[at] === 0x30) at++;
  else if (isDigit(bytes[at])) at = skipDigits(bytes, at);
  else return UNSURE;
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[at + 1])) return UNSURE;
    at = skipDigits(bytes, at + 1);
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at++;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
    if (!isDigit(bytes[at])) return UNSURE;
    at = skipDigits(bytes, at);
  }
  return at;
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39;
}

function skipDigits(bytes: Buffer, at: number): number {
  while (isDigit(bytes[at])) at++;
  return at;
}

/** Up to this length a string is scanned byte by byte, beyond it by functions that scan many bytes at once. */
const LONG = 64;

/** Whether a string since `startScan` held a byte beyond ASCII. Nothing else can. */
let isBeyondAscii = false;

/** Call it before a frame is scanned. */
export function startScan(): void {
  isBeyondAscii = false;
}

/** Whether it is still to be checked that what was passed since `startScan` is UTF-8. */
export function sawBeyondAscii(): boolean {
  return isBeyondAscii;
}

/** For each byte, 1 where it ends a string or needs a closer look in one: a quote, backslash, control, or part of UTF-8. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, c) => (c < 0x20 || c === 0x22 || c === 0x5c || c > 0x7f ? 1 : 0));

/** `at` is after the opening quote. */
function skipString(bytes: Buffer, at: number): number {
  const { length } = bytes;
  let stop = Math.min(at + LONG, length);
  for (;;) {
    while (at < stop && SPECIAL[bytes[at] as number] === 0) at++;
    if (at >= stop && stop < length) {
      stop = length;
      at = skipPlain(bytes, at);
      continue;
    }
    const c = bytes[at];
    if (c === 0x22) return at + 1;
    if (c === undefined || c < 0x20) return UNSURE;
    if (c === 0x5c) {
      at = skipEscape(bytes, at + 1);
      if (at === UNSURE) return UNSURE;
    } else isBeyondAscii = true;
    at++;
  }
}

/** `at` is after the backslash. @returns the position of the escape's last byte */
function skipEscape(bytes: Buffer, at: number): number {
  switch (bytes[at]) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at;
    case 0x75:
      for (let i = 1; i <= 4; i++) if (!isHex(bytes[at + i])) return UNSURE;
      return at + 4;
    default:
      return UNSURE;
  }
}

function isHex(c: number | undefined): boolean {
  return isDigit(c) || (c !== undefined && ((c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66)));
}

/** The position of the next quote, if nothing before it needs a closer look; else the position it began at. */
function skipPlain(bytes: Buffer, at: number): number {
  const quote = bytes.indexOf(0x22, at);
  if (quote === -1) return at;
  const text = bytes.subarray(at, quote);
  if (text.includes(0x5c)) return at;
  const kinds = kindsOf(text);
  if ((kinds & BEYOND_ASCII) !== 0) isBeyondAscii = true;
  return (kinds & CONTROL) === 0 ? quote : at;
}
