import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { IdWindow } from "./id-window.ts";

const id = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 2 ** 53 }),
  fc.constantFrom(2 ** 32, 2 ** 53),
);

/** A comparison that is cheap enough for hundreds of thousands of values. */
function same(found: unknown, expected: unknown): void {
  if (found !== expected) expect(found).toBe(expected);
}

it("holds what a map holds, for any ids that come and go", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 3000, size: "max" }), (steps) => {
      const [window, map] = [new IdWindow<string>(), new Map<number, string>()];
      for (const [isNew, key] of steps) {
        if (isNew && !map.has(key)) {
          map.set(key, `value ${key}`);
          window.add(key, `value ${key}`);
        } else same(window.delete(key), map.delete(key));
        same(window.get(key), map.get(key));
        same(window.size, map.size);
      }
      expect(window.values().sort()).toEqual([...map.values()].sort());
      for (const [key, value] of map) expect(window.get(key)).toBe(value);
    }),
    runs(30),
  );
});

it("finds its values even if more ids share a slot than it can separate", () => {
  const window = new IdWindow<number>();
  const ids = Array.from({ length: 50 }, (_, i) => 1 + i * 2 ** 20);
  for (const one of ids) window.add(one, one);
  for (const one of ids) expect(window.get(one)).toBe(one);
  for (const one of ids) expect(window.delete(one)).toBe(true);
  expect(window.values()).toEqual([]);
});
