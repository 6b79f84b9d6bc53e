import { LimitError } from "../errors/limit-error.ts";
import type { RealmOptions } from "../contract/settings.ts";

type SessionRoom = Pick<RealmOptions, "maxSessions" | "maxSessionsPerAuthid">;

/** How many sessions are in a realm, and of whom. */
export class SessionQuota {
  #max = 0;
  #maxPerAuthid = 0;
  /** Null where the limit of all is reached first: then nobody's sessions need be counted. */
  #byAuthid: Map<string, number> | null = null;
  #count = 0;

  /** @param authids of the sessions that are there, which stay whatever the limits */
  configure({ maxSessions, maxSessionsPerAuthid }: SessionRoom, authids: Iterable<string>): void {
    this.#max = maxSessions;
    this.#maxPerAuthid = maxSessionsPerAuthid;
    this.#byAuthid = maxSessionsPerAuthid < maxSessions ? new Map() : null;
    this.#count = 0;
    for (const authid of authids) this.enter(authid);
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
