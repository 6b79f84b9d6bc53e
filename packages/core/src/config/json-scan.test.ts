import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { findJsonSlip } from "./json-scan.ts";

it.each<[text: string, offset: number, expected: string]>([
  ["", 0, "a value"],
  ["nope", 0, "a value"],
  ['{"a": 1} x', 9, "the end of the file"],
  ['{"a": 1, }', 9, "a key in double quotes"],
  ["{a: 1}", 1, "a key in double quotes, or }"],
  ['{"a" 1}', 5, "a colon"],
  ['{"a": 1 "b": 2}', 8, "a comma or }"],
  ["[1 2]", 3, "a comma or ]"],
  ["[1,]", 3, "a value"],
  ["[,]", 1, "a value, or ]"],
  ["[01]", 2, "a comma or ]"],
  ['"abc', 4, "the double quote that ends a string"],
  ['["a\nb"]', 3, "the double quote that ends a string in its line"],
  ['"\\x"', 1, "an escape that JSON knows"],
])("in %j the slip is at %i, where %s should stand", (text, offset, expected) => {
  expect(findJsonSlip(text)).toEqual({ offset, expected });
});

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

it("nothing is wrong with what is JSON, however deep it nests", () => {
  expect(findJsonSlip(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toBeNull();
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(findJsonSlip(text)).toBeNull();
    }),
    runs(300),
  );
});

it("a slip is found in whatever JSON.parse refuses, and in nothing else", () => {
  const marks = ["{", "}", "[", "]", ",", ":", '"', "\\", "u", "-", "0", ".", "1", "e", "E", " ", "\n"];
  const piece = fc.constantFrom(...marks, "true", "null", '"a"', "12");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      expect(findJsonSlip(text) === null).toBe(isJson(text));
    }),
    runs(1000),
  );
});
