import { sizeOf } from "./size.ts";

it("counts texts, binary values and every element", () => {
  const small = sizeOf([]);
  expect(sizeOf(["x".repeat(1000)])).toBeGreaterThanOrEqual(small + 1000);
  expect(sizeOf({ key: new Uint8Array(1000) })).toBeGreaterThanOrEqual(1000);
  expect(sizeOf(Array.from({ length: 1000 }, (_, i) => i))).toBeGreaterThanOrEqual(8000);
  expect(sizeOf(new Map([["k".repeat(500), { deep: ["v".repeat(500)] }]]))).toBeGreaterThanOrEqual(1000);
});

it("ends for a value that contains itself, and for one that is deeper than the stack", () => {
  const ring: unknown[] = [];
  ring.push(ring);
  let deep: unknown = null;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(sizeOf(ring)).toBeLessThan(100);
  expect(sizeOf(deep)).toBeGreaterThan(100_000);
});
