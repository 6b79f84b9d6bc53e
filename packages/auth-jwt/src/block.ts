import { serverUrl, z } from "@wampgate/core";

/** Those that jose verifies with the keys of a set; and those by a secret. `none` is not among them. */
const BY_KEY = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
] as const;
const BY_SECRET = ["HS256", "HS384", "HS512"] as const;

/** The fewest bytes of a secret: those of the shortest hash. */
const SHORTEST_SECRET = 32;

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const path = z.string().min(1).meta({ shown: true });

const seconds = (fallback: number, most = 2 ** 31 - 1) =>
  z.int().min(0).max(most).default(fallback).meta({ unit: "s" });

const keys = z
  .strictObject({
    jwks: serverUrl.optional().describe("the URL of the issuer's key set").meta({ shown: true }),
    file: z
      .string()
      .min(1)
      .optional()
      .describe("a file with public keys: PEM, or a key set in JSON")
      .meta({ shown: true }),
    secret: z
      .string()
      .refine((secret) => Buffer.byteLength(secret) >= SHORTEST_SECRET, {
        error: `expected a secret of ${SHORTEST_SECRET} bytes or more, found a shorter one`,
      })
      .optional()
      .describe("the secret that the issuer signs with"),
  })
  .superRefine((own, context) => {
    if (Object.values(own).filter((value) => value !== undefined).length === 1) return;
    context.addIssue({ code: "custom", message: "expected exactly one of jwks, file and secret" });
  });

const claims = z.strictObject({
  authid: path.default("sub").describe("the claim that is the authid"),
  role: path.optional().describe("the claim that is the role, or that `roles` makes one of"),
  realm: path.optional().describe("the claim that is the realm"),
  extra: z.record(z.string(), path).optional().describe("the keys of `extra`, each with the claim that it has"),
});

/** The keys of a block of `type: jwt`. */
export const block = z
  .strictObject({
    issuer: names.describe("whose tokens these are: `iss`, one or several").meta({ shown: true }),
    audience: names.describe("who the tokens must be made for, `aud`: one or several").meta({ shown: true }),
    keys: keys.describe("what signatures are checked with"),
    algorithms: z
      .array(z.enum([...BY_KEY, ...BY_SECRET]))
      .min(1)
      .describe("those that tokens may be signed by")
      .meta({ shown: true }),
    from: z
      .string()
      .regex(/^cookie:[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "expected cookie:<name>, with the name of a cookie")
      .optional()
      .describe(
        "`cookie:<name>`: the cookie of an application that has the token; for the method `cookie`, and only for it",
      )
      .meta({ shown: true }),
    "clock-tolerance": seconds(5, 300).describe("how much the issuer's clock may differ"),
    "max-age": z.int().min(1).optional().describe("how old a token may be since its `iat`").meta({ unit: "s" }),
    "token-type": z.string().min(1).optional().describe("the `typ` that tokens must have").meta({ shown: true }),
    claims: claims.prefault({}).describe("which claims are assigned; a path has dots"),
    roles: z
      .record(z.string(), z.string())
      .optional()
      .describe("the role for each value of the claim; of several the first one here")
      .meta({ shown: true }),
    cache: seconds(600).describe("how long keys of a URL are used before they are fetched again"),
    stale: seconds(86_400).describe("how long old keys are used while the URL fails"),
    cooldown: seconds(30).describe("the time between two fetches"),
  })
  .superRefine(({ keys: from, algorithms }, context) => {
    for (const [i, algorithm] of algorithms.entries()) {
      if (algorithm.startsWith("HS") === (from.secret !== undefined)) continue;
      const message = algorithm.startsWith("HS")
        ? `${algorithm} needs keys: { secret }; with public keys anybody could sign by it`
        : `${algorithm} needs public keys: keys: { jwks } or { file }`;
      context.addIssue({ code: "custom", path: ["algorithms", i], message });
    }
  });

export type Block = z.output<typeof block>;
