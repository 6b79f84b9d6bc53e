import { z } from "@wampgate/core";
import { storeKinds, type StoreSettings } from "@wampgate/store";

/** RFC 6265 section 4.1.1 and RFC 9110 section 5.6.2: a token. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A path of a URL that an attribute of a cookie can say. */
const PATH = /^\/[!-:<-~]*$/;

const YEAR = 365 * 24 * 3600;
const SHORTEST = 22;

/** Of Crossbar.io. */
const database = z
  .looseObject({ type: z.literal("database").describe("not here: a file takes its place") })
  .refine(() => false, {
    path: ["type"],
    error: "stores of type database (LMDB) are Crossbar's; here write { type: file, filename }, which is SQLite",
  });

const store = z.discriminatedUnion("type", [...storeKinds, database]);

const maxAge = z
  .int()
  .min(1)
  .max(10 * YEAR);
const sameSite = z.enum(["Strict", "Lax", "None"]);

/** The keys of a block of `type: static`, as they are written. */
const written = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(NAME, "expected the name of a cookie: letters, digits and signs like _ and -")
    .default("cbtid")
    .describe("the name of the cookie; with TLS one that begins with `__Host-` is safer")
    .meta({ shown: true }),
  length: z
    .int()
    .max(64)
    .refine((length) => length >= SHORTEST, `an id of fewer than ${SHORTEST} characters could be guessed`)
    .default(24)
    .describe("the characters of the id that is the cookie's value")
    .meta({ shown: true }),
  "max-age": maxAge
    .optional()
    .describe("how long a login is remembered, in seconds; default 604800, a week")
    .meta({ shown: true }),
  secure: z
    .boolean()
    .optional()
    .describe(
      "whether browsers send it over TLS alone; default: if the client came by TLS, also by that of a trusted proxy",
    )
    .meta({ shown: true }),
  "http-strict": z
    .boolean()
    .optional()
    .describe("whether it is hidden from scripts of the page (`HttpOnly`); default true")
    .meta({ shown: true }),
  "same-site": sameSite
    .optional()
    .describe("which other sites' pages send it: `Strict`, `Lax` or `None`; default `Lax`")
    .meta({ shown: true }),
  path: z
    .string()
    .regex(PATH, 'expected a path that begins with "/", without spaces and ";"')
    .optional()
    .describe("the path below which it is sent; default: that of the transport, and `/` for a name with `__Host-`")
    .meta({ shown: true }),
  store: store.default({ type: "memory" }).describe("where logins are remembered"),
  max_age: maxAge.optional().describe("the same as `max-age`, as in Crossbar.io"),
  http_strict: z.boolean().optional().describe("the same as `http-strict`, as in Crossbar.io"),
  same_site: sameSite.optional().describe("the same as `same-site`, as in Crossbar.io"),
});

/** The two spellings of a key. */
const SPELLINGS = [
  ["max-age", "max_age"],
  ["http-strict", "http_strict"],
  ["same-site", "same_site"],
] as const;

/** A block, with one spelling of each key. */
export const block = written
  .superRefine((own, context) => {
    const complain = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
    for (const [key, other] of SPELLINGS)
      if (own[key] !== undefined && own[other] !== undefined)
        complain(other, `it is the same as ${key}: write one of them`);
    const { name, secure, path } = own;
    if ((own["same-site"] ?? own.same_site) === "None" && secure === false)
      complain("secure", "a cookie with same-site: None must be secure: browsers drop any other");
    if (/^__(host|secure)-/i.test(name) && secure === false)
      complain("secure", "browsers drop a cookie of this name that is not secure");
    if (isOfHost(name) && path !== undefined && path !== "/")
      complain("path", 'browsers drop a cookie whose name begins with __Host- and whose path is not "/"');
  })
  .transform(({ max_age, http_strict, same_site, ...own }) => ({
    ...own,
    store: own.store as StoreSettings, // the other one is refused
    "max-age": own["max-age"] ?? max_age ?? 604_800,
    "http-strict": own["http-strict"] ?? http_strict ?? true,
    "same-site": own["same-site"] ?? same_site ?? ("Lax" as const),
  }));

export type Settings = z.output<typeof block>;

/** Whether browsers demand the whole host for a cookie of this name (RFC 6265bis section 4.1.3.2). */
export function isOfHost(name: string): boolean {
  return /^__host-/i.test(name);
}
