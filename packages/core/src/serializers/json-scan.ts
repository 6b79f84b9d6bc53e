/**
 * A scanner that finds where a JSON value ends, without decoding it. It is stricter than `JSON.parse`: whatever it
 * passes, every parser accepts. Where it is not sure it says so, and the message is parsed in full.
 */

/** Deeper than any ordinary message; what nests deeper is parsed in full, where the limit is enforced. */
const MAX_SCAN_DEPTH = 60;

/** Not sure: parse in full. */
export const UNSURE = -1;

/** The position of the next byte that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let c = bytes[at];
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
  return at;
}

/** The position after the value that begins at `at`, or UNSURE. */
export function skipValue(bytes: Uint8Array, at: number, depth = 0): number {
  switch (bytes[at]) {
    case 0x22:
      return skipString(bytes, at + 1);
    case 0x7b:
      return depth > MAX_SCAN_DEPTH ? UNSURE : skipObject(bytes, skipSpace(bytes, at + 1), depth + 1);
    case 0x5b:
      return depth > MAX_SCAN_DEPTH ? UNSURE : skipList(bytes, skipSpace(bytes, at + 1), depth + 1);
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

function skipWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return UNSURE;
  return at + word.length;
}

/** `at` is after the bracket and white space. */
function skipList(bytes: Uint8Array, at: number, depth: number): number {
  if (bytes[at] === 0x5d) return at + 1;
  for (;;) {
    at = skipValue(bytes, at, depth);
    if (at === UNSURE) return UNSURE;
    at = skipSpace(bytes, at);
    if (bytes[at] === 0x5d) return at + 1;
    if (bytes[at] !== 0x2c) return UNSURE;
    at = skipSpace(bytes, at + 1);
  }
}

function skipObject(bytes: Uint8Array, at: number, depth: number): number {
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
    if (bytes[at] === 0x7d) return at + 1;
    if (bytes[at] !== 0x2c) return UNSURE;
    at = skipSpace(bytes, at + 1);
  }
}

function skipNumber(bytes: Uint8Array, at: number): number {
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

function skipDigits(bytes: Uint8Array, at: number): number {
  while (isDigit(bytes[at])) at++;
  return at;
}

/** Below this many bytes a string is looked through byte by byte, above it by words of four. */
const LONG = 64;

/** `at` is after the opening quote. The frame is known to be UTF-8. */
function skipString(bytes: Uint8Array, at: number): number {
  for (let soon = at + LONG; ; at++) {
    if (at === soon) {
      at = skipPlainWords(bytes, at);
      soon = -1;
    }
    const c = bytes[at];
    if (c === 0x22) return at + 1;
    if (c === undefined || c < 0x20) return UNSURE;
    if (c === 0x5c) {
      at = skipEscape(bytes, at + 1);
      if (at === UNSURE) return UNSURE;
    }
  }
}

/** `at` is after the backslash. @returns the position of the escape's last byte */
function skipEscape(bytes: Uint8Array, at: number): number {
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

/** Skips words of four bytes in which there is no quote, no backslash and no control character. */
function skipPlainWords(bytes: Uint8Array, at: number): number {
  const misaligned = (bytes.byteOffset + at) & 3;
  const begin = misaligned === 0 ? at : at + 4 - misaligned;
  for (; at < begin; at++) {
    const c = bytes[at];
    if (c === undefined || c < 0x20 || c === 0x22 || c === 0x5c) return at;
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + begin, (bytes.length - begin) >> 2);
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i] as number;
    const quote = word ^ 0x22222222;
    const backslash = word ^ 0x5c5c5c5c;
    // In each term the highest bit of a byte tells that the byte is what is looked for.
    const found =
      ((word - 0x20202020) & ~word) | ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash);
    if ((found & 0x80808080) !== 0) break;
  }
  return begin + i * 4;
}
