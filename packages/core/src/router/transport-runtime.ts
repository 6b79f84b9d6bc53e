import { createHandshakes } from "../auth/tap-plugins.ts";
import { type Entitlement, entitlementOf } from "../auth/entitlement.ts";
import type { HandshakeContext } from "../auth/context.ts";
import type { LoadedTransport } from "../config/check-transports.ts";
import type { BlockSettings } from "../contract/auth-settings.ts";
import type { Connection } from "../contract/connection.ts";
import type { TransportEntry } from "../contract/transport.ts";
import type { Log } from "../contract/log.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { ReportLimit } from "../contract/observers.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { FailedLogins } from "../limits/failed-logins.ts";
import { ConnectionLimiter, type ConnectionSlot } from "../limits/connection-limiter.ts";
import { ROUTER_ROLES } from "../realm/features.ts";
import type { Expiries } from "../session/expiry.ts";
import { Session, type SessionContext } from "../session/session.ts";
import { type Live, partOf } from "../settings/live.ts";
import { type LoginRecords, noRoom } from "../session/login-records.ts";
import { addressOf } from "../wamp/address.ts";
import { CloseUri } from "../wamp/error-uris.ts";

/** What a TransportRuntime needs of its router. */
export interface TransportRuntimeContext {
  readonly realms: RealmDirectory;
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly report: ReportLimit;
  readonly failedLogins: FailedLogins;
  readonly records: LoginRecords;
  readonly expiries: Expiries;
  readonly telling: SessionContext["telling"];
  newId(): number;
  ended(session: Session): void;
}

/** An entry of the config's `transports` at run time, with its sessions. */
export class TransportRuntime {
  readonly limiter: ConnectionLimiter;
  readonly sessions = new Set<Session>();
  /** What the transport gets. */
  readonly entry: TransportEntry;
  readonly #slots = new Map<Session, ConnectionSlot>();
  readonly #handshakeContext: HandshakeContext;
  readonly #sessionContext: SessionContext;
  readonly #settings: Live<LoadedTransport>;
  /** Why it takes no clients any more; null while it does. */
  #ending: Ending | null = null;

  constructor(settings: Live<LoadedTransport>, context: TransportRuntimeContext) {
    this.#settings = settings;
    const common = partOf(settings, (now) => now.settings);
    const report: ReportLimit = (hit) => context.report({ ...hit, transport: settings.now.index });
    this.limiter = new ConnectionLimiter(common, report, (limit, peer) => this.#noRoom(limit, peer));
    this.entry = {
      ...this.limiter.entry((connection, slot) => this.#accept(connection, slot)),
      ask: (method, work) => askStatic(settings.now.auth.get(method)?.blocks ?? [], work),
      get options() {
        return settings.now.options;
      },
      get limits() {
        return settings.now.settings;
      },
    };
    this.#handshakeContext = {
      ...context,
      get name() {
        return nameOf(settings.now);
      },
      place: () => settings.now.place(),
      authPlace: () => settings.now.authPlace(),
      auth: partOf(settings, ({ auth }) => auth),
      roles: ROUTER_ROLES,
    };
    this.#sessionContext = {
      ...context,
      get transport() {
        return settings.now.index;
      },
      settings: common,
      handshakes: context.failedLogins.guard(createHandshakes(this.#handshakeContext), common, report),
      joined: (session) => this.#slots.get(session)?.joined(),
      ended: (session) => {
        this.#slots.get(session)?.ended();
        this.#slots.delete(session);
        this.sessions.delete(session);
        context.ended(session);
      },
    };
  }

  /** The entry's current settings. */
  get settings(): LoadedTransport {
    return this.#settings.now;
  }

  /** Takes no new clients, and ends the pending logins. */
  stop(ending: Ending = SHUTDOWN): void {
    this.#ending ??= ending;
    for (const session of this.sessions) if (session.info === null) session.close(ending.reason, ending.message);
  }

  /** Its entry is not in the config any more: takes no new clients, ends the pending logins, and entitles no session. */
  retire(): void {
    this.stop(RETIRED);
  }

  /** Whether the current config lets a session stay. Null if it has not joined. */
  async entitlementOf({ info, admission }: Session): Promise<Entitlement | null> {
    if (info !== null && this.#ending === RETIRED) return { why: RETIRED.message };
    return info === null ? null : entitlementOf(info, admission, this.#handshakeContext);
  }

  /** There was no room for a connection: it is a login that ended before HELLO. */
  #noRoom(limit: string, peer: string): void {
    const { records } = this.#sessionContext;
    if (records.isUsed) records.add(noRoom(limit, addressOf(peer) ?? this.settings.type, this.settings.index));
  }

  #accept(connection: Connection, slot: ConnectionSlot): Session {
    const session = new Session(connection, this.#sessionContext);
    this.#slots.set(session, slot);
    this.sessions.add(session);
    if (this.#ending !== null) session.close(this.#ending.reason, this.#ending.message);
    return session;
  }
}

/** @see UpgradeRequest.ask */
async function askStatic(
  blocks: readonly BlockSettings[],
  work: (block: unknown) => void | Promise<void>,
): Promise<void> {
  for (const { strategy, value, instance } of blocks) if (strategy === null) await (instance?.ask(work) ?? work(value));
}

/** `the websocket transport /ws (transports[0])` */
function nameOf({ type, transport, options, index }: LoadedTransport): string {
  const accepts = transport.accepts?.(options);
  let path = "";
  if (accepts !== undefined && "upgrade" in accepts) path = ` ${accepts.upgrade}`;
  if (accepts !== undefined && "request" in accepts) path = ` ${accepts.request}`;
  return `the ${type} transport${path} (transports[${index}])`;
}

/** What clients are told when they have to go. */
interface Ending {
  readonly reason: string;
  readonly message: string;
}

/** The text for clients when the router stops. */
export const SHUTTING_DOWN = "the router is shutting down";

const SHUTDOWN: Ending = { reason: CloseUri.systemShutdown, message: SHUTTING_DOWN };

const RETIRED: Ending = {
  reason: CloseUri.killed,
  message: "the transport where this session came in is not in the config any more, or has changed",
};
