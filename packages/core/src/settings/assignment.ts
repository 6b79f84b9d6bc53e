import { z } from "zod";
import { isDict, kindOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { RawValue } from "../wamp/raw-value.ts";

/** A message that never holds the value. */
const expected = (what: string) => ({
  error: ({ input }: { readonly input?: unknown }) => `expected ${what}, found ${kindOf(input)}`,
});
const string = z.string(expected("a string"));

const fields = {
  role: string.describe("the role it joins with; else the block's `default-role`"),
  realm: string.describe("the realm it joins, whichever it asked for"),
  authid: string.describe("the authid it gets, whichever it asked for"),
  extra: z.record(z.string(), z.unknown(), expected("a dictionary")).describe("sent to it as `authextra` in WELCOME"),
};

/** The keys that every principal of a static block may have, besides those of its method. */
export const principalFields = {
  role: fields.role.optional(),
  realm: fields.realm.optional(),
  authid: fields.authid.optional(),
  extra: fields.extra.optional(),
};

/** A principal's `principalFields`, as the config has them. */
export type PrincipalFields = z.output<z.ZodObject<typeof principalFields>>;

/**
 * What an answer may assign to a client: the same as a static block, or null for none. It is one schema for plugins, for
 * authenticators and for the checks of what both answer. Unknown keys are errors: one of them may have been meant to
 * limit the client.
 */
export const assignment = z.strictObject({
  role: fields.role.nullish(),
  realm: fields.realm.nullish(),
  authid: fields.authid.nullish(),
  /** It may be a raw value, or a dictionary that holds some: these reach the client with every digit. */
  extra: z.custom<Readonly<Dict> | RawValue>(isExtra, expected("a dictionary")).nullish(),
});

function isExtra(extra: unknown): boolean {
  return isDict(extra) || (extra instanceof RawValue && isDict(extra.value));
}
