import type { LoadedTransport } from "../config/check-transports.ts";
import type { LoadedConfig } from "../config/load.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import type { TransportStats } from "../contract/observers.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { Listener } from "../contract/transport.ts";
import { WaitingTotal } from "../limits/waiting-total.ts";
import { FailedLogins } from "../limits/failed-logins.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { partOf } from "../settings/live.ts";
import type { Session } from "../session/session.ts";
import { isMemoryListener, type MemoryClient, type MemoryConnectOptions } from "../transports/memory/memory.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";
import { BUILTIN } from "./builtin.ts";
import type { RouterContext } from "./context.ts";
import type { Sessions } from "./sessions.ts";
import { SHUTTING_DOWN, TransportRuntime } from "./transport-runtime.ts";

/** How long clients may take to answer GOODBYE, in milliseconds. */
const GOODBYE_TIME = 2000;

/** One address where the router listens. */
export interface Endpoint {
  readonly type: string;
  readonly url: string;
  /** The methods that it offers, with the types of their blocks and their plugins. */
  readonly methods: readonly { readonly name: string; readonly plugin: string; readonly types: readonly string[] }[];
}

/** The config's transports at run time, with their sessions. */
export class Listeners {
  /** One for each entry of the config's `transports`, in its order. Empty until they listen. */
  transports: readonly TransportRuntime[] = [];
  readonly #listening: { readonly listener: Listener; readonly transports: readonly TransportRuntime[] }[] = [];
  readonly #realms: RealmDirectory;
  readonly #sessions: Sessions;
  readonly #context: RouterContext;
  readonly #failedLogins: FailedLogins;
  readonly #waiting: WaitingTotal;
  #onEmpty: (() => void) | null = null;

  constructor(realms: RealmDirectory, sessions: Sessions, context: RouterContext) {
    this.#realms = realms;
    this.#sessions = sessions;
    this.#context = context;
    this.#failedLogins = new FailedLogins(context.limits.report);
    this.#waiting = new WaitingTotal(partOf(context.config, ({ settings }) => settings));
  }

  /** How many sessions came by a transport, joined or not. */
  get sessionCount(): number {
    return this.transports.reduce((sum, { sessions }) => sum + sessions.size, 0);
  }

  get endpoints(): Endpoint[] {
    return this.#each(({ settings }, url) => ({
      type: settings.type,
      url,
      methods: [...settings.auth.values()].map(({ method, plugin, blocks }) => ({
        name: method.name,
        plugin,
        types: blocks.map(({ type }) => type),
      })),
    }));
  }

  get stats(): TransportStats[] {
    return this.#each(({ settings, limiter: { traffic, pendingLogins, sessions } }, url) => ({
      type: settings.type,
      url,
      traffic,
      pendingLogins,
      sessions,
    }));
  }

  /**
   * Starts all transports.
   * @param proceed called after each wait; if it throws, the start ends
   */
  async listen(proceed: () => void): Promise<void> {
    const { config, log, limits } = this.#context;
    const { folder, transports } = config.now;
    this.transports = transports.map((_, i) => this.#runtimeOf(i));
    const context = {
      serializers: serializersOf(config.now),
      folder,
      log,
      report: limits.report,
      waiting: this.#waiting,
    };
    for (const { type, transport } of new Map(transports.map((entry) => [entry.type, entry])).values()) {
      const ofType = this.transports.filter(({ settings }) => settings.type === type);
      const entries = ofType.map(({ entry }) => entry);
      this.#listening.push({ listener: await transport.start(entries, context), transports: ofType });
      proceed();
    }
  }

  /** Connects to a transport of type `memory`. @throws WampgateError if there is none */
  connect(options?: MemoryConnectOptions): MemoryClient {
    const found = this.#listening.map(({ listener }) => listener).find(isMemoryListener);
    if (found === undefined)
      throw new WampgateError("WG_CONNECT", "connect() needs a transport of type memory in the config, and start()");
    return found.connect(options);
  }

  /** Reads certificates again. @returns a sentence for each problem */
  async reloadCertificates(): Promise<string[]> {
    const outcomes = await Promise.allSettled(
      this.#listening.map(async ({ listener }) => listener.reloadCertificates?.()),
    );
    return outcomes.flatMap((outcome) =>
      outcome.status === "fulfilled" ? (outcome.value ?? []) : [`certificates: ${(outcome.reason as Error).message}`],
    );
  }

  /** Takes no new clients, and ends the pending logins. */
  stop(): void {
    for (const { listener } of this.#listening) listener.stop();
    for (const transport of this.transports) transport.close();
  }

  /** Sends GOODBYE to all, and waits for their answers, two seconds at most. */
  async dismiss(reason: string): Promise<void> {
    const limit = new Deadline(GOODBYE_TIME);
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      for (const { sessions } of this.transports) for (const session of sessions) session.close(reason, SHUTTING_DOWN);
      this.#checkEmpty();
    });
    await untilAborted(empty, limit.signal).catch(() => undefined);
    limit.end();
  }

  /** Ends the connections that are left. */
  async close(): Promise<void> {
    await Promise.all(this.#listening.splice(0).map(({ listener }) => listener.close()));
  }

  #runtimeOf(i: number): TransportRuntime {
    const { config, hooks, log, limits } = this.#context;
    // A reload keeps the entries in their order, and neither adds nor removes one.
    const settings = partOf(config, ({ transports }) => transports[i] as LoadedTransport);
    return new TransportRuntime(settings, {
      realms: this.#realms,
      hooks,
      log,
      report: limits.report,
      failedLogins: this.#failedLogins,
      newId: () => this.#sessions.newId(),
      ended: (session: Session) => {
        if (session.id !== null) this.#sessions.freeId(session.id);
        this.#checkEmpty();
      },
    });
  }

  #each<T>(tell: (transport: TransportRuntime, url: string) => T): T[] {
    return this.#listening.flatMap(({ listener, transports }) =>
      transports.map((transport, i) => tell(transport, listener.urls[i] ?? "")),
    );
  }

  #checkEmpty(): void {
    if (this.sessionCount === 0) this.#onEmpty?.();
  }
}

function serializersOf({ plugins }: LoadedConfig): ReadonlyMap<string, Serializer> {
  const all = [...BUILTIN.serializers, ...plugins.flatMap(({ plugin }) => plugin.serializers ?? [])];
  return new Map(all.map((serializer) => [serializer.name, serializer]));
}
