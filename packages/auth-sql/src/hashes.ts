import { BadAnswer, type CheckedClient } from "@wampgate/core";
import { parseHash, type PasswordHash, usualDecoy } from "./password-hash.ts";
import { Seen } from "./seen.ts";

/** Checks tickets with the hashes of a table, and with decoys that cost as much. */
export class Hashes {
  readonly #seen: Seen<PasswordHash>;
  readonly #usual = usualDecoy();

  /** @param key as for `Decoys` */
  constructor(key: string) {
    this.#seen = new Seen(key);
  }

  /** @throws BadAnswer if it is no hash; LimitError, what the client's signal says */
  async fit(text: unknown, ticket: string, client: CheckedClient): Promise<boolean> {
    const hash = parsed(text);
    this.#seen.add(hash.cost, () => hash.decoy());
    return hash.fits(ticket, client);
  }

  /** Does the work for an authid that has no row. */
  async decoy(authid: string | null, ticket: string, client: CheckedClient): Promise<void> {
    await (this.#seen.for(authid ?? "") ?? this.#usual).fits(ticket, client);
  }
}

function parsed(text: unknown): PasswordHash {
  try {
    return parseHash(String(text));
  } catch (error) {
    throw new BadAnswer(`its password-hash: ${(error as Error).message}`);
  }
}
