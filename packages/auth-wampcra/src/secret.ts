import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { z } from "@wampgate/core";

const derive = promisify(pbkdf2);

/** The keys that describe the client's secret, in a block or a strategy's answer. */
export const secretFields = {
  secret: z.string().min(1).optional().describe("the key; with `salt` the derived key in base64, as in the WAMP spec"),
  password: z
    .string()
    .min(1)
    .optional()
    .describe("a plain password, instead of `secret`; salted ones are derived here"),
  salt: z.string().min(1).optional().describe("makes the client derive its key; with `iterations` and `keylen`"),
  iterations: z.int().min(1).max(1_000_000).optional().describe("rounds of PBKDF2-HMAC-SHA256").meta({ shown: true }),
  keylen: z.int().min(1).max(1024).optional().describe("length of the derived key in bytes").meta({ shown: true }),
};

/** The values of `secretFields`, before they are checked. */
export interface SecretFields {
  readonly secret?: string | undefined;
  readonly password?: string | undefined;
  readonly salt?: string | undefined;
  readonly iterations?: number | undefined;
  readonly keylen?: number | undefined;
}

/** How the client derives its key from the password (spec, advanced/authentication "PBKDF2"). */
export interface Salting {
  readonly salt: string;
  readonly iterations: number;
  readonly keylen: number;
}

/** The key that signs, and how the client derives it. */
export interface Secret {
  readonly key: string;
  readonly salting: Salting | null;
}

/** Reports what is wrong with `fields`: they need `secret` or `password`, and all three keys of the salting or none. */
export function checkSecret(fields: SecretFields, context: z.RefinementCtx): void {
  if ((fields.secret === undefined) === (fields.password === undefined)) {
    context.addIssue({
      code: "custom",
      path: ["secret"],
      message: "wampcra needs a secret, or a password instead of it",
    });
  }
  const given = (["salt", "iterations", "keylen"] as const).filter((key) => fields[key] !== undefined);
  if (given.length === 1 || given.length === 2) {
    const missing = (["salt", "iterations", "keylen"] as const).filter((key) => fields[key] === undefined);
    context.addIssue({
      code: "custom",
      path: [missing[0] ?? "salt"],
      message: `salting needs salt, iterations and keylen together; missing: ${missing.join(", ")}`,
    });
  }
}

/**
 * Why no login with checked `fields` can succeed, if that shows: a client derives base64 of `keylen` bytes, and a secret
 * that is something else is most likely the plain password.
 */
export function hopelessness({ secret, salt, keylen }: SecretFields): string | undefined {
  if (secret === undefined || salt === undefined || keylen === undefined) return undefined;
  const bytes = Buffer.from(secret, "base64");
  if (bytes.length === keylen && bytes.toString("base64") === secret) return undefined;
  return `its secret is not the derived key, base64 of ${keylen} bytes, so that no proof can be right: a plain one is called password, or wampgate hash-wampcra derives the key`;
}

/** The key of checked `fields`; a salted password is derived off the event loop. */
export async function secretOf(fields: SecretFields): Promise<Secret> {
  const { secret, password, salt, iterations, keylen } = fields;
  const plain = secret ?? password ?? "";
  if (salt === undefined || iterations === undefined || keylen === undefined) return { key: plain, salting: null };
  const salting = { salt, iterations, keylen };
  return { key: secret ?? (await deriveKey(plain, salting)), salting };
}

/**
 * The key that a client derives from its password: base64 of PBKDF2-HMAC-SHA256. The salt is used as written.
 *
 * @example await deriveKey("secret1", { salt: "salt123", iterations: 100, keylen: 16 }) // "prq7+YkJ1/KlW1X0YczMHw=="
 */
export async function deriveKey(password: string, { salt, iterations, keylen }: Salting): Promise<string> {
  return (await derive(password, salt, iterations, keylen, "sha256")).toString("base64");
}
