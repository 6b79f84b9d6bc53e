import { createHash, randomBytes } from "node:crypto";
import { type CheckedClient, constantTimeEqual, decoyFor, type DecoyModels, Secret, SecretHash } from "@wampgate/core";

/** What a block says of a principal's ticket: one of the two is there. */
export interface TicketFields {
  readonly ticket?: string | undefined;
  readonly "ticket-hash"?: string | undefined;
}

/** A prepared block: each principal with the check of its ticket instead of the ticket. */
export interface Kept<P extends TicketFields = TicketFields> {
  readonly principals: Readonly<Record<string, Omit<P, keyof TicketFields> & { readonly check: TicketCheck }>>;
  /** For each principal what an unknown authid gets in its place: it costs the same, and fits nothing. */
  readonly models: Secret<DecoyModels<TicketCheck>>;
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
  const decoy = decoyWith(works);
  // Decoys show nothing but the time that they take: so the salts of the hashes are enough of a secret.
  const key = createHash("sha256").update(hashes.join()).digest("base64");
  return {
    principals: Object.fromEntries(checked),
    models: new Secret({ models: checked.map(() => decoy), key }),
  };
}

/**
 * The check for an unknown authid. Among several blocks it imitates a principal of one of them, always the same one for
 * this authid: blocks whose hashes have other parameters cost other work.
 */
export function decoyCheck(authid: string | null, blocks: readonly Kept[]): TicketCheck {
  const { model } = decoyFor(
    authid,
    blocks.map(({ models }) => models.reveal()),
  );
  return model ?? NO_PRINCIPAL;
}

function decoyWith(works: readonly SecretHash[]): TicketCheck {
  return new TicketCheck(UNKNOWN_TICKET, null, works);
}
