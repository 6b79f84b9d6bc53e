import type { Log } from "../contract/log.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { LimitHit, ReportedHit, ReportLimit } from "../contract/observers.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import { addressOf } from "../wamp/address.ts";

/**
 * How long a limit is not logged again, in milliseconds: a flood must not fill the log. A session that hits the limit
 * for the first time is still logged.
 */
const QUIET_TIME = 10_000;

type PlaceOf = (hit: ReportedHit) => Pick<LimitHit, "where" | "config">;

const NOWHERE = { where: null, config: null };

/** Counts all limit hits, passes them to the hook `limitHit`, and logs them. */
export class LimitReport {
  readonly #counts: Map<string, number>;
  readonly #logged = new Map<string, { at: number; count: number }>();
  /** By session, the limits that were logged for it. */
  readonly #named = new WeakMap<SessionInfo, Set<string>>();
  readonly #hooks: RouterHooks;
  readonly #placeOf: PlaceOf;
  readonly #log: Log;

  /**
   * @param limits the names under which hits are counted; others are added when they are hit
   * @param placeOf finds where the limit stands
   */
  constructor(limits: Iterable<string>, hooks: RouterHooks, log: Log, placeOf: PlaceOf = () => NOWHERE) {
    this.#placeOf = placeOf;
    this.#counts = new Map([...limits].map((limit) => [limit, 0]));
    this.#hooks = hooks;
    this.#log = log;
  }

  /** How often each limit was hit. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Counts hits that are neither passed to the hook nor logged. */
  add(limit: string, hits: number): void {
    this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + hits);
  }

  readonly report: ReportLimit = (hit) => {
    const count = (this.#counts.get(hit.limit) ?? 0) + 1;
    this.#counts.set(hit.limit, count);
    this.#tell(hit, count);
    const { limitHit } = this.#hooks;
    if (limitHit.taps.length === 0) return;
    const { limit, message, peer, session } = hit;
    limitHit.call({ limit, message, peer, address: addressOf(peer), session, ...this.#placeOf(hit) });
  };

  #tell({ limit, message, peer, session }: ReportedHit, count: number): void {
    const last = this.#logged.get(limit);
    const now = performance.now();
    const isNew = session !== null && this.#isNew(session, limit);
    if (!isNew && last !== undefined && now - last.at < QUIET_TIME) return;
    this.#logged.set(limit, { at: now, count });
    const who = session === null ? {} : { session: session.session, realm: session.realm, authid: session.authid };
    this.#log.warn({ limit, peer, ...who, hits: count - (last?.count ?? 0) }, message);
  }

  /** Whether a session hits a limit for the first time: then it is logged, even if many others were. */
  #isNew(session: SessionInfo, limit: string): boolean {
    const named = this.#named.get(session) ?? new Set<string>();
    if (named.has(limit)) return false;
    this.#named.set(session, named.add(limit));
    return true;
  }
}
