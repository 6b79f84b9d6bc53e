import { createDoor } from "../auth/tap-plugins.ts";
import { whyNotEntitled } from "../auth/entitlement.ts";
import type { DoorContext } from "../auth/context.ts";
import type { LoadedTransport } from "../config/load.ts";
import type { Connection } from "../contract/connection.ts";
import type { TransportEntry } from "../contract/transport.ts";
import type { Log } from "../contract/log.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { AuthSettings } from "../contract/auth-settings.ts";
import type { ReportLimit } from "../contract/observers.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import { FailedLogins } from "../limits/failed-logins.ts";
import { Gate, type Place } from "../limits/connection-limiter.ts";
import { ROUTER_ROLES } from "../realm/features.ts";
import { Session, type SessionContext } from "../session/session.ts";
import { CloseUri } from "../wamp/error-uris.ts";

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
  readonly gate: Gate;
  readonly sessions = new Set<Session>();
  /** What the transport is handed. */
  readonly entry: { -readonly [K in keyof TransportEntry]: TransportEntry[K] };
  readonly #places = new Map<Session, Place>();
  readonly #failedLogins: FailedLogins;
  readonly #doorContext: DoorContext & { auth: AuthSettings };
  readonly #sessionContext: SessionContext & { authTimeout: number };
  #settings: LoadedTransport;
  #isClosed = false;

  constructor(settings: LoadedTransport, context: EntranceContext) {
    this.#settings = settings;
    const { auth, authTimeout, limits, options } = settings;
    this.gate = new Gate(limits, context.report);
    this.entry = { options, ...this.gate.entry((connection, place) => this.#accept(connection, place)) };
    this.#failedLogins = new FailedLogins(limits, context.report);
    this.#doorContext = { ...context, auth, roles: ROUTER_ROLES };
    this.#sessionContext = {
      ...context,
      door: this.#failedLogins.guard(createDoor(this.#doorContext)),
      authTimeout,
      joined: (session) => this.#places.get(session)?.joined(),
      ended: (session) => {
        this.#places.get(session)?.ended();
        this.#places.delete(session);
        this.sessions.delete(session);
        context.ended(session);
      },
    };
  }

  get settings(): LoadedTransport {
    return this.#settings;
  }

  /** Puts other settings into effect, for logins and connections to come. */
  configure(settings: LoadedTransport): void {
    this.#settings = settings;
    const { auth, authTimeout, limits, options } = settings;
    this.gate.configure(limits);
    this.#failedLogins.configure(limits);
    this.entry.options = options;
    this.entry.limits = limits;
    this.#doorContext.auth = auth;
    this.#sessionContext.authTimeout = authTimeout;
  }

  /** Lets nobody in any more, and ends the logins that are under way. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.sessions) if (session.info === null) this.#turnAway(session);
  }

  /** Why the config does not let a session in any more, a sentence; null where it does, or the session has not joined. */
  async whyNotEntitled({ info, admission }: Session): Promise<string | null> {
    return info === null ? null : whyNotEntitled(info, admission, this.#doorContext);
  }

  #accept(connection: Connection, place: Place): Session {
    const session = new Session(connection, this.#sessionContext);
    this.#places.set(session, place);
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
