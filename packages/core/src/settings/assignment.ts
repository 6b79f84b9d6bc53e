import { z } from "zod";
import { isDict, kindOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { RawValue } from "../wamp/raw-value.ts";

/** A message that never holds the value. */
const expected = (what: string) => ({
  error: ({ input }: { readonly input?: unknown }) => `expected ${what}, found ${kindOf(input)}`,
});
/** A greater number of seconds is one of milliseconds: it would be after the year 5138. */
const LATEST = 1e11;

/** A time as it comes: seconds since 1970, ISO 8601, or a Date, which is what YAML and CBOR make of a time. */
const time = z
  .custom<number | string | Date>(
    isTime,
    expected('seconds since 1970, or a time with its zone as "2027-01-31T08:00:00Z"'),
  )
  .meta({ anyOf: [{ type: "number" }, { type: "string", format: "date-time" }] })
  .transform(secondsOf);

const ISO = z.iso.datetime({ offset: true });

function isTime(value: unknown): boolean {
  if (typeof value === "number") return value >= 0 && value <= LATEST;
  if (typeof value === "string") return ISO.safeParse(value).success;
  return value instanceof Date && !Number.isNaN(value.getTime());
}

/** A time in whole seconds since 1970, which never is after it. */
export function secondsOf(value: number | string | Date): number {
  return Math.floor(typeof value === "number" ? value : new Date(value).getTime() / 1000);
}

const string = z.string(expected("a string"));
const method = z
  .string(expected("the name of a method"))
  .min(1, "expected the name of a method, found an empty string");

const fields = {
  role: string.describe("the role it joins with; else the block's `default-role`"),
  realm: string.describe("the realm it joins, whichever it asked for"),
  authid: string.describe("the authid it gets, whichever it asked for"),
  extra: z.record(z.string(), z.unknown(), expected("a dictionary")).describe("sent to it as `authextra` in WELCOME"),
  expires: time.describe(
    "when its sessions end, and its logins fail: in seconds since 1970, or as ISO 8601 with a zone",
  ),
  then: method.describe("the method by which it must log in too, as a further factor; else the block's `then`"),
};

/** The keys that every principal of a static block may have, besides those of its method. */
export const principalFields = {
  role: fields.role.optional(),
  realm: fields.realm.optional(),
  authid: fields.authid.optional(),
  extra: fields.extra.optional(),
  expires: fields.expires.optional(),
  then: fields.then.optional(),
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
  /** When the session ends: seconds since 1970, ISO 8601 with a zone, or a Date. A login after it is denied. */
  expires: time.nullish(),
  /** The method that must succeed too: a further factor. Without it, or with null, it is the block's `then`. */
  then: fields.then.nullish(),
});

function isExtra(extra: unknown): boolean {
  return isDict(extra) || (extra instanceof RawValue && isDict(extra.value));
}
