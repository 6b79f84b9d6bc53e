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
  const key = createHmac("sha256", "wampgate decoy").update(JSON.stringify(blocks.map(({ digest }) => digest)));
  const secret = key.digest();
  const of = (purpose: string): Buffer =>
    createHmac("sha256", secret)
      .update(`${purpose}:${authid ?? ""}`)
      .digest();
  const model = nth(blocks, of("user").readUInt32BE());
  return {
    key: of("key").toString("base64"),
    role: model?.role,
    salting: model?.salting ? { ...model.salting, salt: saltLike(model.salting.salt, of("salt")) } : null,
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
  return bytes
    .toString("base64url")
    .repeat(Math.ceil(model.length / 43))
    .slice(0, model.length);
}
