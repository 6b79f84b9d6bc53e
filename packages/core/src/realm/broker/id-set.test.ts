import fc from "fast-check";
import { MAX_ID } from "../../wamp/ids.ts";
import { IdSet } from "./id-set.ts";

it("has exactly the ids that it was made of, in any order, with or without repeats", () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.maxSafeInteger().map(Math.abs), fc.constant(MAX_ID));
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (ids, others) => {
      const set = new IdSet(ids);
      for (const each of [...ids, ...others]) expect(set.has(each)).toBe(ids.includes(each));
    }),
  );
});
