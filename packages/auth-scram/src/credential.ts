import { z } from "@wampgate/core";

/** The key derivation functions, as a config or an answer may name them. The spec writes Argon2id without "-". */
const KDFS = ["argon2id-13", "argon2id13", "pbkdf2"] as const;

/** The limits of what a client has to derive at each login: a config or an answer must not cost it minutes. */
const MOST = { argon2Iterations: 10_000, iterations: 1_000_000, memory: 1_048_576, work: 2 ** 24 };

/** Fewer rounds of PBKDF2 resist guessing too little (RFC 7677 section 4). */
const LEAST_ROUNDS = 4096;

/** The keys that say what is known of a password, in a block or a strategy's answer. */
export const scramFields = {
  kdf: z.enum(KDFS).describe("how the client derives its keys: `argon2id-13` or `pbkdf2`").meta({ shown: true }),
  iterations: z
    .int()
    .min(1)
    .max(MOST.iterations)
    .describe("rounds of the derivation; for `argon2id-13` at most 10,000")
    .meta({ shown: true }),
  memory: z
    .int()
    .min(8)
    .max(MOST.memory)
    .nullish()
    .describe("KiB that `argon2id-13` needs; `pbkdf2` ignores it")
    .meta({ shown: true }),
  salt: hex(8, 64).describe("the salt, in hex, 8 to 64 bytes"),
  "stored-key": hex(32).describe("checks the client's proofs, in hex; `wampgate hash-scram` makes it"),
  "server-key": hex(32).describe("proves to the client that the router knows it, in hex"),
};

/** The values of `scramFields`. */
export type ScramFields = z.output<z.ZodObject<typeof scramFields>>;

/** What the router knows of a principal's password. */
export interface Credential {
  readonly kdf: Kdf;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** How a client derives its salted password. */
export type Kdf =
  | { readonly name: "argon2id"; readonly iterations: number; readonly memory: number }
  | { readonly name: "pbkdf2"; readonly iterations: number };

/** Reports what is wrong with `fields` together: the parameters of Argon2id depend on one another. */
export function checkScram({ kdf, iterations, memory }: ScramFields, context: z.RefinementCtx): void {
  if (kdf === "pbkdf2") return;
  const wrong = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
  if (memory === undefined || memory === null) wrong("memory", `${kdf} needs memory, in KiB`);
  if (iterations > MOST.argon2Iterations)
    wrong("iterations", `expected at most ${MOST.argon2Iterations} iterations for ${kdf}, found a greater one`);
  else if (iterations * (memory ?? 0) > MOST.work)
    wrong("iterations", `iterations times memory is more than ${MOST.work}: each login would cost its client minutes`);
}

/** What a strategy's answer must have, and a static principal has. */
export const credentialSchema = z.object(scramFields).superRefine(checkScram).transform(credentialOf);

function credentialOf(fields: ScramFields): Credential {
  const { salt, "stored-key": storedKey, "server-key": serverKey } = fields;
  return {
    kdf: kdfOf(fields),
    salt: Buffer.from(salt, "hex"),
    storedKey: Buffer.from(storedKey, "hex"),
    serverKey: Buffer.from(serverKey, "hex"),
  };
}

function kdfOf({ kdf, iterations, memory }: ScramFields): Kdf {
  return kdf === "pbkdf2" ? { name: "pbkdf2", iterations } : { name: "argon2id", iterations, memory: memory ?? 0 };
}

/** Why the parameters are weak, for `wampgate check`. */
export function weakness({ kdf, iterations }: ScramFields): string | undefined {
  if (kdf !== "pbkdf2" || iterations >= LEAST_ROUNDS) return undefined;
  return `${iterations} iterations of pbkdf2 resist guessing too little: RFC 7677 demands ${LEAST_ROUNDS} or more; wampgate hash-scram makes new keys`;
}

/** A text of hex digits. `Buffer.from` alone would stop silently at the first wrong one. @param least in bytes */
function hex(least: number, most = least): z.ZodString {
  const digits = least === most ? `${2 * least}` : `${2 * least} to ${2 * most}`;
  const message = `expected ${digits} hex digits`;
  return z.string({ error: message }).regex(new RegExp(`^(?:[\\da-fA-F]{2}){${least},${most}}$`), message);
}
