import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { bundled, eachEnvelope, OVERHEAD } from "./bundle.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const some = fc.uint8Array({ minLength: 1, maxLength: 300 });

function listed(bundle: Uint8Array): number[][] {
  const envelopes: number[][] = [];
  eachEnvelope(bundle, (envelope) => envelopes.push([...envelope]));
  return envelopes;
}

it("what is bundled comes out as it was, in its order, and only one that is too long alone is longer than the most", () => {
  fc.assert(
    fc.property(fc.array(some), fc.integer({ min: 1, max: 1000 }), (envelopes, most) => {
      const bundles = bundled(envelopes, most);
      expect(bundles.flatMap(listed)).toEqual(envelopes.map((envelope) => [...envelope]));
      for (const bundle of bundles) expect(bundle.length <= most || listed(bundle).length === 1).toBe(true);
      const all = bundles.reduce((sum, { length }) => sum + length, 0);
      expect(all).toBe(envelopes.reduce((sum, { length }) => sum + length + OVERHEAD, 0));
    }),
    runs(200),
  );
});

it("of bytes that are no bundle, all come out, and nothing beyond them", () => {
  fc.assert(
    fc.property(bytes, (sent) => {
      const all = listed(sent).reduce((sum, { length }) => sum + length, 0);
      expect(all).toBeLessThanOrEqual(sent.length);
    }),
    runs(500),
  );
  expect(listed(new Uint8Array([200, 0, 0, 0, 7]))).toEqual([[200, 0, 0, 0, 7]]);
  expect(listed(new Uint8Array([1, 0]))).toEqual([[1, 0]]);
  expect(listed(new Uint8Array(1_000_000))).toHaveLength(1); // as many empty envelopes as fit
});
