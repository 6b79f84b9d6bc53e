import { IdSequence, isId, randomId } from "./ids.ts";

test("an id is a whole number from 1 to 2^53", () => {
  expect(isId(1)).toBe(true);
  expect(isId(2 ** 53)).toBe(true);
  for (const bad of [0, -1, 1.5, 2 ** 53 + 2, NaN, Infinity, "1", null, true]) expect(isId(bad)).toBe(false);
});

test("random ids are ids and do not repeat in a thousand draws", () => {
  const drawn = new Set(Array.from({ length: 1000 }, randomId));
  expect(drawn.size).toBe(1000);
  for (const id of drawn) expect(isId(id)).toBe(true);
});

test("a sequence counts from 1", () => {
  const ids = new IdSequence();
  expect([ids.next(), ids.next(), ids.next()]).toEqual([1, 2, 3]);
});
