import { inspect } from "node:util";
import { Secret as Seed } from "otpauth";
import { CodeCheck } from "./code-check.ts";
import { options } from "./settings.ts";

const settings = options.parse({});

/** The keys of RFC 6238, appendix B: these digits, as often as they fit. */
const keyOf = (bytes: number): string => Seed.fromUTF8("1234567890".repeat(7).slice(0, bytes)).base32;

/** RFC 6238, appendix B. */
const VECTORS: [seconds: number, sha1: string, sha256: string, sha512: string][] = [
  [59, "94287082", "46119246", "90693936"],
  [1111111109, "07081804", "68084774", "25091201"],
  [1111111111, "14050471", "67062674", "99943326"],
  [1234567890, "89005924", "91819424", "93441116"],
  [2000000000, "69279037", "90698825", "38618901"],
  [20000000000, "65353130", "77737706", "47863826"],
];

describe.each([
  ["sha1", 20, 1],
  ["sha256", 32, 2],
  ["sha512", 64, 3],
] as const)("by %s", (algorithm, bytes, column) => {
  it.each(VECTORS)("the codes at second %i are those of RFC 6238", (seconds, ...codes) => {
    const code = codes[column - 1] ?? "";
    const eight = new CodeCheck(keyOf(bytes), { ...settings, algorithm, digits: 8, window: 0 });
    expect(eight.codeAt(seconds * 1000)).toBe(code);
    expect(eight.stepOf(code, seconds * 1000)).toBe(Math.floor(seconds / 30));
    const six = new CodeCheck(keyOf(bytes), { ...settings, algorithm, window: 0 });
    expect(six.stepOf(code.slice(-6), seconds * 1000)).toBe(Math.floor(seconds / 30));
    expect(six.stepOf(code, seconds * 1000)).toBeNull();
  });
});

it("a code counts in the periods beside its own, as many as the window says, and belongs to its own step", () => {
  const at = 1111111109_000;
  const step = Math.floor(at / 30_000);
  for (const window of [0, 1, 5]) {
    const check = new CodeCheck(keyOf(20), { ...settings, window });
    const code = check.codeAt(at);
    for (let distance = -7; distance <= 7; distance++)
      expect(check.stepOf(code, at + distance * 30_000)).toBe(Math.abs(distance) <= window ? step : null);
  }
});

it.each(["", " ", "28708", "2870822", "287 082", "２８７０８２", "287082\0", "-87082", "0x1234"])(
  "%j is no code",
  (code) => {
    expect(new CodeCheck(keyOf(20), settings).stepOf(code, 59_000)).toBeNull();
  },
);

it("a seed may be written in small letters, and with its padding", () => {
  expect(new CodeCheck(keyOf(20).toLowerCase(), settings).codeAt(59_000)).toBe("287082");
  expect(new CodeCheck(`${keyOf(20)}====`, settings).codeAt(59_000)).toBe("287082");
});

it("no print of a check shows its seed, and its key does not hold it", () => {
  const check = new CodeCheck(keyOf(20), settings);
  const shown = inspect(check, { depth: 9, showHidden: true }) + JSON.stringify(check) + check.keyFor("joe");
  expect(shown).not.toContain(keyOf(20).slice(0, 8));
});

it("a key names seed, settings and authid", () => {
  const key = new CodeCheck(keyOf(20), settings).keyFor("joe");
  expect(new CodeCheck(keyOf(20), { ...settings, window: 5 }).keyFor("joe")).toBe(key);
  expect(new CodeCheck(keyOf(20), settings).keyFor("ann")).not.toBe(key);
  expect(new CodeCheck(keyOf(32), settings).keyFor("joe")).not.toBe(key);
});
