import { SEED } from "./runs.ts";

/** Draws numbers from 0 to less than `end` that look random, and are the same each time: for delays and losses. */
export function numbers(end: number, seed = SEED): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32) * end;
  };
}
