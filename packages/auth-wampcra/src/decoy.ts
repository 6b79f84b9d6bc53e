import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { type SaltShape, saltOf, saltShapes } from "./salt-shape.ts";
import { type Secret, type SecretFields, secretOf } from "./secret.ts";

const derive = promisify(pbkdf2);

/**
 * How many users' secrets make a block's key. Three at once cannot be guessed, and most changes of users do not affect
 * them.
 */
const KEY_USERS = 3;

/** Rounds of PBKDF2 for that key, once at start: otherwise decoys would allow quick guesses of weak passwords. */
const KEY_ROUNDS = 50_000;

/** The data of a static user that its challenge shows. */
interface Model extends Secret {
  readonly role: string | undefined;
  /** The user's own further factor. */
  readonly then: string | undefined;
  /** Null if it has no salt. */
  readonly shape: SaltShape | null;
}

/** The users of a block, and a key made of their secrets, which outsiders cannot know. */
export interface Models {
  readonly users: readonly Model[];
  readonly digest: string;
}

/** The data for a challenge to an unknown authid. */
export interface Decoy extends Secret {
  /** Null: the challenge shows no role. */
  readonly role: string | null;
  /** Its further factor; null: none. */
  readonly then: string | null;
}

/** Done once for each block, so that an unknown authid costs no more time than a known one. @param users by authid */
export async function modelsOf(
  users: Readonly<Record<string, SecretFields & { role?: string | undefined; then?: string | undefined }>>,
): Promise<Models> {
  const entries = await Promise.all(
    Object.entries(users).map(async ([authid, own]) => ({
      authid,
      role: own.role,
      then: own.then,
      ...(await secretOf(own)),
    })),
  );
  const salted = entries.flatMap(({ authid, salting }) => (salting === null ? [] : [{ authid, salt: salting.salt }]));
  const shapes = new Map(saltShapes(salted).map((shape, i) => [salted[i]?.authid, shape]));
  const models = entries.map(({ authid, ...own }) => ({ ...own, shape: shapes.get(authid) ?? null }));
  return { users: models, digest: await digestOf(models) };
}

/**
 * The key is made of the users whose secrets have the smallest hashes. Changes most likely affect other users, so that
 * decoys stay the same.
 */
async function digestOf(users: readonly Secret[]): Promise<string> {
  const hashes = users.map(({ key }) => createHash("sha256").update(JSON.stringify(key)).digest("hex"));
  const chosen = [...new Set(hashes)].sort().slice(0, KEY_USERS).join();
  return (await derive(chosen, "wampgate decoy", KEY_ROUNDS, 32, "sha256")).toString("base64");
}

/**
 * The data for a challenge to an unknown authid. It imitates one of the real users, always the same one for this
 * authid, also after a restart. Which one, and the salt, depend on the users' own secrets, so that outsiders cannot
 * detect it.
 *
 * @param defaultRoles the `default-role` of each block, and `thens` its `then`
 */
export function decoySecret(
  authid: string | null,
  blocks: readonly Models[],
  defaultRoles: readonly (string | null)[] = [],
  thens: readonly (string | null)[] = [],
): Decoy {
  const key = `wampgate decoy ${JSON.stringify(blocks.map(({ digest }) => digest))}`;
  // One HMAC for all of it: each login pays for it, also for known authids.
  const bytes = createHmac("sha512", key)
    .update(authid ?? "")
    .digest();
  const { model, block } = nth(blocks, bytes.readUInt32BE());
  return {
    key: bytes.subarray(4, 36).toString("base64"),
    // As in core: an empty role counts as none.
    role: (model?.role === "" ? undefined : model?.role) ?? defaultRoles[block] ?? null,
    then: model?.then ?? thens[block] ?? null,
    salting: salting(model, bytes.subarray(36), authid ?? ""),
  };
}

function salting(model: Model | undefined, seed: Buffer, authid: string): Secret["salting"] {
  if (model?.salting == null || model.shape === null) return null;
  return { ...model.salting, salt: saltOf(model.shape, seed, authid) };
}

/** User number `n` (modulo their count) of all blocks together, and the number of its block. */
function nth(blocks: readonly Models[], n: number): { model: Model | undefined; block: number } {
  const total = blocks.reduce((sum, { users }) => sum + users.length, 0);
  let left = total === 0 ? 0 : n % total;
  for (const [block, { users }] of blocks.entries()) {
    if (left < users.length) return { model: users[left], block };
    left -= users.length;
  }
  return { model: undefined, block: 0 };
}
