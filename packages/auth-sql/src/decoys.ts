import { createHmac } from "node:crypto";
import { type Assignment, credential, type Log, type PrincipalQuery } from "@wampgate/core";
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

/** The methods whose challenges show something of the row. */
const SHOWN = ["wampcra", "scram", "wamp-scram"];

const BYTES32 = "00".repeat(32);
const SALT = "0a".repeat(16);
const SCRAM = { salt: SALT, "stored-key": BYTES32, "server-key": BYTES32 };

/** What rows look like before one was seen: as those that wampgate's own commands make. @param columns the keys that rows have */
function usualRow(method: string, columns: readonly string[]): Given {
  if (method === "wampcra") {
    const row = { secret: Buffer.alloc(32).toString("base64"), salt: SALT, iterations: 10_000, keylen: 32 };
    return Object.fromEntries(Object.entries(row).filter(([key]) => columns.includes(key)));
  }
  if (!SHOWN.includes(method)) return {};
  // A table without a column for memory has no row of argon2id.
  if (!columns.includes("memory")) return { kdf: "pbkdf2", iterations: 600_000, ...SCRAM };
  return { kdf: "argon2id-13", iterations: 2, memory: 19_456, ...SCRAM };
}

/** Makes unknown authids look like the rows of a table: which ones it has must not show. */
export class Decoys {
  readonly #key: string;
  readonly #seen: Seen<Kind>;
  readonly #columns: readonly string[];
  readonly #log: Pick<Log, "warn">;
  /** The salt that was found last, and whose it is; null once the log has warned. */
  #last: { readonly authid: unknown; readonly salt: unknown } | null = { authid: undefined, salt: undefined };

  /**
   * @param key outsiders do not know it; with the same one decoys are the same after a restart
   * @param columns the keys that rows have
   * @param log told if rows share a salt
   */
  constructor(key: string, columns: readonly string[], log: Pick<Log, "warn">) {
    this.#key = key;
    this.#columns = columns;
    this.#log = log;
    this.#seen = new Seen(key);
  }

  /** A row was found: decoys may look like it from now on. */
  add({ authid: own, role, then }: Assignment, given: Given, { method, authid }: PrincipalQuery): void {
    if (SHOWN.includes(method.name)) this.#lookAt(own, given["salt"]);
    const kind = kindOf({ ...(role && { role }), ...(then && { then }) }, SHOWN.includes(method.name) ? given : {});
    this.#seen.add(JSON.stringify(kind), () => kind);
    // A known authid also costs the choice of a decoy.
    this.#seen.for(authid ?? "");
  }

  /** A credential that no proof fits. */
  async make(query: PrincipalQuery): Promise<ReturnType<typeof credential>> {
    const { authid, method } = query;
    const { assigned, plain, texts } = this.#seen.for(authid ?? "") ?? kindOf({}, usualRow(method.name, this.#columns));
    if (!SHOWN.includes(method.name)) return credential((await method.decoy(query, [], [], [])).credential, assigned);
    const made = Object.entries(texts).map(([key, likeness]) => [key, textLike(likeness, this.#seed(key, authid))]);
    return credential({ ...plain, ...Object.fromEntries(made) }, assigned);
  }

  /** Each unknown authid is shown a salt of its own: next to a salt that all rows have it would stand out. */
  #lookAt(authid: unknown, salt: unknown): void {
    const last = this.#last;
    if (last === null || salt === undefined) return;
    const isShared = salt === last.salt && authid !== last.authid;
    this.#last = isShared ? null : { authid, salt };
    if (isShared)
      this.#log.warn(
        {},
        "several rows share one salt, but each unknown authid gets its own: clients can see which authids have no row. Give each user a random salt",
      );
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
