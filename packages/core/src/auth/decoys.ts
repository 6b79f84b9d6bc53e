import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);

/** How many secrets make a key. Three at once cannot be guessed, and most changes of principals do not affect them. */
const KEY_SECRETS = 3;

/** Rounds of PBKDF2 for a key, once at start: otherwise decoys would allow quick guesses of weak secrets. */
const KEY_ROUNDS = 50_000;

/** The principals of a block as decoys imitate them. */
export interface DecoyModels<M> {
  readonly models: readonly M[];
  /** By `decoyKey`: outsiders must not be able to compute decoys. */
  readonly key: string;
}

/** Which principal an unknown authid looks like. */
export interface DecoyChoice<M> {
  /** Undefined: there is no principal. */
  readonly model: M | undefined;
  /** The number of its block. */
  readonly block: number;
  /** 64 bytes to make the decoy's own texts of. The first four have chosen the principal. */
  readonly seed: Buffer;
}

/**
 * The key of a block's decoys. It is made of the secrets with the smallest hashes, so that a change of one principal most likely
 * leaves all decoys as they are. For a method's `prepare`: it takes a while.
 *
 * @param secrets what the proofs of the block's principals are checked with, as a text for each
 */
export async function decoyKey(secrets: readonly string[]): Promise<string> {
  const hashes = secrets.map((secret) => createHash("sha256").update(secret).digest("hex"));
  const chosen = [...new Set(hashes)].sort().slice(0, KEY_SECRETS).join();
  return (await derive(chosen, "wampgate decoy", KEY_ROUNDS, 32, "sha256")).toString("base64");
}

/**
 * Chooses the principal that an unknown authid looks like: always the same one, also after a restart. Outsiders cannot tell
 * which, as that depends on the blocks' keys. One HMAC for all of it, for a login pays for it with a known authid, too.
 *
 * @example
 * decoy({ authid }, blocks) {
 *   const { model, seed } = decoyFor(authid, blocks.map((block) => block.models.reveal()));
 *   return credential({ salt: seed.toString("hex", 4, 20), rounds: model?.rounds ?? 10_000, key: UNKNOWN });
 * }
 */
export function decoyFor<M>(authid: string | null, blocks: readonly DecoyModels<M>[]): DecoyChoice<M> {
  const key = `wampgate decoy ${JSON.stringify(blocks.map((block) => block.key))}`;
  const seed = createHmac("sha512", key)
    .update(authid ?? "")
    .digest();
  const total = blocks.reduce((sum, { models }) => sum + models.length, 0);
  let left = total === 0 ? 0 : seed.readUInt32BE() % total;
  for (const [block, { models }] of blocks.entries()) {
    if (left < models.length) return { model: models[left], block, seed };
    left -= models.length;
  }
  return { model: undefined, block: 0, seed };
}
