import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { covers, overlap, type UriPattern } from "./patterns.ts";
import { MATCH_POLICIES, matches } from "./uri.ts";

const part = fc.constantFrom("a", "b", "ab", "");
const pattern: fc.Arbitrary<UriPattern> = fc.record({
  uri: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(".")),
  match: fc.constantFrom(...MATCH_POLICIES),
});
const literal = fc
  .array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join("."));
const isUnder = ({ uri, match }: UriPattern, target: string): boolean => matches(uri, match, target);

it("a rule covers a pattern only if it matches every URI that the pattern matches", () => {
  fc.assert(
    fc.property(pattern, pattern, literal, (rule, asked, target) => {
      if (covers(rule, asked) && isUnder(asked, target)) expect(isUnder(rule, target)).toBe(true);
    }),
    runs(5000),
  );
});

it("patterns overlap if both match a URI", () => {
  fc.assert(
    fc.property(pattern, pattern, literal, (a, b, target) => {
      if (isUnder(a, target) && isUnder(b, target)) expect(overlap(a, b)).toBe(true);
      expect(overlap(a, b)).toBe(overlap(b, a));
    }),
    runs(5000),
  );
});

it.each<[UriPattern, UriPattern, boolean]>([
  [{ uri: "com.chat", match: "exact" }, { uri: "com.chat", match: "prefix" }, false],
  [{ uri: "com.chat", match: "exact" }, { uri: "com.chat", match: "wildcard" }, false],
  [{ uri: "com.", match: "prefix" }, { uri: "com.chat", match: "prefix" }, true],
  [{ uri: "com.chat", match: "prefix" }, { uri: "com.", match: "prefix" }, false],
  [{ uri: "com.", match: "prefix" }, { uri: "com..x", match: "wildcard" }, true],
  [{ uri: "com.a", match: "prefix" }, { uri: "com..x", match: "wildcard" }, false],
  [{ uri: "com..x", match: "wildcard" }, { uri: "com..x", match: "wildcard" }, true],
  [{ uri: "com..", match: "wildcard" }, { uri: "com.a.", match: "wildcard" }, true],
  [{ uri: "com.a.", match: "wildcard" }, { uri: "com..", match: "wildcard" }, false],
  [{ uri: "com..", match: "wildcard" }, { uri: "com.a.", match: "prefix" }, false],
  [{ uri: "", match: "prefix" }, { uri: "", match: "prefix" }, true],
])("a rule %j over the pattern %j: %s", (rule, asked, expected) => {
  expect(covers(rule, asked)).toBe(expected);
});
