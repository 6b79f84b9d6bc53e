import type { Stretch } from "../wamp/payload.ts";

/** Up to this number of bytes, a loop copies faster than a native call. */
const SHORT = 64;

/** Copies a tail to `target`. @returns the position after it */
export function copyStretch({ source, begin, end }: Stretch, target: Uint8Array, at: number): number {
  const length = end - begin;
  if (length > SHORT) target.set(source.subarray(begin, end), at);
  else for (let i = 0; i < length; i++) target[at + i] = source[begin + i] as number;
  return at + length;
}
