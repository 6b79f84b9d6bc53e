import { type Log, shownUrl } from "@wampgate/core";
import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { fetchKeys } from "./fetch-keys.ts";
import { NoKeys } from "./public-keys.ts";

/** How fetched keys are kept; in seconds, as the keys of a block. */
export interface Keeping {
  readonly cache: number;
  readonly stale: number;
  readonly cooldown: number;
}

/** Finds the key of a token. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

interface Fetched {
  readonly set: KeySet;
  /** When the server was asked for it, in milliseconds of the monotonic clock. */
  readonly at: number;
}

/** The key set of a URL. It is fetched when a token needs it, by one request at a time, and never more often than `cooldown` says. */
export class RemoteKeys {
  readonly url: string;
  readonly #source: string;
  readonly #keeping: Keeping;
  readonly #log: Log;
  readonly #ended = new AbortController();
  readonly #fetch: typeof fetchKeys;
  readonly #now: () => number;
  #fetched: Fetched | null = null;
  #fetching: Promise<void> | null = null;
  /** When the last fetch began. */
  #tried = -Infinity;
  /** Why the last fetch failed; null if it did not. */
  #failure: string | null = null;

  /** @param log names the block that it was opened for */
  constructor(
    url: string,
    keeping: Keeping,
    log: Log,
    { fetch = fetchKeys, now = () => performance.now() }: { fetch?: typeof fetchKeys; now?: () => number } = {},
  ) {
    this.url = shownUrl(url);
    this.#source = url;
    this.#keeping = keeping;
    this.#log = log;
    this.#fetch = fetch;
    this.#now = now;
  }

  /** The keys: those that were fetched last, or new ones if those are too old. @throws NoKeys if there are none */
  async current(): Promise<KeySet> {
    const fresh = this.#youngerThan(this.#keeping.cache);
    if (fresh !== null) return fresh;
    const refreshed = this.#refresh();
    // While the server fails no login waits to see it fail again.
    if (this.#failure === null || this.#usable === null) await refreshed;
    const set = this.#usable;
    if (set === null) throw new NoKeys(this.#failure ?? "it was asked a moment ago");
    return set;
  }

  /** The keys that were fetched last, if they may be used while the server fails. */
  get #usable(): KeySet | null {
    const { cache, stale } = this.#keeping;
    return this.#youngerThan(Math.max(cache, stale));
  }

  #youngerThan(seconds: number): KeySet | null {
    const fetched = this.#fetched;
    return fetched !== null && this.#now() - fetched.at < seconds * 1000 ? fetched.set : null;
  }

  /** The keys after another fetch, since none of `known` fits; null if it is too early for one, or it failed. */
  async newer(known: KeySet): Promise<KeySet | null> {
    if (this.#fetched?.set === known) await this.#refresh();
    const set = this.#fetched?.set ?? null;
    return set === known ? null : set;
  }

  /** Fetches the keys if they are not there, so that the first login need not wait; a failure is in the log. */
  warm(): void {
    this.current().catch(() => undefined);
  }

  /** Ends a fetch that is under way. */
  end(): void {
    this.#ended.abort(new NoKeys("the router stops"));
  }

  /** Never rejects. Nothing is fetched within the cooldown. */
  async #refresh(): Promise<void> {
    if (this.#fetching === null && this.#now() - this.#tried < this.#keeping.cooldown * 1000) return;
    this.#fetching ??= this.#fetchNow().finally(() => (this.#fetching = null));
    await this.#fetching;
  }

  async #fetchNow(): Promise<void> {
    const at = (this.#tried = this.#now());
    try {
      const set: JSONWebKeySet = await this.#fetch(this.#source, this.#ended.signal);
      this.#fetched = { set: createLocalJWKSet(set), at };
      if (this.#failure !== null) this.#log.info({ url: this.url }, "the keys for tokens can be fetched again");
      this.#failure = null;
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.#failure = (error as Error).message;
      const rest = this.#fetched === null ? "no login by a token can be decided" : "the old ones are used";
      this.#log.warn({ url: this.url, why: this.#failure }, `the keys for tokens cannot be fetched; ${rest}`);
    }
  }
}
