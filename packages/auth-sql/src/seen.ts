import { createHmac } from "node:crypto";

/** How many kinds are kept, and for how many rows after they were seen last. */
const MOST = 8;
const ROWS = 1000;

/**
 * The kinds of rows that were seen. An unknown authid gets one of them, and the same one each time as long as that kind is
 * seen: what changed from login to login would show that no row is behind it.
 */
export class Seen<T> {
  readonly #key: string;
  readonly #kinds = new Map<string, { readonly value: T; row: number }>();
  #row = 0;

  /** @param key chooses which authid gets which kind; outsiders do not know it */
  constructor(key: string) {
    this.#key = key;
  }

  /** A row was seen. @param kind what makes it different from others */
  add(kind: string, value: () => T): void {
    const known = this.#kinds.get(kind);
    const row = ++this.#row;
    if (known === undefined) this.#kinds.set(kind, { value: value(), row });
    else known.row = row;
    for (const [other, { row: last }] of this.#kinds) if (last <= row - ROWS) this.#kinds.delete(other);
    if (this.#kinds.size > MOST) this.#kinds.delete(this.#oldest());
  }

  /** A kind for an authid; undefined if none was seen. When one is added or forgotten, only the authids that had it change. */
  for(authid: string): T | undefined {
    const ranked = [...this.#kinds].map(([kind, { value }]) => ({ value, rank: rankOf(this.#key, kind, authid) }));
    return ranked.sort((one, other) => Buffer.compare(one.rank, other.rank))[0]?.value;
  }

  #oldest(): string {
    const [[oldest] = [""]] = [...this.#kinds].sort(([, one], [, other]) => one.row - other.row);
    return oldest;
  }
}

function rankOf(key: string, kind: string, authid: string): Buffer {
  return createHmac("sha256", key)
    .update(JSON.stringify([kind, authid]))
    .digest();
}
