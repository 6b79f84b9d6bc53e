import { jest } from "@jest/globals";
import fc from "fast-check";
import { Recent } from "./recent.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it("never remembers more than its maximum, and always keeps the last ones", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 5 }), (names, max) => {
      const recent = new Recent<number>(max, 1000);
      names.forEach((name, i) => recent.set(name, i));
      expect(recent.size).toBe(Math.min(max, new Set(names).size));
      if (names.length > 0) expect(recent.get(names.at(-1) ?? "")).toBe(names.length - 1);
    }),
  );
});

it("forgets what is too old, and frees its memory", () => {
  const recent = new Recent<true>(10, 1000);
  for (const name of ["a", "b", "__proto__"]) recent.set(name, true);
  jest.advanceTimersByTime(999);
  expect(recent.get("__proto__")).toBe(true);
  jest.advanceTimersByTime(1);
  expect(recent.get("a")).toBeUndefined();
  recent.set("c", true);
  expect(recent.size).toBe(1);
});
