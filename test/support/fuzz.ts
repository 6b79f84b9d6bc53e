import fc from "fast-check";
import { LONG } from "../../jest/runs.ts";

/** How long a property may take, in milliseconds: the long form is as long as it was asked to be. */
export const FUZZ_TIME = LONG ? 24 * 3600_000 : 30_000;

/** One change to some bytes. Positions count round, so that a change fits bytes of any length. */
export type Edit =
  | { readonly kind: "flip"; readonly at: number; readonly bits: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "remove"; readonly at: number; readonly count: number }
  | { readonly kind: "repeat"; readonly at: number; readonly count: number; readonly times: number }
  | { readonly kind: "insert"; readonly at: number; readonly hex: string };

/** Bytes that mean something to some decoder: lengths without end, brackets, quotes, what stands before a value. */
const TELLING = [
  "00",
  "ff",
  "ffffffff",
  "7fffffff",
  "80000000",
  "ddffffffff",
  "dbffffffff",
  "c6ffffffff",
  "dfffffffff",
  "9bffffffffffffffff",
  "5bffffffffffffffff",
  "9f",
  "bf",
  "c1",
  "d4ff00",
  "1e",
  "18",
  "5b",
  "5d",
  "7b7d",
  "22",
  "5c",
  "2c",
  "eda0bd",
  "c0af",
];

const at = fc.nat(1_000_000);

/** A few changes. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("flip" as const), at, bits: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constant("cut" as const), at }),
    fc.record({ kind: fc.constant("remove" as const), at, count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({
      kind: fc.constant("repeat" as const),
      at,
      count: fc.integer({ min: 1, max: 9 }),
      times: fc.integer({ min: 1, max: 200 }),
    }),
    fc.record({ kind: fc.constant("insert" as const), at, hex: fc.constantFrom(...TELLING) }),
  ),
  { minLength: 1, maxLength: 4 },
);

/** `bytes` with all of `changes` made, one after the other. */
export function edited(bytes: Uint8Array, changes: readonly Edit[]): Buffer {
  return changes.reduce<Buffer>(changed, Buffer.from(bytes));
}

function changed(bytes: Buffer, edit: Edit): Buffer {
  const at = bytes.length === 0 ? 0 : edit.at % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (edit.kind) {
    case "flip":
      return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ edit.bits), after.subarray(1)]);
    case "cut":
      return before;
    case "remove":
      return Buffer.concat([before, after.subarray(edit.count)]);
    case "repeat":
      return Buffer.concat([before, ...Array<Buffer>(edit.times).fill(after.subarray(0, edit.count)), after]);
    case "insert":
      return Buffer.concat([before, Buffer.from(edit.hex, "hex"), after]);
  }
}
