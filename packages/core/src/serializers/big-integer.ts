/** Integers of more bits are no integers in another format: the time that their digits take grows with its square. */
export const MOST_BITS = 8192;

const MOST_DIGITS = Math.floor(MOST_BITS * Math.log10(2));

/** The bytes of an integer that is not negative, the most significant first. */
export function bytesOfInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

/** Null if it has too many bits. */
export function integerOfBytes(bytes: Buffer): bigint | null {
  if (bytes.length * 8 > MOST_BITS) return null;
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString("hex")}`);
}

/** Null if it has too many digits. @param text digits, with a sign before them or not */
export function integerOfDigits(text: string): bigint | null {
  return text.length > MOST_DIGITS ? null : BigInt(text);
}
