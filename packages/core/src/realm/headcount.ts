import { LimitError } from "../contract/errors.ts";

/** How many sessions are in a realm, and of whom. */
export class Headcount {
  readonly #max: number;
  readonly #maxPerAuthid: number;
  /** Null where the limit of all is reached first: then nobody's sessions need be counted. */
  readonly #byAuthid: Map<string, number> | null;
  #count = 0;

  constructor(max: number, maxPerAuthid: number) {
    this.#max = max;
    this.#maxPerAuthid = maxPerAuthid;
    this.#byAuthid = maxPerAuthid < max ? new Map() : null;
  }

  /** @throws LimitError where there is no room for a session of `authid` */
  requireRoom(authid: string): void {
    if (this.#count >= this.#max) {
      throw new LimitError("max-sessions", "the realm has as many sessions as it takes; try again later");
    }
    if ((this.#byAuthid?.get(authid) ?? 0) < this.#maxPerAuthid) return;
    throw new LimitError("max-sessions-per-authid", `an authid may have ${this.#maxPerAuthid} sessions here at most`);
  }

  enter(authid: string): void {
    this.#count++;
    this.#byAuthid?.set(authid, (this.#byAuthid.get(authid) ?? 0) + 1);
  }

  leave(authid: string): void {
    this.#count--;
    const left = (this.#byAuthid?.get(authid) ?? 0) - 1;
    if (left > 0) this.#byAuthid?.set(authid, left);
    else this.#byAuthid?.delete(authid);
  }
}
