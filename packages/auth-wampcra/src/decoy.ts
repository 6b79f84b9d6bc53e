import { createHash, createHmac } from "node:crypto";
import { type Secret, type SecretFields, secretOf } from "./secret.ts";

/** A user of a static block, as far as its challenge shows it. */
interface Model extends Secret {
  readonly role: string | undefined;
}

/** The users of a block, and a key made of their secrets that nobody outside can know. */
export interface Models {
  readonly users: readonly Model[];
  readonly digest: string;
}

/** Done once for each block, so that an unknown authid costs no more time than a known one. */
export async function modelsOf(users: readonly (SecretFields & { role?: string | undefined })[]): Promise<Models> {
  const models = await Promise.all(users.map(async (user) => ({ ...(await secretOf(user)), role: user.role })));
  const digest = createHash("sha256");
  for (const { key } of models) digest.update(JSON.stringify(key));
  return { users: models, digest: digest.digest("base64") };
}

/**
 * What a challenge for an authid that nobody knows is made of: it looks like that of one of the real users, always the
 * same one for this authid, also after a restart; which one, and the salt, come from the users' own secrets, so that
 * nobody outside can tell.
 */
export function decoySecret(authid: string | null, blocks: readonly Models[]): Model {
  const key = `wampgate decoy ${JSON.stringify(blocks.map(({ digest }) => digest))}`;
  // One HMAC for all of it: the look-up of a known authid takes hardly any time.
  const bytes = createHmac("sha512", key)
    .update(authid ?? "")
    .digest();
  const model = nth(blocks, bytes.readUInt32BE());
  return {
    key: bytes.subarray(4, 36).toString("base64"),
    role: model?.role,
    salting: model?.salting ? { ...model.salting, salt: saltLike(model.salting.salt, bytes.subarray(36)) } : null,
  };
}

/** The user number `n` of all blocks together, counted round. */
function nth(blocks: readonly Models[], n: number): Model | undefined {
  const total = blocks.reduce((sum, { users }) => sum + users.length, 0);
  let left = total === 0 ? 0 : n % total;
  for (const { users } of blocks) {
    if (left < users.length) return users[left];
    left -= users.length;
  }
  return undefined;
}

/** A salt as long as `model`. */
function saltLike(model: string, bytes: Buffer): string {
  const text = bytes.toString("base64url");
  return text.repeat(Math.ceil(model.length / text.length)).slice(0, model.length);
}
