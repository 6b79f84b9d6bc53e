import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { excerpt } from "./excerpt.ts";

it("shows an ordinary name as it is", () => {
  for (const name of ["com.example.a", "", "ä.ö", "日本.a", "a b", 'a"b', "x".repeat(200)])
    expect(excerpt(name)).toBe(name);
});

it("cuts a text after 200 characters, not in the middle of one", () => {
  expect(excerpt("x".repeat(201))).toBe(`${"x".repeat(200)}…`);
  expect(excerpt("x".repeat(10_000_000))).toHaveLength(201);
  expect(excerpt("😀".repeat(200))).toBe(`${"😀".repeat(100)}…`);
});

it.each([
  ["\u0000\n\u001b[31m", "\\u0000\\u000a\\u001b[31m"],
  ["a\u007f\u0085b", "a\\u007f\\u0085b"],
  ["\u202egnp.exe", "\\u202egnp.exe"],
  ["\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff"],
  ["\ud800", "\\ud800"],
  ["\u{e0001}", "\\u{e0001}"],
])("escapes what cannot be seen: %j", (text, shown) => {
  expect(excerpt(text)).toBe(shown);
});

it("any text becomes one line that takes 403 bytes of JSON at most", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 1000 }),
    fc.string({ unit: fc.constantFrom('"', "\\", "\n", "日", "😀", "\ud800", "a"), maxLength: 1000 }),
  );
  fc.assert(
    fc.property(text, (from) => {
      const shown = excerpt(from);
      expect(Buffer.byteLength(JSON.stringify(shown)) - 2).toBeLessThanOrEqual(403);
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/); // eslint-disable-line no-control-regex -- it is what must not be there
    }),
    runs(1000),
  );
});
