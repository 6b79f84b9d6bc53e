import { inspect } from "node:util";
import fc from "fast-check";
import { runs } from "../../../../jest/runs.ts";
import { hashSecret, SecretHash } from "./secret-hash.ts";

const client = { transport: { peer: "tcp4:192.0.2.1:17185" }, signal: new AbortController().signal };

/** Of "a secret", by hashlib.scrypt. */
const OF_PYTHON = "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$5u0UHbQm4T/sSO2Sot0HySMb1GdqH386G9ZCIZjWXXg";

it("a hash fits its secret and no other one", async () => {
  const text = await hashSecret("a secret ticket ✓");
  expect(text).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  const hash = SecretHash.parse(text);
  expect(await hash.fits("a secret ticket ✓", client)).toBe(true);
  expect(await hash.fits("a secret ticket", client)).toBe(false);
  expect(await hash.fits("", client)).toBe(false);
});

it("the hashes of one secret differ", async () => {
  expect(await hashSecret("x")).not.toBe(await hashSecret("x"));
});

it("a hash that Python's hashlib.scrypt made fits", async () => {
  expect(await SecretHash.parse(OF_PYTHON).fits("a secret", client)).toBe(true);
});

it("a decoy costs what its hash costs, and fits nothing", async () => {
  const decoy = SecretHash.parse(OF_PYTHON).decoy();
  expect(decoy.cost).toBe("ln=14,r=8,p=1");
  expect(await decoy.fits("a secret", client)).toBe(false);
});

it("no print shows a hash", () => {
  const hash = SecretHash.parse(OF_PYTHON);
  expect(inspect(hash, { depth: 9, showHidden: true }) + JSON.stringify(hash)).not.toMatch(/MDEy|5u0U/);
});

const SALT = "MDEyMzQ1Njc4OWFiY2RlZg";
const HASH = "5u0UHbQm4T/sSO2Sot0HySMb1GdqH386G9ZCIZjWXXg";

it.each([
  ["plain text", "a secret", /\$scrypt\$ln=15,r=8,p=1\$salt\$hash/],
  ["another function", `$argon2id$v=19$m=65536,t=3,p=1$${SALT}$${HASH}`, /\$scrypt\$/],
  ["a parameter that is missing", `$scrypt$ln=15,r=8$${SALT}$${HASH}`, /\$scrypt\$ln/],
  ["a parameter twice", `$scrypt$ln=15,ln=15,r=8,p=1$${SALT}$${HASH}`, /\$scrypt\$ln/],
  ["a salt that is no base64", `$scrypt$ln=15,r=8,p=1$???????????$${HASH}`, /\$scrypt\$ln/],
  ["too much memory", `$scrypt$ln=18,r=8,p=1$${SALT}$${HASH}`, /128 MiB/],
  ["too much memory by r", `$scrypt$ln=17,r=9,p=1$${SALT}$${HASH}`, /128 MiB/],
  ["a size beyond numbers", `$scrypt$ln=999,r=8,p=1$${SALT}$${HASH}`, /128 MiB/],
  ["too much work", `$scrypt$ln=17,r=8,p=2$${SALT}$${HASH}`, /work/],
  ["too little work", `$scrypt$ln=9,r=8,p=1$${SALT}$${HASH}`, /ln=12/],
  ["no r", `$scrypt$ln=15,r=0,p=1$${SALT}$${HASH}`, /r=/],
  ["a short salt", `$scrypt$ln=15,r=8,p=1$MDEyMzQ1$${HASH}`, /salt/],
  ["a short hash", `$scrypt$ln=15,r=8,p=1$${SALT}$${SALT.slice(0, 11)}`, /hash/],
  ["a long hash", `$scrypt$ln=15,r=8,p=1$${SALT}$${HASH.repeat(3)}`, /hash/],
])("a text with %s is no hash, and the error says what is wrong, never the text", (_what, text, expected) => {
  expect(() => SecretHash.parse(text)).toThrow(expected);
  expect(() => SecretHash.parse(text)).not.toThrow(SALT);
  expect(() => SecretHash.parse(text)).not.toThrow(HASH);
});

it("of any text it either makes a hash of bounded cost or throws an error with a sentence", () => {
  const number = fc.oneof(fc.nat({ max: 40 }), fc.nat()).map(String);
  const base64 = fc.base64String({ maxLength: 120 }).map((text) => text.replace(/=+$/, ""));
  const near = fc
    .tuple(number, number, number, base64, base64)
    .map(([ln, r, p, salt, hash]) => `$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${hash}`);
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      let cost: string;
      try {
        ({ cost } = SecretHash.parse(text));
      } catch (error) {
        expect((error as Error).message).toMatch(/^expected /);
        return;
      }
      const [ln = NaN, r = NaN, p = NaN] = (cost.match(/\d+/g) ?? []).map(Number);
      expect(128 * 2 ** ln * r).toBeLessThanOrEqual(2 ** 27);
      expect(2 ** ln * r * p).toBeLessThanOrEqual(2 ** 20);
    }),
    runs(500),
  );
});

it("a check that its client no longer waits for does not run", async () => {
  const gone = AbortSignal.abort(new Error("the client left"));
  const hash = SecretHash.parse(OF_PYTHON);
  await expect(hash.fits("a secret", { ...client, signal: gone })).rejects.toThrow("the client left");
});
