const { FUZZ_RUNS, FUZZ_SEED } = process.env;

/** Whether properties run as often as FUZZ_RUNS says, and with other values each time. See docs/testing.md. */
export const LONG = FUZZ_RUNS !== undefined;

/** What all properties of this test file draw their values from: `jest/seed.ts` hands it to fast-check. */
export const SEED = FUZZ_SEED === undefined ? (LONG ? Math.floor(Math.random() * 2 ** 31) : 1) : Number(FUZZ_SEED);

/** How often a property runs: `few` times, or as often as FUZZ_RUNS says. */
export function runs(few: number): { numRuns: number } {
  return { numRuns: Number(FUZZ_RUNS ?? few) };
}
