import { LimitError } from "../errors/limit-error.ts";
import type { Live } from "../settings/live.ts";
import type { RealmOptions } from "./settings.ts";

/** Counts a realm's sessions, in total and by authid. */
export class SessionQuota {
  readonly #options: Live<RealmOptions>;
  /** Null if the limit for all sessions is reached first: then no authid needs a count. */
  #byAuthid: Map<string, number> | null = null;
  #count = 0;

  constructor(options: Live<RealmOptions>) {
    this.#options = options;
    this.settingsChanged([]);
  }

  /** Counts again. @param authids of the current sessions, which stay even if they exceed the limits */
  settingsChanged(authids: Iterable<string>): void {
    const { "max-sessions": max, "max-sessions-per-authid": maxPerAuthid } = this.#options.now;
    this.#byAuthid = maxPerAuthid < max ? new Map() : null;
    this.#count = 0;
    for (const authid of authids) this.enter(authid);
  }

  /**
   * @param elsewhere how many sessions of it are on other nodes
   * @throws LimitError if there is no room for a session of `authid`
   */
  requireRoom(authid: string, elsewhere: number): void {
    const { "max-sessions": max, "max-sessions-per-authid": maxPerAuthid } = this.#options.now;
    if (this.#count >= max) {
      throw new LimitError("max-sessions", "the realm has no room for more sessions; try again later");
    }
    if (this.#byAuthid === null || (this.#byAuthid.get(authid) ?? 0) + elsewhere < maxPerAuthid) return;
    throw new LimitError("max-sessions-per-authid", `an authid may have ${maxPerAuthid} sessions here at most`);
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
