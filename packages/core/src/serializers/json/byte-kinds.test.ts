import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import wabt from "wabt";
import { BEYOND_ASCII, CONTROL, kindsOf, kindsOneByOne, MODULE } from "./byte-kinds.ts";

it("the compiled module is what its source says", async () => {
  const source = readFileSync(join(import.meta.dirname, "byte-kinds.wat"), "utf8");
  const { buffer } = (await wabt()).parseWat("byte-kinds.wat", source, { simd: true }).toBinary({});
  expect(MODULE).toBe(Buffer.from(buffer).toString("base64"));
});

it("all at once and one by one find the same kinds", () => {
  const plain = fc.integer({ min: 0x20, max: 0x7f });
  const bytes = fc
    .tuple(
      fc.array(plain, { maxLength: 100 }),
      fc.array(fc.nat(255), { maxLength: 1 }),
      fc.array(plain, { maxLength: 40 }),
    )
    .map((parts) => Uint8Array.from(parts.flat()));
  fc.assert(fc.property(bytes, (some) => expect(kindsOf(some)).toBe(kindsOneByOne(some))));
});

it.each([0, 15, 16, 65_535, 65_536, 65_537, 200_000])("a byte at position %d is found", (at) => {
  const bytes = new Uint8Array(200_001).fill(0x78);
  expect(kindsOf(bytes)).toBe(0);
  bytes[at] = 0x1f;
  expect(kindsOf(bytes)).toBe(CONTROL);
  bytes[at] = 0x80;
  expect(kindsOf(bytes)).toBe(BEYOND_ASCII);
});

it("what was there before is not found again", () => {
  kindsOf(new Uint8Array(100).fill(1));
  expect(kindsOf(new Uint8Array(90).fill(0x78))).toBe(0);
});
