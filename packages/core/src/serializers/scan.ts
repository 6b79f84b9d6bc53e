/** What the scanners of all formats have in common. */

/** Not sure: decode in full. */
export const UNSURE = -1;

/** Deeper than any ordinary message; what nests deeper is decoded in full, where the limit is enforced. */
export const MAX_SCAN_DEPTH = 60;

/** The depth to begin at, so that nothing deeper than `maxDepth` is passed. */
export function startDepth(maxDepth: number): number {
  return Math.max(0, MAX_SCAN_DEPTH + 1 - maxDepth);
}
