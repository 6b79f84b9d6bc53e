import { decoyFor, decoyKey, type DecoyModels } from "@wampgate/core";
import { type SaltShape, saltOf, saltShapes } from "./salt-shape.ts";
import { type Secret, type SecretFields, secretOf } from "./secret.ts";

/** The data of a static user that its challenge shows. */
interface Model extends Secret {
  readonly role: string | undefined;
  /** The user's own further factor. */
  readonly then: string | undefined;
  /** Null if it has no salt. */
  readonly shape: SaltShape | null;
}

export type Models = DecoyModels<Model>;

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
  return { models, key: await decoyKey(models.map(({ key }) => JSON.stringify(key))) };
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
  const { model, block, seed } = decoyFor(authid, blocks);
  return {
    key: seed.subarray(4, 36).toString("base64"),
    // As in core: an empty role counts as none.
    role: (model?.role === "" ? undefined : model?.role) ?? defaultRoles[block] ?? null,
    then: model?.then ?? thens[block] ?? null,
    salting: salting(model, seed.subarray(36), authid ?? ""),
  };
}

function salting(model: Model | undefined, seed: Buffer, authid: string): Secret["salting"] {
  if (model?.salting == null || model.shape === null) return null;
  return { ...model.salting, salt: saltOf(model.shape, seed, authid) };
}
