import { createHash } from "node:crypto";
import { decoyFor, decoyKey, type DecoyModels } from "@wampgate/core";
import type { ScramFields } from "./credential.ts";

/** What decoys have where there is no static principal to imitate. */
const USUAL: Model = {
  kdf: "argon2id-13",
  iterations: 2,
  memory: 19_456,
  saltBytes: 16,
  sharedSalt: null,
};

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

export type Models = DecoyModels<Model>;

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
  const secrets = principals.map((own) => JSON.stringify([own["stored-key"], own["server-key"]]));
  return { models, key: await decoyKey(secrets) };
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
  const { model, block, seed } = decoyFor(authid, blocks);
  const { saltBytes, sharedSalt, then, ...shown } = model ?? USUAL;
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
