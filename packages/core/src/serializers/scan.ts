import { MAX_DEPTH } from "./serializer.ts";

/** Constants and functions that the scanners of all formats share. */

/** Not sure: decode in full. */
export const UNSURE = -1;

/** The depth to begin at, so that nothing deeper than `maxDepth` is passed. */
export function startDepth(maxDepth: number): number {
  return MAX_DEPTH + 1 - maxDepth;
}
