import { WampgateError } from "../errors/wampgate-error.ts";
import type { RealmDirectory, RealmPort } from "../contract/realm-port.ts";
import { joinAsService, joinLocally } from "../session/local/join.ts";
import type { InProcessSession } from "../session/local/local-session.ts";
import { ServiceCalls } from "../session/local/service-calls.ts";
import { randomId } from "../wamp/ids.ts";
import type { Cluster } from "./cluster.ts";
import type { RouterContext } from "./context.ts";
import { purposeOf } from "./service-call-stats.ts";

/** The ids of all sessions, and the sessions in the router's own process. */
export class Sessions {
  /** Components, and sessions of the embedding program. */
  readonly locals = new Set<InProcessSession>();
  /** The router's own calls. */
  readonly services: ServiceCalls;
  readonly #ids = new Set<number>();
  readonly #realms: RealmDirectory;
  readonly #context: RouterContext;
  readonly #cluster: Cluster;

  constructor(realms: RealmDirectory, cluster: Cluster, context: RouterContext) {
    const { hooks, log, limits } = context;
    this.#realms = realms;
    this.#cluster = cluster;
    this.#context = context;
    this.services = new ServiceCalls(
      realms,
      (realm) => joinAsService(realm, this.newId(), { log, report: limits.report }),
      (call) => {
        if (hooks.serviceCallEnded.taps.length === 0) return;
        hooks.serviceCallEnded.call({ ...call, purpose: purposeOf(call, context.config.now) });
      },
    );
  }

  /** An id that no other session has, until it is freed. */
  newId(): number {
    let id = randomId();
    while (this.#ids.has(id)) id = randomId();
    this.#ids.add(id);
    return id;
  }

  freeId(id: number): void {
    this.#ids.delete(id);
  }

  /**
   * Joins a session of this process to a realm, without a login.
   * @param provider what creates it: `component`, `embedded`, `plugin`
   * @throws WampgateError if there is no such realm, or no such role in it, or a link to other nodes that does not run yet
   */
  join(realmName: string, role: string, authid: string, provider: string, log = this.#context.log): InProcessSession {
    this.#cluster.requireLink();
    const realm: RealmPort | undefined = this.#realms.get(realmName);
    if (realm === undefined) throw new WampgateError("WG_NO_REALM", `no realm "${realmName}" exists on this router`);
    if (!realm.hasRole(role)) throw new WampgateError("WG_NO_ROLE", `realm "${realmName}" has no role "${role}"`);
    const { hooks, limits } = this.#context;
    const session = joinLocally(
      realm,
      { session: this.newId(), role, authid, provider },
      {
        hooks,
        log,
        report: limits.report,
        ended: (ended) => {
          this.locals.delete(ended);
          this.freeId(ended.id);
        },
      },
    );
    this.locals.add(session);
    return session;
  }

  /** Ends all local sessions, the router's own too. */
  close(reason: string, message: string): void {
    for (const session of this.locals) session.leave(reason, message, "router");
    this.services.close();
  }
}
