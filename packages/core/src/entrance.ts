import { createDoor } from "./auth/door.ts";
import type { LoadedTransport } from "./config/load.ts";
import type { Connection, TransportEntry } from "./contract/connection.ts";
import type { Log } from "./contract/log.ts";
import type { RealmDirectory } from "./contract/peer.ts";
import type { ReportLimit } from "./contract/stats.ts";
import type { RouterHooks } from "./hooks/router-hooks.ts";
import { FailedLogins } from "./limits/failed-logins.ts";
import { Gate } from "./limits/gate.ts";
import { ROUTER_ROLES } from "./realm/features.ts";
import { Session, type SessionContext } from "./session/session.ts";
import { CloseUri } from "./wamp/error-uris.ts";

/** What an entrance needs of the router it leads into. */
export interface EntranceContext {
  readonly realms: RealmDirectory;
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly report: ReportLimit;
  newId(): number;
  ended(session: Session): void;
}

/** An entry of the config's `transports` at work, with the sessions that came in by it. */
export class Entrance {
  readonly settings: LoadedTransport;
  readonly gate: Gate;
  readonly sessions = new Set<Session>();
  /** What the transport is handed. */
  readonly entry: TransportEntry;
  readonly #context: SessionContext;
  #isClosed = false;

  constructor(settings: LoadedTransport, context: EntranceContext) {
    this.settings = settings;
    const { auth, authTimeout, limits, options } = settings;
    const door = createDoor({ auth, ...context, roles: ROUTER_ROLES });
    this.gate = new Gate(limits, context.report);
    this.entry = { options, ...this.gate.entry((connection) => this.#accept(connection)) };
    this.#context = {
      ...context,
      door: new FailedLogins(limits, context.report).guard(door),
      authTimeout,
      joined: ({ peer }) => this.gate.joined(peer),
      ended: (session) => {
        this.gate.ended(session.peer, session.hasJoined);
        this.sessions.delete(session);
        context.ended(session);
      },
    };
  }

  /** Lets nobody in any more, and ends the logins that are under way. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.sessions) if (session.info === null) this.#turnAway(session);
  }

  #accept(connection: Connection): Session {
    const session = new Session(connection, this.#context);
    this.sessions.add(session);
    if (this.#isClosed) this.#turnAway(session);
    return session;
  }

  #turnAway(session: Session): void {
    session.close(CloseUri.systemShutdown, SHUTTING_DOWN);
  }
}

/** What clients are told where the router stops. */
export const SHUTTING_DOWN = "the router is shutting down";
