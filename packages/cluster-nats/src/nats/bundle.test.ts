import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { bundled, envelopesIn, OVERHEAD } from "./bundle.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const some = fc.uint8Array({ minLength: 1, maxLength: 300 });
const listed = (bundle: Uint8Array): number[][] => [...envelopesIn(bundle)].map((envelope) => [...envelope]);

it("what is bundled comes out as it was, in its order", () => {
  fc.assert(
    fc.property(fc.array(some), (envelopes) => {
      const bundle = bundled(envelopes);
      expect(listed(bundle)).toEqual(envelopes.map((envelope) => [...envelope]));
      expect(bundle.length).toBe(envelopes.reduce((sum, { length }) => sum + length + OVERHEAD, 0));
    }),
    runs(200),
  );
});

it("of bytes that are no bundle, all come out, and nothing beyond them", () => {
  fc.assert(
    fc.property(bytes, (sent) => {
      const all = [...envelopesIn(sent)].reduce((sum, { length }) => sum + length, 0);
      expect(all).toBeLessThanOrEqual(sent.length);
    }),
    runs(500),
  );
  expect(listed(new Uint8Array([200, 0, 0, 0, 7]))).toEqual([[200, 0, 0, 0, 7]]);
  expect(listed(new Uint8Array([1, 0]))).toEqual([[1, 0]]);
  expect(listed(new Uint8Array(1_000_000))).toHaveLength(1); // as many empty envelopes as fit
});
