import { pbkdf2Sync, randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { UsageError } from "./usage-error.ts";

export interface HashOptions {
  readonly salt?: string;
  readonly iterations: string;
  readonly keylen: string;
}

/** Prints what a user of `wampcra` needs in the config instead of a plain password. */
export async function hash(options: HashOptions): Promise<void> {
  const iterations = wholeNumber("--iterations", options.iterations, 1_000_000);
  const keylen = wholeNumber("--keylen", options.keylen, 1024);
  const salt = options.salt ?? randomBytes(16).toString("hex");
  if (salt === "") throw new UsageError("--salt must not be empty");
  const password = await readPassword();
  if (password === "") throw new UsageError("no password came on stdin: type it, or pipe it in");
  const secret = pbkdf2Sync(password, salt, iterations, keylen, "sha256").toString("base64");
  console.log(JSON.stringify({ secret, salt, iterations, keylen }, null, 2));
}

/** Reads one line of stdin. Arguments would be visible in the shell's history and in the process list. */
async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write("Password (shown as you type): ");
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  return "";
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from 1 to ${most}, found ${text}`);
}
