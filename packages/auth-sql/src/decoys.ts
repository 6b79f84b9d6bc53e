import { createHmac } from "node:crypto";
import { type Assignment, credential, type PrincipalQuery } from "@wampgate/core";
import { type Likeness, likenessOf, textLike } from "./likeness.ts";
import { Seen } from "./seen.ts";

type Given = Readonly<Record<string, unknown>>;

/** What of a principal shows before its proof is judged. */
interface Kind {
  readonly assigned: Pick<Assignment, "role" | "then">;
  /** What its challenge is made of: numbers and words as they are. */
  readonly plain: Given;
  /** The texts among it, by what they look like. */
  readonly texts: Readonly<Record<string, Likeness>>;
}

const BYTES32 = "00".repeat(32);
const SCRAM = { kdf: "argon2id-13", iterations: 2, memory: 19_456, salt: "0a".repeat(16), "stored-key": BYTES32 };

/** The methods whose challenges show something of the row, and what rows look like that wampgate's own commands make. */
const SHOWN: ReadonlyMap<string, Given> = new Map<string, Given>([
  ["wampcra", { secret: Buffer.alloc(32).toString("base64"), salt: "0a".repeat(16), iterations: 10_000, keylen: 32 }],
  ["scram", { ...SCRAM, "server-key": BYTES32 }],
  ["wamp-scram", { ...SCRAM, "server-key": BYTES32 }],
]);

/** Makes unknown authids look like the rows of a table: which ones it has must not show. */
export class Decoys {
  readonly #key: string;
  readonly #seen: Seen<Kind>;
  readonly #columns: readonly string[];

  /**
   * @param key outsiders do not know it; with the same one decoys are the same after a restart
   * @param columns the keys that rows have
   */
  constructor(key: string, columns: readonly string[]) {
    this.#key = key;
    this.#columns = columns;
    this.#seen = new Seen(key);
  }

  /** A row was found: decoys may look like it from now on. */
  add({ role, then }: Assignment, given: Given, { method, authid }: PrincipalQuery): void {
    const kind = kindOf({ ...(role && { role }), ...(then && { then }) }, SHOWN.has(method.name) ? given : {});
    this.#seen.add(JSON.stringify(kind), () => kind);
    // A known authid also costs the choice of a decoy.
    this.#seen.for(authid ?? "");
  }

  /** A credential that no proof fits. */
  async make(query: PrincipalQuery): Promise<ReturnType<typeof credential>> {
    const { authid, method } = query;
    const { assigned, plain, texts } = this.#seen.for(authid ?? "") ?? this.#usual(method.name);
    if (!SHOWN.has(method.name)) return credential((await method.decoy(query, [], [], [])).credential, assigned);
    const made = Object.entries(texts).map(([key, likeness]) => [key, textLike(likeness, this.#seed(key, authid))]);
    return credential({ ...plain, ...Object.fromEntries(made) }, assigned);
  }

  #usual(method: string): Kind {
    const own = Object.entries(SHOWN.get(method) ?? {}).filter(([key]) => this.#columns.includes(key));
    return kindOf({}, Object.fromEntries(own));
  }

  #seed(key: string, authid: string | null): Buffer {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([key, authid ?? ""]))
      .digest();
  }
}

/** `kdf` is a choice of few words, and no secret. */
function kindOf(assigned: Kind["assigned"], given: Given): Kind {
  const isText = ([key, value]: readonly [string, unknown]): boolean => typeof value === "string" && key !== "kdf";
  const entries = Object.entries(given);
  return {
    assigned,
    plain: Object.fromEntries(entries.filter((entry) => !isText(entry))),
    texts: Object.fromEntries(entries.filter(isText).map(([key, value]) => [key, likenessOf(String(value))])),
  };
}
