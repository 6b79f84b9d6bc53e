// Numbers and texts in bytes. Plain assignments: the functions of `Buffer` for it take three times as long.

/** Up to this number of bytes, a loop copies faster than a native call. */
const SHORT = 64;

const WORD = 2 ** 32;

/** @param value below 2^32; of a larger one the lowest 32 bits are written */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export function get32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return (low | ((bytes[at + 3] as number) << 24)) >>> 0;
}

/** @param value from 0 to 2^53 - 1 */
export function putNumber(bytes: Uint8Array, at: number, value: number): void {
  put32(bytes, at, value);
  put32(bytes, at + 4, Math.floor(value / WORD));
}

/** What `putNumber` has written; from other bytes any integer below 2^64. */
export function getNumber(bytes: Uint8Array, at: number): number {
  return get32(bytes, at) + WORD * get32(bytes, at + 4);
}

/** Copies a range of bytes to `target`. @returns the position after them */
export function putBytes(target: Uint8Array, at: number, source: Uint8Array, begin: number, end: number): number {
  const length = end - begin;
  if (length > SHORT) target.set(source.subarray(begin, end), at);
  else for (let i = 0; i < length; i++) target[at + i] = source[begin + i] as number;
  return at + length;
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** @param text of ASCII alone @returns the position after it */
export function putAscii(target: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
  return at + text.length;
}
