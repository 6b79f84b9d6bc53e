import { z } from "@wampgate/core";
import { store } from "@wampgate/store";

/** How a code is made of a seed and the time (RFC 6238). */
const codeFields = {
  digits: z
    .union([z.literal(6), z.literal(8)], { error: "expected 6 or 8" })
    .describe("the digits of a code, 6 or 8")
    .meta({ shown: true }),
  period: z.int().min(15).max(300).describe("how long a code is shown, in seconds").meta({ shown: true }),
  algorithm: z.enum(["sha1", "sha256", "sha512"]).describe("the hash function; many apps know sha1 alone"),
};

const SEED = /^[A-Z2-7]{16,}=*$/i;

/** A seed as apps have it. */
export const seed = z
  .string()
  .refine((text) => SEED.test(text), "expected a seed in base32, of 16 characters at least; wampgate totp makes one");

/** The keys of a block besides its principals. What is left out there is what the plugin's options say. */
const own = {
  ...codeFields,
  window: z
    .int()
    .min(0)
    .max(5)
    .describe("how many periods before and after the current one count, for clocks that differ")
    .meta({ shown: true }),
  "max-failures": z
    .int()
    .min(1)
    .max(100)
    .describe("after so many wrong codes in a row, all codes of this authid are denied for a while")
    .meta({ shown: true }),
  "lock-time": z.int().min(1).max(86_400).describe("for how long, in seconds").meta({ shown: true }),
  issuer: z
    .string()
    .min(1)
    .describe("what apps show beside the authid, as a note for operators: wampgate totp has it as --issuer")
    .meta({ shown: true }),
  store: store.describe("where used codes and wrong ones are remembered"),
};

/** What holds for all blocks, and for seeds that a strategy gives. */
export const options = z.strictObject({
  digits: own.digits.default(6),
  period: own.period.default(30),
  algorithm: own.algorithm.default("sha1"),
  window: own.window.default(1),
  "max-failures": own["max-failures"].default(5),
  "lock-time": own["lock-time"].default(300),
  issuer: own.issuer.default("wampgate"),
  store: own.store.default({ type: "memory" }),
});

export type Settings = z.output<typeof options>;

/** The same keys of a block. */
export const blockFields = {
  digits: own.digits.optional(),
  period: own.period.optional(),
  algorithm: own.algorithm.optional(),
  window: own.window.optional(),
  "max-failures": own["max-failures"].optional(),
  "lock-time": own["lock-time"].optional(),
  issuer: own.issuer.optional(),
  store: own.store.optional(),
};

/** What a strategy gives: the seed, and how codes are made of it where that differs. */
export const credentialFields = {
  seed,
  digits: codeFields.digits.optional(),
  period: codeFields.period.optional(),
  algorithm: codeFields.algorithm.optional(),
};

/** `settings` with those of `changes` that are there. */
export function withChanges(
  settings: Settings,
  changes: { readonly [K in keyof Settings]?: Settings[K] | undefined },
): Settings {
  const given = Object.entries(changes).filter(([key, value]) => value !== undefined && key in settings);
  return { ...settings, ...Object.fromEntries(given) };
}
