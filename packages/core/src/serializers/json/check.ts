import { TooDeep, TooManyValues } from "../../errors/wamp-error.ts";
import { skipSpace } from "./scan.ts";
import { bufferOf } from "../serializer.ts";

/**
 * Counts the levels and the values of a JSON text before it is parsed: `JSON.parse` accepts a million levels, which
 * takes seconds, and a short text can take a thousand times its size in memory. It stops at the limit, so that a
 * refusal costs no more than a legal message. It does not check that the text is JSON.
 *
 * @param maxDepth the maximum nesting depth of lists and dictionaries; the message itself is one level
 * @param maxValues how many members all lists and dictionaries may have together
 * @throws TooDeep, TooManyValues
 */
export function checkJson(text: Uint8Array, maxDepth: number, maxValues: number): void {
  const bytes = bufferOf(text);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x22: // "
        at = endOfString(bytes, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth + 1) throw new TooDeep(maxDepth);
        if (!isClosing(bytes[skipSpace(bytes, at + 1)]) && ++values > maxValues) throw new TooManyValues(maxValues);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        if (++values > maxValues) throw new TooManyValues(maxValues);
    }
  }
}

/** Up to this length a string is scanned byte by byte, beyond it by functions that scan many bytes at once. */
const LONG = 32;

/** The position of the quote that ends a string, or where the bytes end. In UTF-8 no other character holds its byte. */
function endOfString(bytes: Buffer, begin: number): number {
  let at = begin;
  for (const long = begin + LONG; at < long; at++) {
    const byte = bytes[at];
    if (byte === 0x22 || byte === undefined) return at;
    if (byte === 0x5c) at++;
  }
  for (let from = at; ; from = at + 1) {
    at = bytes.indexOf(0x22, from);
    if (at === -1) return bytes.length;
    let first = at; // of the backslashes before it: an even number of them are characters of their own
    while (first > from && bytes[first - 1] === 0x5c) first--;
    if ((at - first) % 2 === 0) return at;
  }
}

function isClosing(byte: number | undefined): boolean {
  return byte === 0x5d || byte === 0x7d;
}
