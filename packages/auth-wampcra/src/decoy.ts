import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { type SaltShape, saltOf, saltShapes } from "./salt-shape.ts";
import { type Secret, type SecretFields, secretOf } from "./secret.ts";

const derive = promisify(pbkdf2);

/** Of how many users' secrets a block's key is made. So many at once are not guessed, and most changes leave them alone. */
const KEY_USERS = 3;

/** Rounds of PBKDF2 for that key, once at start: whoever sees decoys could else try weak passwords quickly. */
const KEY_ROUNDS = 50_000;

/** A user of a static block, as far as its challenge shows it. */
interface Model extends Secret {
  readonly role: string | undefined;
  /** Null where it has no salt. */
  readonly shape: SaltShape | null;
}

/** The users of a block, and a key made of their secrets that nobody outside can know. */
export interface Models {
  readonly users: readonly Model[];
  readonly digest: string;
}

/** What a challenge for an unknown authid is made of. */
export interface Decoy extends Secret {
  /** Null: the challenge shows none. */
  readonly role: string | null;
}

/** Done once for each block, so that an unknown authid costs no more time than a known one. @param users by authid */
export async function modelsOf(
  users: Readonly<Record<string, SecretFields & { role?: string | undefined }>>,
): Promise<Models> {
  const entries = await Promise.all(
    Object.entries(users).map(async ([authid, own]) => ({ authid, role: own.role, ...(await secretOf(own)) })),
  );
  const salted = entries.flatMap(({ authid, salting }) => (salting === null ? [] : [{ authid, salt: salting.salt }]));
  const shapes = new Map(saltShapes(salted).map((shape, i) => [salted[i]?.authid, shape]));
  const models = entries.map(({ authid, ...own }) => ({ ...own, shape: shapes.get(authid) ?? null }));
  return { users: models, digest: await digestOf(models) };
}

/**
 * The key is made of the users whose secrets have the smallest hashes: whichever users are added, changed or removed, most
 * likely they are others, and decoys stay as they are.
 */
async function digestOf(users: readonly Secret[]): Promise<string> {
  const hashes = users.map(({ key }) => createHash("sha256").update(JSON.stringify(key)).digest("hex"));
  const chosen = [...new Set(hashes)].sort().slice(0, KEY_USERS).join();
  return (await derive(chosen, "wampgate decoy", KEY_ROUNDS, 32, "sha256")).toString("base64");
}

/**
 * What a challenge for an authid that nobody knows is made of: it looks like that of one of the real users, always the
 * same one for this authid, also after a restart; which one, and the salt, come from the users' own secrets, so that
 * nobody outside can tell.
 *
 * @param defaultRoles the `default-role` of each block
 */
export function decoySecret(
  authid: string | null,
  blocks: readonly Models[],
  defaultRoles: readonly (string | null)[] = [],
): Decoy {
  const key = `wampgate decoy ${JSON.stringify(blocks.map(({ digest }) => digest))}`;
  // One HMAC for all of it: each login pays for it, of known authids too.
  const bytes = createHmac("sha512", key)
    .update(authid ?? "")
    .digest();
  const { model, block } = nth(blocks, bytes.readUInt32BE());
  return {
    key: bytes.subarray(4, 36).toString("base64"),
    // As core does it for a user: an empty role is none.
    role: (model?.role === "" ? undefined : model?.role) ?? defaultRoles[block] ?? null,
    salting: salting(model, bytes.subarray(36), authid ?? ""),
  };
}

function salting(model: Model | undefined, seed: Buffer, authid: string): Secret["salting"] {
  if (model?.salting == null || model.shape === null) return null;
  return { ...model.salting, salt: saltOf(model.shape, seed, authid) };
}

/** The user number `n` of all blocks together, counted round, and the number of its block. */
function nth(blocks: readonly Models[], n: number): { model: Model | undefined; block: number } {
  const total = blocks.reduce((sum, { users }) => sum + users.length, 0);
  let left = total === 0 ? 0 : n % total;
  for (const [block, { users }] of blocks.entries()) {
    if (left < users.length) return { model: users[left], block };
    left -= users.length;
  }
  return { model: undefined, block: 0 };
}
