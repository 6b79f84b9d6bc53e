import { createHash } from "node:crypto";
import { saltOf, saltShapes } from "./salt-shape.ts";

const seed = (i: number): Buffer => createHash("sha256").update(`seed ${i}`).digest();

let made = 0;

/** Pseudo-random, and the same in every run. */
function bytes(count: number): Buffer {
  return createHash("shake256", { outputLength: count }).update(`bytes ${++made}`).digest();
}

function uuid(): string {
  const hex = bytes(16)
    .toString("hex")
    .replace(/^(.{12})./, "$14")
    .replace(/^(.{16})./, "$1a");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Salts of decoys, 200 for each user in turn. */
function decoysOf(salts: readonly string[]): string[] {
  const shapes = saltShapes(salts.map((salt, i) => ({ authid: `user${i}`, salt })));
  return Array.from({ length: 200 * salts.length }, (_, i) =>
    saltOf(shapes[i % shapes.length] ?? [], seed(i), `x${i}`),
  );
}

const many = (make: () => string): string[] => Array.from({ length: 8 }, make);

describe("a decoy's salt has the alphabet, padding and length of the real ones", () => {
  it.each([
    ["base64 of 16 bytes", many(() => bytes(16).toString("base64")), /^[A-Za-z0-9+/]{21}[AQgw]==$/, /[+/]/],
    ["base64 of 32 bytes", many(() => bytes(32).toString("base64")), /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, /[+/]/],
    ["base64url", many(() => bytes(16).toString("base64url")), /^[\w-]{21}[AQgw]$/, /[-_]/],
    ["hex in lower case", many(() => bytes(16).toString("hex")), /^[\da-f]{32}$/, /[a-f]/],
    ["hex in upper case", many(() => bytes(8).toString("hex").toUpperCase()), /^[\dA-F]{16}$/, /[A-F]/],
    ["UUIDs", many(() => uuid()), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/, /[a-f]/],
    ["one UUID", [uuid()], /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/, /[a-f]/],
    [
      "UUIDs in upper case",
      many(() => uuid().toUpperCase()),
      /^[\dA-F]{8}-[\dA-F]{4}-4[\dA-F]{3}-[89AB][\dA-F]{3}-[\dA-F]{12}$/,
      /[A-F]/,
    ],
    [
      "hex in groups",
      many(() =>
        bytes(8)
          .toString("hex")
          .replaceAll(/.{4}(?=.)/g, "$&-"),
      ),
      /^[\da-f]{4}(?:-[\da-f]{4}){3}$/,
      /[a-f]/,
    ],
    ["base64 whose last character is not as encoders write it", ["AAECAwQFBgcICQoLDA0ODx=="], /^[\w+/]{22}==$/, /[+/]/],
    ["a text that ends as base64 does", ["salt of Joe, 98="], /^[a-z]{4} [a-z]{2} [A-Z][a-z]{2}, \d{2}=$/, /[a-z]/],
    ["numbers", ["48210934", "99120034"], /^\d{8}$/, /\d/],
    ["a text", ["salt of Joe, 1987"], /^[a-z]{4} [a-z]{2} [A-Z][a-z]{2}, \d{4}$/, /[a-z]/],
    ["one salt of base64 that has neither + nor /", ["AAECAwQFBgcICQoLDA0ODw=="], /^[\w+/]{21}[AQgw]==$/, /[+/]/],
  ])("%s", (_what, salts, pattern, somewhere) => {
    const decoys = decoysOf(salts);
    for (const salt of [...salts, ...decoys]) expect(salt).toMatch(pattern);
    expect(decoys.join("")).toMatch(somewhere);
    expect(new Set(decoys).size).toBe(decoys.length);
  });

  it("each of several lengths in its turn", () => {
    const lengths = decoysOf(["salt1", "salt of another"]).map((salt) => salt.length);
    expect(new Set(lengths)).toEqual(new Set([5, 15]));
  });

  it("letters and digits without padding keep their kinds if their alphabet is unclear", () => {
    for (const salt of decoysOf(["aB3dE6gH"])) expect(salt).toMatch(/^[a-z][A-Z]\d[a-z][A-Z]\d[a-z][A-Z]$/);
  });
});

it("a salt that several users share is the salt of decoys too", () => {
  expect(new Set(decoysOf(["salt123", "salt123", "salt123"]))).toEqual(new Set(["salt123"]));
});

it("the common characters of many salts are in decoys too", () => {
  const salts = ["abcd", "efgh", "ijkl", "mnop", "qrst"].map((text) => `wamp/${text}`);
  for (const salt of decoysOf(salts)) expect(salt).toMatch(/^wamp\/[a-z]{4}$/);
});

it("a salt that contains the authid contains the asked authid in decoys", () => {
  const shapes = saltShapes([
    { authid: "joe", salt: "salt-of-joe" },
    { authid: "annabel", salt: "salt-of-annabel" },
  ]);
  for (const shape of shapes) expect(saltOf(shape, seed(1), "nobody")).toBe("salt-of-nobody");
  const [own = []] = saltShapes([{ authid: "joe", salt: "joe" }]);
  expect(saltOf(own, seed(1), "nobody")).toBe("nobody");
  expect(saltOf(own, seed(1), "")).not.toBe("");
});
