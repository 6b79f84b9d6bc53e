import {
  CloseUri,
  type Log,
  type LoginSuccess,
  type SessionEnd,
  type SessionInfo,
  unlessRepeated,
} from "@wampgate/core";
import { type BoundedStore, unlessFailed } from "@wampgate/store";
import { BadRecord, type LoginRecord, recordIn, textOf } from "./record.ts";

/** How many revoked keys are known, besides what the store says. */
const MOST_REVOKED = 10_000;

const OVER = "the login of this cookie has ended";

/** A login that is remembered under a key, and the sessions of this router that live by it. */
interface Kept {
  readonly key: string;
  record: LoginRecord;
  /** In seconds. */
  readonly maxAge: number;
  readonly sessions: Map<number, LoginSuccess["end"]>;
  /** Whether a session has renewed it since. */
  isRenewed: boolean;
}

/** Where a cookie is kept, and for how long. */
export interface Keeping {
  readonly key: string;
  /** The cookie's name and path. */
  readonly place: string;
  /** In seconds. */
  readonly maxAge: number;
}

/** A session that has joined. */
export interface Joined {
  readonly info: SessionInfo;
  readonly login: Pick<LoginSuccess, "past" | "end">;
}

/** What the logins of a store have to do with other routers. */
export interface Others {
  /** Tells all routers that a cookie is revoked: this one, too, by `revoked`. */
  tell(key: string): void;
  /** Whether this router hears of what others revoke. It never rejects. */
  canAgree(): Promise<boolean>;
}

/** The logins that one store remembers. */
export class Logins {
  readonly #store: BoundedStore;
  readonly #log: Log;
  readonly #others: Others;
  readonly #kept = new Map<string, Kept>();
  /** The same, by session. */
  readonly #ofSession = new Map<number, Kept>();
  /** The keys that were revoked last. No id is used twice, so they are over for good, even if the store failed to delete them. */
  readonly #revoked = new Set<string>();

  constructor(store: BoundedStore, log: Log, others: Others) {
    this.#store = store;
    this.#log = log;
    this.#others = others;
  }

  /** Whether cookies let clients in now: not where another router may have revoked one, and this one would not hear of it. */
  async areOpen(): Promise<boolean> {
    const canAgree = await this.#others.canAgree();
    if (!canAgree)
      unlessRepeated(this, "cut off", (repeats) =>
        this.#log.warn(
          { ...repeats },
          "the other nodes cannot be reached, and may have revoked a cookie: clients log in without cookies meanwhile",
        ),
      );
    return canAgree;
  }

  /** Asks the store, to see whether it answers. @throws StoreFailure */
  async tryStore(): Promise<void> {
    await this.#store.get("");
  }

  /**
   * The live login under one of `keys`; null if there is none.
   * @throws StoreFailure
   */
  async find(keys: readonly string[], place: string): Promise<{ key: string; record: LoginRecord } | null> {
    const found = await Promise.all(keys.map(async (key) => ({ key, record: await this.read(key, place) })));
    for (const { key, record } of found) if (record !== null) return { key, record };
    return null;
  }

  /** The live login under a key; null if there is none. @throws StoreFailure */
  async read(key: string, place: string): Promise<LoginRecord | null> {
    if (this.#revoked.has(key)) {
      this.#delete(key); // the store may have failed before
      return null;
    }
    const text = await this.#store.get(key);
    if (text === undefined || this.#revoked.has(key)) return null;
    try {
      const record = recordIn(text);
      return record.place === place && record.expires > now() ? record : null;
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      this.#store.failed(error);
      return null;
    }
  }

  /** A session has logged in on a connection whose answer 101 set the cookie. */
  remember(keeping: Keeping, joined: Joined): void {
    this.#write(this.#join(keeping, recordOf(keeping, joined), joined));
  }

  /** A session has logged in on a connection whose cookie had a live login: that is replaced if it is still the same user's. */
  replace(keeping: Keeping, joined: Joined): void {
    const { key, place } = keeping;
    const { realm, authid, session } = joined.info;
    const kept = this.#join(keeping, recordOf(keeping, joined), joined);
    const replaced = this.read(key, place).then((old) => {
      const isSame = old?.login.realm === realm && old.login.authid === authid;
      if (isSame && !this.#revoked.has(key)) this.#write(kept);
      else this.#leave(kept, session);
    });
    quietly(replaced, this.#log);
  }

  /** A session was let in by a cookie. */
  resumed(keeping: Keeping, record: LoginRecord, joined: Joined): void {
    if (this.#revoked.has(keeping.key)) joined.login.end(LOGOUT, OVER);
    else this.#join(keeping, this.#kept.get(keeping.key)?.record ?? record, joined);
  }

  /** A session has renewed its login: it is remembered for longer. */
  renewed({ session, expires }: SessionInfo): void {
    const kept = this.#ofSession.get(session);
    if (kept === undefined) return;
    const { place, login } = kept.record;
    kept.record = { place, login: { ...login, expires }, expires: endOf(kept.maxAge, expires) };
    kept.isRenewed = true;
    this.#write(kept);
  }

  left({ session }: SessionInfo, end: SessionEnd): void {
    const kept = this.#ofSession.get(session);
    if (kept === undefined) return;
    this.#leave(kept, session);
    if (endsLogin(end, kept)) this.revoke(kept.key);
  }

  /** Revokes a cookie, for all routers. Each way in which a login ends comes here. */
  revoke(key: string): void {
    this.#others.tell(key);
    this.#delete(key);
  }

  /** A cookie was revoked, here or by another router: no client comes in by it any more, and its sessions end. */
  revoked(key: string): void {
    this.#revoked.add(key);
    if (this.#revoked.size > MOST_REVOKED)
      for (const oldest of this.#revoked) {
        this.#revoked.delete(oldest);
        break;
      }
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    const sessions = [...kept.sessions];
    for (const [session] of sessions) this.#leave(kept, session);
    for (const [, end] of sessions) end(LOGOUT, OVER);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #join({ key, maxAge }: Keeping, record: LoginRecord, { info, login }: Joined): Kept {
    const kept = this.#kept.get(key) ?? { key, record, maxAge, sessions: new Map(), isRenewed: false };
    kept.record = record;
    kept.sessions.set(info.session, login.end);
    this.#kept.set(key, kept);
    this.#ofSession.set(info.session, kept);
    return kept;
  }

  #leave(kept: Kept, session: number): void {
    this.#ofSession.delete(session);
    kept.sessions.delete(session);
    if (kept.sessions.size === 0 && this.#kept.get(kept.key) === kept) this.#kept.delete(kept.key);
  }

  #write({ key, record }: Kept): void {
    const { realm, authid } = record.login;
    try {
      const text = textOf(record);
      quietly(this.#store.set(key, text, record.expires * 1000, JSON.stringify([realm, authid])), this.#log);
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      this.#log.warn({ realm, authid }, `${error.message}: its client has to log in again`);
    }
  }

  #delete(key: string): void {
    quietly(this.#store.delete(key), this.#log);
  }
}

/** The reason of GOODBYE by which a client ends its login, and those of the same cookie. */
const LOGOUT = CloseUri.logout;

/** Whether the login ends with the session. */
function endsLogin({ by, reason }: SessionEnd, { isRenewed, record }: Kept): boolean {
  switch (by) {
    case "client":
      return reason === LOGOUT;
    case "kill":
    case "reload":
      return true;
    case "expired":
      // Another session of the cookie may have renewed it.
      return !(isRenewed && record.expires > now());
    case "router":
      return false;
  }
}

function recordOf({ place, maxAge }: Keeping, { login: { past } }: Joined): LoginRecord {
  return { place, expires: endOf(maxAge, past.expires), login: past };
}

/** Until when a login is remembered that ends at `expires`. */
function endOf(maxAge: number, expires: number | null): number {
  const end = now() + maxAge;
  return expires === null ? end : Math.min(end, expires);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** What a store failed at has been logged. Anything else is a mistake here, which ends up in the log, too. */
function quietly(work: Promise<void>, log: Log): void {
  unlessFailed(work, undefined).catch((error: unknown) =>
    log.error({ err: error }, "a cookie was not remembered or revoked"),
  );
}
