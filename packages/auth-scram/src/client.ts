import { randomBytes } from "node:crypto";
import type { ClientHalf, Dict } from "@wampgate/core";
import type { Kdf } from "./credential.ts";
import { deriveKeys } from "./derive.ts";
import type { Dialect } from "./dialect.ts";
import { authMessage, type Keys, proofOf } from "./signatures.ts";

/** A client that logs in often derives its keys once: they depend on the password and on what each challenge repeats. */
const MOST_KEPT = 16;

/** What a client does that has the password, and no channel binding. */
export function clientHalf(dialect: Dialect): ClientHalf {
  const kept = new Map<string, Promise<Keys>>();

  function keysFor(password: string, salt: string, kdf: Kdf): Promise<Keys> {
    const id = JSON.stringify([password, salt, kdf]);
    const there = kept.get(id);
    if (there !== undefined) return there;
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    const keys = deriveKeys(dialect, password, Buffer.from(salt, "base64"), kdf);
    kept.set(id, keys);
    keys.catch(() => kept.delete(id));
    return keys;
  }

  return {
    authextra: () => ({ nonce: randomBytes(16).toString("base64") }),
    async answer(extra, password, { authid, authextra }) {
      const { nonce, salt, iterations, kdf } = challengeOf(extra);
      const keys = await keysFor(password, salt, kdf);
      const message = authMessage({
        name: dialect.name(authid ?? "") ?? "",
        clientNonce: String(authextra["nonce"]),
        nonce,
        salt,
        iterations,
        binding: dialect.binding(null),
      });
      const repeated = { nonce, channel_binding: null, cbind_data: null };
      return { signature: proofOf(keys, message), extra: dialect.binds ? repeated : {} };
    },
  };
}

function challengeOf({ nonce, salt, iterations, memory, kdf }: Readonly<Dict>) {
  const rounds = Number(iterations);
  return {
    nonce: String(nonce),
    salt: String(salt),
    iterations: rounds,
    kdf:
      kdf === "pbkdf2"
        ? ({ name: "pbkdf2", iterations: rounds } as const)
        : ({ name: "argon2id", iterations: rounds, memory: Number(memory) } as const),
  };
}
