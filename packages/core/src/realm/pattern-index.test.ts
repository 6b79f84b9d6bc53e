import fc from "fast-check";
import { MATCH_POLICIES, matches, type MatchPolicy } from "../wamp/uri.ts";
import { PatternIndex } from "./pattern-index.ts";

type Entry = readonly [MatchPolicy, string];

const part = fc.constantFrom("a", "b", "cc", "");
const uri = (parts: fc.Arbitrary<string>) =>
  fc.array(parts, { minLength: 1, maxLength: 4 }).map((list) => list.join("."));
const entry: fc.Arbitrary<Entry> = fc.tuple(fc.constantFrom(...MATCH_POLICIES), uri(part));
const literal = uri(fc.constantFrom("a", "b", "cc"));

function indexOf(entries: readonly Entry[]): PatternIndex<string> {
  const index = new PatternIndex<string>();
  for (const [match, pattern] of entries) index.set(match, pattern, `${match} ${pattern}`);
  return index;
}

it("finds exactly the patterns that match, whatever was added and taken out", () => {
  fc.assert(
    fc.property(fc.array(entry), fc.array(entry), literal, (kept, removed, target) => {
      const index = indexOf([...kept, ...removed]);
      const gone = new Set(removed.map(([match, pattern]) => `${match} ${pattern}`));
      for (const [match, pattern] of removed) index.delete(match, pattern);
      const left = kept.filter(([match, pattern]) => !gone.has(`${match} ${pattern}`));
      const expected = left
        .filter(([match, pattern]) => matches(pattern, match, target))
        .map((found) => found.join(" "));
      expect([...index.matching(target)].sort()).toEqual([...new Set(expected)].sort());
      for (const [match, pattern] of left) expect(index.get(match, pattern)).toBe(`${match} ${pattern}`);
      for (const [match, pattern] of removed) expect(index.get(match, pattern)).toBeUndefined();
      const all = MATCH_POLICIES.flatMap((match) => [...index.values(match)]);
      expect(all.sort()).toEqual([...new Set(left.map((found) => found.join(" ")))].sort());
    }),
  );
});

it("exact takes precedence over prefixes, the longest prefix over the others, and all of them over wildcards", () => {
  const index = indexOf([
    ["wildcard", "a..c"],
    ["prefix", "a."],
    ["prefix", "a.b"],
    ["exact", "a.b.c"],
  ]);
  expect(index.best("a.b.c")).toBe("exact a.b.c");
  expect(index.best("a.b.d")).toBe("prefix a.b");
  expect(index.best("a.x.c")).toBe("prefix a.");
  expect(index.best("x.y.z")).toBeUndefined();
});

it.each([
  [["a...", "a.b.."], "wildcard a.b.."],
  [["a..c.", "a..c.d"], "wildcard a..c.d"],
  [[".b.c.d", "a..."], "wildcard a..."],
  [["a..c..", "a...d.e"], "wildcard a...d.e"],
  [["a..c..", "a...d."], "wildcard a..c.."],
])("of the wildcards %j the one with the longest runs of components is best", (patterns, best) => {
  const target = "a.b.c.d.e".split(".").slice(0, patterns[0]?.split(".").length).join(".");
  expect(indexOf(patterns.map((pattern) => ["wildcard", pattern])).best(target)).toBe(best);
  expect(indexOf([...patterns].reverse().map((pattern) => ["wildcard", pattern])).best(target)).toBe(best);
});
