import { isPattern, isUri, matches } from "./uri.ts";

test("a loose URI has no empty part, no space and no hash", () => {
  expect(isUri("com.example.add2")).toBe(true);
  expect(isUri("com.Example-1")).toBe(true);
  for (const bad of ["", "a..b", ".a", "a.", "a b", "a#b"]) expect(isUri(bad)).toBe(false);
});

test("a strict URI has lower case letters, digits and underscores only", () => {
  expect(isUri("com.example_1", "strict")).toBe(true);
  expect(isUri("com.Example", "strict")).toBe(false);
});

test("empty parts are legal in wildcard patterns, and a prefix may end in a dot", () => {
  expect(isPattern("a..b", "wildcard")).toBe(true);
  expect(isPattern("a.", "prefix")).toBe(true);
  expect(isPattern("", "prefix")).toBe(true);
  expect(isPattern("a..b", "exact")).toBe(false);
});

test("a wildcard part matches exactly one component and a prefix is a string prefix", () => {
  expect(matches("a..c", "wildcard", "a.b.c")).toBe(true);
  expect(matches("a..c", "wildcard", "a.b.b.c")).toBe(false);
  expect(matches("com.emergency", "prefix", "com.emergency-low")).toBe(true);
  expect(matches("com.a", "exact", "com.ab")).toBe(false);
});

test("a URI of millions of components is refused, and breaks nothing", () => {
  const endless = "a.".repeat(5_000_000);
  expect(isUri(`${endless}a`)).toBe(false);
  expect(isPattern(endless, "prefix")).toBe(false);
  expect(isPattern(endless, "wildcard")).toBe(false);
  expect(isUri(`${"a.".repeat(30_000)}a`)).toBe(true);
});
