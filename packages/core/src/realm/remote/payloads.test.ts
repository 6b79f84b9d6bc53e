import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { json } from "../../serializers/json/codec.ts";
import { RawPayload } from "../../wamp/payload.ts";
import { cut, isPacked, packed, unpacked } from "./payloads.ts";

it("a payload from another node is a range inside of its bytes, or none", () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 12 }), fc.constantFrom(0.5, NaN, Infinity, "1", null, undefined));
  fc.assert(
    fc.property(number, number, (begin, end) => {
      const isInside =
        Number.isInteger(begin) && Number.isInteger(end) && 0 <= Number(begin) && Number(begin) <= Number(end);
      const value = { format: "json", count: 1, source: new Uint8Array(10), begin, end };
      expect(isPacked(value)).toBe(isInside && Number(end) <= 10);
    }),
    runs(500),
  );
  expect(isPacked({ format: "json", count: 1, bytes: new Uint8Array(10) })).toBe(false);
});

it("a payload crosses as the range that came, and in a fact without the bytes around it", () => {
  const source = Buffer.from('[16,1,{},"com.example.topic",["x"]]');
  const [begin, end] = [source.indexOf(',["x"'), source.length - 1];
  const sent = packed(new RawPayload(json, 1, source, begin, end));
  expect(sent).toEqual({ format: "json", count: 1, source, begin, end });
  expect(unpacked(sent)?.values()).toMatchObject({ args: ["x"] });
  const alone = cut(sent);
  expect(alone?.source.length).toBe(end - begin);
  expect(unpacked(alone)?.values()).toMatchObject({ args: ["x"] });
});
