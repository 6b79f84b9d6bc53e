import { pbkdf2 } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import pLimit from "p-limit";
import type { Kdf } from "./credential.ts";
import type { Dialect } from "./dialect.ts";
import { type Keys, keysOf } from "./signatures.ts";

/** All keys have the length of SHA-256. */
const KEY_BYTES = 32;

const derivePbkdf2 = promisify(pbkdf2);
const atOnce = pLimit(availableParallelism());

/**
 * The keys that a password makes: the client's work, and that of `wampgate hash-scram`. The router itself never derives
 * any. It runs off the event loop, at most as many at once as the machine has cores.
 *
 * @throws Error if SASLprep does not allow the password
 */
export async function deriveKeys(dialect: Dialect, password: string, salt: Buffer, kdf: Kdf): Promise<Keys> {
  const prepared = dialect.password(password);
  const bytes = await atOnce(() => hashOf(prepared, salt, kdf));
  return keysOf(dialect.salted(bytes, kdf.name));
}

async function hashOf(password: string, salt: Buffer, kdf: Kdf): Promise<Buffer> {
  if (kdf.name === "pbkdf2") return derivePbkdf2(password, salt, kdf.iterations, KEY_BYTES, "sha256");
  // Native code, which a router never needs.
  const { hashRaw } = await import("@node-rs/argon2");
  // Its defaults are Argon2id, version 0x13 and one lane.
  return hashRaw(password, {
    salt,
    timeCost: kdf.iterations,
    memoryCost: kdf.memory,
    outputLen: KEY_BYTES,
    parallelism: 1,
  });
}
