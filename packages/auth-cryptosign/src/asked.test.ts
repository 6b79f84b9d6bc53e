import fc from "fast-check";
import { readAuthextra } from "./asked.ts";

it("whatever a client sends as authextra is read, or named as malformed", () => {
  const key = fc.oneof(
    fc.constantFrom("pubkey", "challenge", "channel_binding", "trustroot", "__proto__"),
    fc.string(),
  );
  const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
  fc.assert(
    fc.property(fc.dictionary(key, fc.oneof(hex, fc.string(), fc.anything())), (authextra) => {
      const asked = readAuthextra(authextra);
      if (typeof asked === "string") return asked.startsWith("authextra.") && asked.length < 500;
      const { pubkey, challenge, binding } = asked;
      return (
        (pubkey === null || /^[\da-f]{64}$/.test(pubkey)) &&
        (challenge === null || challenge.length === 32) &&
        (binding === null || binding.length <= 64)
      );
    }),
  );
});

it("what a client leaves out, or names as null, it does not ask for", () => {
  const nothing = { pubkey: null, challenge: null, binding: null };
  expect(readAuthextra(null)).toEqual(nothing);
  expect(readAuthextra({})).toEqual(nothing);
  const nulls = { pubkey: null, trustroot: null, challenge: null, channel_binding: null, activation_code: "x" };
  expect(readAuthextra(nulls)).toEqual(nothing);
});
