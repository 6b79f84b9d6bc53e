import { randomBytes } from "node:crypto";
import { defineCommand, UsageError } from "@wampgate/core";
import { deriveKey } from "./secret.ts";

/** The rounds of PBKDF2-HMAC-SHA256 that OWASP recommends for passwords. */
const RECOMMENDED = 600_000;

/** Prints what a user has in the config instead of a plain password. */
export const hashPassword = defineCommand({
  name: "hash-wampcra",
  description: "derive from a password what a user needs; it is typed, or read from stdin",
  flags: {
    salt: { value: "text", description: "default: a random one" },
    iterations: { value: "n", description: "rounds of PBKDF2; default: 10000" },
    keylen: { value: "n", description: "bytes of the key; default: 32" },
  },
  async run({ flags, readSecret, print, note }) {
    const iterations = wholeNumber("--iterations", flags.iterations ?? "10000", 1_000_000);
    const keylen = wholeNumber("--keylen", flags.keylen ?? "32", 1024);
    const salt = flags.salt ?? randomBytes(16).toString("hex");
    if (salt === "") throw new UsageError("--salt must not be empty");
    const secret = await deriveKey(await readSecret("Password"), { salt, iterations, keylen });
    print(JSON.stringify({ secret, salt, iterations, keylen }, null, 2));
    note(await advice(iterations));
  },
});

/** The client derives the key at each login, so the rounds are a question of what clients bear. */
async function advice(iterations: number): Promise<string> {
  const began = performance.now();
  await deriveKey("", { salt: "salt", iterations: RECOMMENDED, keylen: 32 });
  const ms = Math.round(performance.now() - began);
  return [
    `Each login makes the client derive this key, in ${rounds(iterations)}. ${rounds(RECOMMENDED)} (--iterations ${RECOMMENDED}) resist`,
    `guessing better. Here ${rounds(RECOMMENDED)} took ${ms} ms in native code; a client that derives in plain JavaScript, as`,
    "autobahn-js does, needs about 40 times as long, and its page stands still meanwhile.",
  ].join("\n");
}

function rounds(count: number): string {
  return `${count.toLocaleString("en")} rounds`;
}

function wholeNumber(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`${flag} must be a whole number from 1 to ${most}, found ${text}`);
}
