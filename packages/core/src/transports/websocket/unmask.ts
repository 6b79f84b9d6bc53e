import { createRequire } from "node:module";

/** Up to this length our own loop is faster than a call of native code. In bytes. */
const SHORT = 192;

/** What the optional package `bufferutil` offers, which `ws` uses, too. */
interface BufferUtil {
  readonly unmask: (payload: Uint8Array, mask: Uint8Array) => void;
}

const native = installed();

/** Null if the package is not there: npm may leave an optional one out. */
function installed(): BufferUtil | null {
  try {
    return createRequire(import.meta.url)("bufferutil") as BufferUtil;
  } catch {
    return null;
  }
}

/**
 * Combines each byte of a payload with one of the mask's four (RFC 6455 section 5.3), in place. Doing so twice changes
 * nothing.
 *
 * @param mask where the mask is: the four bytes before the payload
 * @param end the position after the payload
 * @returns whether a byte of the payload may be beyond ASCII
 */
export function unmask(frame: Buffer, mask: number, end: number): boolean {
  const begin = mask + 4;
  if (native === null || end - begin <= SHORT) return unmaskHere(frame, mask, end);
  native.unmask(frame.subarray(begin, end), frame.subarray(mask, begin));
  return true;
}

/** `unmask` without native code. Exported for its test. */
export function unmaskHere(frame: Buffer, mask: number, end: number): boolean {
  const keys = [frame[mask], frame[mask + 1], frame[mask + 2], frame[mask + 3]] as [number, number, number, number];
  const [k0, k1, k2, k3] = keys;
  let bits = 0;
  let at = mask + 4;
  for (; at + 3 < end; at += 4) {
    const b0 = (frame[at] as number) ^ k0;
    const b1 = (frame[at + 1] as number) ^ k1;
    const b2 = (frame[at + 2] as number) ^ k2;
    const b3 = (frame[at + 3] as number) ^ k3;
    frame[at] = b0;
    frame[at + 1] = b1;
    frame[at + 2] = b2;
    frame[at + 3] = b3;
    bits |= b0 | b1 | b2 | b3;
  }
  for (let i = mask; at < end; at++, i++) {
    const byte = (frame[at] as number) ^ (frame[i] as number);
    frame[at] = byte;
    bits |= byte;
  }
  return bits > 0x7f;
}
