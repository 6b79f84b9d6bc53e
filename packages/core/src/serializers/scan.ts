/** Constants and functions that the scanners of all formats share. */

/** Not sure: decode in full. */
export const UNSURE = -1;

/** Deeper than any ordinary message. A deeper one is decoded in full, which enforces the limit. */
export const MAX_SCAN_DEPTH = 60;

/** The depth to begin at, so that nothing deeper than `maxDepth` is passed. */
export function startDepth(maxDepth: number): number {
  return Math.max(0, MAX_SCAN_DEPTH + 1 - maxDepth);
}
