import { createHash, createHmac, randomBytes } from "node:crypto";
import { type CheckedClient, constantTimeEqual, Secret, SecretHash } from "@wampgate/core";

/** What a block says of a principal's ticket: one of the two is there. */
export interface TicketFields {
  readonly ticket?: string | undefined;
  readonly "ticket-hash"?: string | undefined;
}

/** A prepared block: each principal with the check of its ticket instead of the ticket. */
export interface Kept<P extends TicketFields = TicketFields> {
  readonly principals: Readonly<Record<string, Omit<P, keyof TicketFields> & { readonly check: TicketCheck }>>;
  /** What an unknown authid gets: it costs the same as the check of a principal, and fits nothing. */
  readonly decoy: TicketCheck;
  /** Made of the hashes, whose salts outsiders cannot know. */
  readonly key: Secret<string>;
  /** How many principals it has. */
  readonly count: number;
}

/** Created once: the time to create one would show that an authid is unknown. */
const UNKNOWN_TICKET = randomBytes(32).toString("base64");

/** Checks the ticket that a client shows. Prints do not show the one that is expected. */
export class TicketCheck {
  readonly #ticket: string;
  readonly #hash: SecretHash | null;
  readonly #works: readonly SecretHash[];

  /**
   * @param hash null if `ticket` is the ticket
   * @param works a hash for each cost that the block's hashes have. All are computed each time, whoever the principal
   * is: otherwise the time would show whether it has a hash, and that it exists.
   */
  constructor(ticket: string, hash: SecretHash | null, works: readonly SecretHash[]) {
    this.#ticket = ticket;
    this.#hash = hash;
    this.#works = works;
  }

  async fits(ticket: string, client: CheckedClient): Promise<boolean> {
    let fits = constantTimeEqual(this.#ticket, ticket);
    for (const work of this.#works) {
      const hash = this.#hash?.cost === work.cost ? this.#hash : work;
      if (await hash.fits(ticket, client)) fits = true;
    }
    return fits;
  }
}

const NO_PRINCIPAL = decoyWith([]);

/** Prepares the principals of a block. Their fields are checked already. */
export function kept<P extends TicketFields>(principals: Readonly<Record<string, P>>): Kept<P> {
  const hashes = Object.values(principals).flatMap(({ "ticket-hash": hash }) => (hash === undefined ? [] : [hash]));
  const works = [...new Map(hashes.map((text) => SecretHash.parse(text)).map((hash) => [hash.cost, hash.decoy()]))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, work]) => work);
  const checked = Object.entries(principals).map(([authid, own]) => {
    const { ticket = UNKNOWN_TICKET, "ticket-hash": hash, ...rest } = own;
    return [
      authid,
      { ...rest, check: new TicketCheck(ticket, hash === undefined ? null : SecretHash.parse(hash), works) },
    ] as const;
  });
  const key = createHash("sha256").update(hashes.join()).digest("base64");
  return {
    principals: Object.fromEntries(checked),
    decoy: decoyWith(works),
    key: new Secret(key),
    count: checked.length,
  };
}

/**
 * The check for an unknown authid. Among several blocks it imitates a principal of one of them, always the same one for
 * this authid: blocks whose hashes have other parameters cost other work.
 */
export function decoyCheck(authid: string | null, blocks: readonly Kept[]): TicketCheck {
  const key = blocks.map((block) => block.key.reveal()).join();
  const number = createHmac("sha256", key)
    .update(authid ?? "")
    .digest()
    .readUInt32BE();
  let left = number % blocks.reduce((sum, { count }) => sum + count, 0);
  for (const { count, decoy } of blocks) {
    if (left < count) return decoy;
    left -= count;
  }
  return NO_PRINCIPAL;
}

function decoyWith(works: readonly SecretHash[]): TicketCheck {
  return new TicketCheck(UNKNOWN_TICKET, null, works);
}
