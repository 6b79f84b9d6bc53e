import fc from "fast-check";
import { LONG, SEED } from "../jest/runs.ts";

test("a property that says nothing of a seed has the same values each time", () => {
  expect(fc.sample(fc.string(), 50)).toEqual(fc.sample(fc.string(), 50));
});

test("what it was run with is named when it fails", () => {
  const { seed } = fc.check(fc.property(fc.nat(), () => false));
  expect(seed).toBe(SEED);
  expect(LONG || process.env["FUZZ_SEED"] !== undefined || seed === 1).toBe(true);
});
