/** Longer texts are not remembered: URIs are seldom longer. */
const MAX_LENGTH = 64;

/** How many texts are remembered, a power of two. */
const PLACES = 1024;

const remembered = Array<string>(PLACES).fill("");

/**
 * The text in these bytes. Invalid UTF-8 is replaced, and not remembered. URIs come again and again: a text that was
 * read before is found by its bytes and used again, which also saves its hash when it is looked up in a map.
 */
export function textAt(bytes: Buffer, begin: number, end: number): string {
  if (end - begin > MAX_LENGTH) return bytes.toString("utf8", begin, end);
  let hash = 0;
  let all = 0;
  for (let i = begin; i < end; i++) {
    const byte = bytes[i] as number;
    hash = (Math.imul(hash, 31) + byte) | 0;
    all |= byte;
  }
  if (all > 0x7f) return bytes.toString("utf8", begin, end);
  const place = (hash ^ (hash >>> 16)) & (PLACES - 1);
  const found = remembered[place] as string;
  if (isAt(found, bytes, begin, end)) return found;
  const text = bytes.toString("latin1", begin, end);
  remembered[place] = text;
  return text;
}

function isAt(text: string, bytes: Buffer, begin: number, end: number): boolean {
  if (text.length !== end - begin) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[begin + i]) return false;
  return true;
}
