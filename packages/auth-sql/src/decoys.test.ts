import fc from "fast-check";
import type { PrincipalQuery } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { runs } from "../../../jest/runs.ts";
import { Decoys } from "./decoys.ts";
import { likenessOf, textLike } from "./likeness.ts";
import { Seen } from "./seen.ts";

const seed = (text: string): Buffer => Buffer.from(text);

it.each([
  ["hex", "5b6d99689d12358eeca04b141236fa81", /^[\da-f]{32}$/],
  ["hex in upper case", "5B6D99689D12358EECA04B141236FA81", /^[\dA-F]{32}$/],
  ["digits", "1234567890123456", /^\d{16}$/],
  ["base32", "CACKN3GRF3KQZMEK", /^[A-Z2-7]{16}$/],
  ["base64", "FBPDs9lC7eJCrHkWKgcWFQ==", /^[\w+/]{22}==$/],
  ["base64url", "FBPDs9lC7eJCrHkWKgc-_Q", /^[\w-]{22}$/],
  ["letters and digits", "x7dk20sk4kfl", /^[\da-z]{12}$/],
  [
    "a UUID",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  ],
  ["a text", "Salz & Pfeffer 7", /^[A-Z][a-z]{3} & [A-Z][a-z]{6} \d$/],
])("a decoy's text looks like one of %s, and is another one", (_, text, form) => {
  const like = textLike(likenessOf(text), seed("a"));
  expect(like).toMatch(form);
  expect(like).not.toBe(text);
  expect(textLike(likenessOf(text), seed("a"))).toBe(like);
  expect(textLike(likenessOf(text), seed("b"))).not.toBe(like);
  // It cannot be told from it by its own looks.
  expect(likenessOf(like)).toEqual(likenessOf(text));
});

it("a decoy's text is as long as the one that it looks like", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) =>
      expect(textLike(likenessOf(text), seed("x"))).toHaveLength(text.length),
    ),
    runs(500),
  );
});

describe("the kinds that were seen", () => {
  it("are chosen by authid: a new one changes a part of them, and what is seen again changes none", () => {
    const seen = new Seen<string>("key");
    const names = Array.from({ length: 200 }, (_, i) => `user${i}`);
    const all = (): (string | undefined)[] => names.map((name) => seen.for(name));
    expect(seen.for("joe")).toBeUndefined();
    seen.add("a", () => "a");
    seen.add("b", () => "b");
    const before = all();
    seen.add("a", () => "another a");
    expect(all()).toEqual(before);
    seen.add("c", () => "c");
    const after = all();
    expect(new Set(after)).toEqual(new Set(["a", "b", "c"]));
    expect(after.every((kind, i) => kind === "c" || kind === before[i])).toBe(true);
  });

  it("are forgotten when they are not seen for long, and are few", () => {
    const seen = new Seen<string>("key");
    seen.add("old", () => "old");
    for (let i = 0; i < 1000; i++) seen.add("new", () => "new");
    for (let i = 0; i < 100; i++) expect(seen.for(`user${i}`)).toBe("new");
    for (let i = 0; i < 20; i++) seen.add(`kind ${i}`, () => `kind ${i}`);
    const kinds = new Set(Array.from({ length: 2000 }, (_, i) => seen.for(`user${i}`)));
    expect(kinds.size).toBeLessThanOrEqual(8);
    expect(kinds).toContain("kind 19");
  });
});

describe("of a salt that rows share", () => {
  const query = { method: { name: "wampcra" }, authid: "joe" } as PrincipalQuery;

  /** What is logged when these rows are found one after the other. */
  function loggedOf(...rows: readonly (readonly [authid: string, salt: string])[]): CapturedLog["lines"] {
    const log = new CapturedLog();
    const decoys = new Decoys("key", ["authid", "secret", "salt"], log);
    for (const [authid, salt] of rows) decoys.add({ authid }, { secret: "s", salt, iterations: 1, keylen: 32 }, query);
    return log.lines;
  }

  it("the log warns once, without the salt: no unknown authid is shown it", () => {
    const lines = loggedOf(["joe", "pepper"], ["ann", "pepper"], ["bob", "pepper"]);
    expect(lines).toMatchObject([{ level: "warn" }]);
    expect(JSON.stringify(lines)).toMatch(/several rows share one salt/);
    expect(JSON.stringify(lines)).not.toContain("pepper");
  });

  it("the log says nothing where each row has its own, also if one is found again", () => {
    expect(loggedOf(["joe", "one"], ["joe", "one"], ["ann", "two"], ["joe", "one"])).toEqual([]);
  });
});
