import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { hashSecret } from "../auth/secret-hash.ts";
import { readPassword } from "./read-password.ts";
import { UsageError } from "./usage-error.ts";

export interface HashOptions {
  readonly ticket?: boolean;
  readonly salt?: string;
  readonly iterations: string;
  readonly keylen: string;
}

const derive = promisify(pbkdf2);

/** The rounds of PBKDF2-HMAC-SHA256 that OWASP recommends for passwords. */
const RECOMMENDED = 600_000;

/** Prints what a config needs instead of a plain secret: of a ticket, or of a password for `wampcra`. */
export async function hash({ ticket = false, ...options }: HashOptions): Promise<void> {
  if (ticket) console.log(await hashSecret(await readPassword("Ticket", process.stdin, process.stderr)));
  else await hashPassword(options);
}

async function hashPassword(options: Omit<HashOptions, "ticket">): Promise<void> {
  const iterations = wholeNumber("--iterations", options.iterations, 1_000_000);
  const keylen = wholeNumber("--keylen", options.keylen, 1024);
  const salt = options.salt ?? randomBytes(16).toString("hex");
  if (salt === "") throw new UsageError("--salt must not be empty");
  const password = await readPassword("Password", process.stdin, process.stderr);
  const secret = (await derive(password, salt, iterations, keylen, "sha256")).toString("base64");
  console.log(JSON.stringify({ secret, salt, iterations, keylen }, null, 2));
  console.error(await advice(iterations));
}

/** The client derives the key at each login, so the rounds are a question of what clients bear. */
async function advice(iterations: number): Promise<string> {
  const began = performance.now();
  await derive("", "salt", RECOMMENDED, 32, "sha256");
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

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from 1 to ${most}, found ${text}`);
}
