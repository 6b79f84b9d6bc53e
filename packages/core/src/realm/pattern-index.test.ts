import fc from "fast-check";
import { MATCH_POLICIES, matches, type MatchPolicy } from "../wamp/uri.ts";
import { PatternIndex } from "./pattern-index.ts";

/** The entry that a call of `uri` is routed by. */
const best = (index: PatternIndex<string>, uri: string): string | undefined =>
  index.get("exact", uri) ?? index.patternsOf(uri)[0];

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

it("finds exactly the patterns that match, after any additions and removals", () => {
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
      const patterns = left.filter(([match]) => match !== "exact").map((found) => found.join(" "));
      const matched = new Set(patterns.filter((found) => expected.includes(found)));
      expect([...index.patternsOf(target)].sort()).toEqual([...matched].sort());
    }),
  );
});

describe("the cost of a look-up is bounded by the URI, not by the patterns", () => {
  const COUNT = 4000;
  const cost = (index: PatternIndex<string>, uri: string): number => {
    const before = index.visited;
    index.matching(uri);
    return index.visited - before;
  };

  it("among wildcards of thousands of shapes, it looks only at those that begin like the URI", () => {
    const shaped = (i: number): string =>
      `pub${Array.from({ length: 14 }, (_, bit) => ((i >> bit) & 1 ? ".x" : ".")).join("")}`;
    const index = indexOf(Array.from({ length: COUNT }, (_, i) => ["wildcard", shaped(i + 1)]));
    expect(cost(index, `pub${".y".repeat(14)}`)).toBeLessThanOrEqual(2 * 15);
    expect(cost(index, "com.example.topic")).toBeLessThanOrEqual(2);
  });

  it("among thousands of prefixes, it looks only at those that the URI begins with", () => {
    const nested = Array.from({ length: COUNT }, (_, i): Entry => ["prefix", `pub.${"a".repeat(i)}`]);
    const apart = Array.from({ length: COUNT }, (_, i): Entry => ["prefix", `pub.${i}.`]);
    const index = indexOf([...nested, ...apart]);
    expect(cost(index, "pub.aaa.b")).toBeLessThanOrEqual("pub.aaa.b".length + 1);
    expect(index.matching("pub.aaa.b")).toEqual(["prefix pub.aaa", "prefix pub.aa", "prefix pub.a", "prefix pub."]);
    expect(cost(index, "com.example.topic")).toBeLessThanOrEqual(2);
  });

  it("finds, adds and deletes patterns that are as deep as they are long", () => {
    const dots = Array.from({ length: 500 }, (_, i): Entry => ["wildcard", ".".repeat(i)]);
    const long = Array.from({ length: 3000 }, (_, i): Entry => ["prefix", "x".repeat(i)]);
    const index = indexOf([...dots, ...long]);
    expect(index.matching(Array(100).fill("u").join("."))).toEqual(["prefix ", `wildcard ${".".repeat(99)}`]);
    expect(index.matching("x".repeat(3000))).toHaveLength(3001);
    for (const [match, pattern] of [...dots, ...long]) index.delete(match, pattern);
    expect(index.matching("x".repeat(3000))).toEqual([]);
    expect(cost(index, "x".repeat(3000))).toBe(0);
  });
});

it("exact comes before prefixes, the longest prefix before the others, and all prefixes before wildcards", () => {
  const index = indexOf([
    ["wildcard", "a..c"],
    ["prefix", "a."],
    ["prefix", "a.b"],
    ["exact", "a.b.c"],
  ]);
  expect(best(index, "a.b.c")).toBe("exact a.b.c");
  expect(best(index, "a.b.d")).toBe("prefix a.b");
  expect(best(index, "a.x.c")).toBe("prefix a.");
  expect(best(index, "x.y.z")).toBeUndefined();
});

it.each([
  [["a...", "a.b.."], "wildcard a.b.."],
  [["a..c.", "a..c.d"], "wildcard a..c.d"],
  [[".b.c.d", "a..."], "wildcard a..."],
  [["a..c..", "a...d.e"], "wildcard a...d.e"],
  [["a..c..", "a...d."], "wildcard a..c.."],
])("among the wildcards %j, the one with the longest runs of components is best", (patterns, expected) => {
  const target = "a.b.c.d.e".split(".").slice(0, patterns[0]?.split(".").length).join(".");
  expect(best(indexOf(patterns.map((pattern) => ["wildcard", pattern])), target)).toBe(expected);
  expect(best(indexOf([...patterns].reverse().map((pattern) => ["wildcard", pattern])), target)).toBe(expected);
});
