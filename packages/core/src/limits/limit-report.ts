import type { Log } from "../contract/log.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { LimitHit } from "../contract/observers.ts";
import type { RouterHooks } from "../contract/hooks.ts";

/**
 * How long a limit that was logged is not logged again, in milliseconds: a flood must not fill the log as well. A session
 * that hits it for the first time is named all the same.
 */
const QUIET_TIME = 10_000;

/** Where all limits that are hit come together: counted, told to the hook `limitHit`, and logged. */
export class LimitReport {
  readonly #counts: Map<string, number>;
  readonly #logged = new Map<string, { at: number; count: number }>();
  /** By session, the limits for which it was named in the log. */
  readonly #named = new WeakMap<SessionInfo, Set<string>>();
  readonly #hooks: RouterHooks;
  readonly #log: Log;

  /** @param limits the names under which hits are counted; others are added when they are hit */
  constructor(limits: Iterable<string>, hooks: RouterHooks, log: Log) {
    this.#counts = new Map([...limits].map((limit) => [limit, 0]));
    this.#hooks = hooks;
    this.#log = log;
  }

  /** How often each limit was hit. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Counts what is neither told nor logged when it happens. */
  add(limit: string, hits: number): void {
    this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + hits);
  }

  readonly report = (hit: LimitHit): void => {
    const count = (this.#counts.get(hit.limit) ?? 0) + 1;
    this.#counts.set(hit.limit, count);
    this.#tell(hit, count);
    this.#hooks.limitHit.call(hit);
  };

  #tell({ limit, message, peer, session }: LimitHit, count: number): void {
    const last = this.#logged.get(limit);
    const now = performance.now();
    const isNew = session !== null && this.#isNew(session, limit);
    if (!isNew && last !== undefined && now - last.at < QUIET_TIME) return;
    this.#logged.set(limit, { at: now, count });
    const who = session === null ? {} : { session: session.session, realm: session.realm, authid: session.authid };
    this.#log.warn({ limit, peer, ...who, hits: count - (last?.count ?? 0) }, message);
  }

  /** Whether a session hits a limit for the first time: it is named then, however many others were. */
  #isNew(session: SessionInfo, limit: string): boolean {
    const named = this.#named.get(session) ?? new Set<string>();
    if (named.has(limit)) return false;
    this.#named.set(session, named.add(limit));
    return true;
  }
}
