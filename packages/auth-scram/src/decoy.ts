import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import type { ScramFields } from "./credential.ts";

const derive = promisify(pbkdf2);

/** How many principals' keys make a block's key. Most changes of principals do not affect them. */
const KEY_PRINCIPALS = 3;

/** Rounds of PBKDF2 for that key, once at start: otherwise decoys would allow quick guesses of weak passwords. */
const KEY_ROUNDS = 50_000;

/** What decoys have where there is no static principal to imitate. */
const USUAL = {
  kdf: "argon2id-13",
  iterations: 2,
  memory: 19_456,
  saltBytes: 16,
  sharedSalt: null,
} as const;

/** What a principal's challenge shows. */
interface Model extends Pick<ScramFields, "kdf" | "iterations" | "memory"> {
  readonly saltBytes: number;
  /** A salt that several principals have in common is one of decoys too. */
  readonly sharedSalt: string | null;
  /** The principal's own further factor. */
  readonly then?: string | undefined;
}

/** What an unknown authid is challenged with. */
export interface Decoy {
  readonly fields: ScramFields;
  /** Its further factor; null: none. */
  readonly then: string | null;
}

/** The principals of a block as its decoys imitate them, and a key made of their secrets, which outsiders cannot know. */
export interface Models {
  readonly principals: readonly Model[];
  readonly key: string;
}

/** Done once for each block, so that an unknown authid costs no more time than a known one. */
export async function modelsOf(principals: readonly (ScramFields & Pick<Model, "then">)[]): Promise<Models> {
  const counts = new Map<string, number>();
  const salts = principals.map(({ salt }) => salt.toLowerCase());
  for (const salt of salts) counts.set(salt, (counts.get(salt) ?? 0) + 1);
  const models = principals.map(({ kdf, iterations, memory, then }, i) => {
    const salt = salts[i] ?? "";
    const sharedSalt = (counts.get(salt) ?? 0) > 1 ? salt : null;
    return { kdf, iterations, memory, saltBytes: salt.length / 2, sharedSalt, then };
  });
  return { principals: models, key: await keyOf(principals) };
}

/** Made of the principals whose keys have the smallest hashes: changes most likely affect others. */
async function keyOf(principals: readonly ScramFields[]): Promise<string> {
  const hashes = principals.map((own) =>
    createHash("sha256")
      .update(JSON.stringify([own["stored-key"], own["server-key"]]))
      .digest("hex"),
  );
  const chosen = [...new Set(hashes)].sort().slice(0, KEY_PRINCIPALS).join();
  return (await derive(chosen, "wampgate decoy", KEY_ROUNDS, 32, "sha256")).toString("base64");
}

/**
 * What an unknown authid is challenged with: the parameters of one of the real principals, always of the same one for this
 * authid, also after a restart. Which one, and the salt, depend on the principals' own keys, so that outsiders cannot
 * detect it. No proof fits it.
 *
 * @param thens the `then` of each block
 */
export function decoyOf(
  authid: string | null,
  blocks: readonly Models[],
  thens: readonly (string | null)[] = [],
): Decoy {
  const key = `wampgate decoy ${JSON.stringify(blocks.map((block) => block.key))}`;
  const seed = createHmac("sha512", key)
    .update(authid ?? "")
    .digest();
  const { model, block } = nth(blocks, seed.readUInt32BE());
  const { saltBytes, sharedSalt, then, ...shown } = model;
  const bytes = createHash("shake256", { outputLength: saltBytes + 64 })
    .update(seed)
    .digest();
  const fields = {
    ...shown,
    salt: sharedSalt ?? bytes.subarray(64).toString("hex"),
    "stored-key": bytes.subarray(0, 32).toString("hex"),
    "server-key": bytes.subarray(32, 64).toString("hex"),
  };
  return { fields, then: then ?? thens[block] ?? null };
}

/** Principal number `n` (modulo their count) of all blocks together, and the number of its block. */
function nth(blocks: readonly Models[], n: number): { model: Model; block: number } {
  let left = n % blocks.reduce((sum, { principals }) => sum + principals.length, 0);
  for (const [block, { principals }] of blocks.entries()) {
    const model = principals[left];
    if (model !== undefined) return { model, block };
    left -= principals.length;
  }
  return { model: USUAL, block: 0 };
}
