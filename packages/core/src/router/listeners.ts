import type { LoadedTransport } from "../config/check-transports.ts";
import type { LoadedConfig } from "../config/load.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import type { TransportStats } from "../contract/observers.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { EntryEndpoint, OpenEntry, TransportContext } from "../contract/transport.ts";
import { WaitingTotal } from "../limits/waiting-total.ts";
import { FailedLogins } from "../limits/failed-logins.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { thrownText } from "../errors/thrown.ts";
import { type LiveSource, partOf } from "../settings/live.ts";
import { LoginRecords } from "../session/login-records.ts";
import { Expiries } from "../session/expiry.ts";
import type { Session } from "../session/session.ts";
import { isMemoryEntry, type MemoryClient, type MemoryConnectOptions } from "../transports/memory/memory.ts";
import { endpointIn } from "../transports/net/endpoint.ts";
import type { EndpointServer, Place } from "../transports/net/endpoint-server.ts";
import { endings } from "../transports/frames/endings.ts";
import { Endpoints, type NamedServers } from "../transports/net/endpoints.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";
import { BUILTIN } from "./builtin.ts";
import type { RouterContext } from "./context.ts";
import { PluginRoutes } from "./plugin-routes.ts";
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

/** An open entry of the config's `transports`. */
interface Listening {
  readonly runtime: TransportRuntime;
  readonly settings: LiveSource<LoadedTransport>;
  readonly open: OpenEntry;
  /** Null for a transport that listens by itself. */
  readonly at: { readonly server: EndpointServer; readonly place: Place } | null;
}

/** How a reload has changed what listens. */
export interface ListenerChanges {
  readonly opened: number;
  readonly closed: number;
  /** What could not be put into effect: a sentence for each. */
  readonly problems: readonly string[];
}

/** The config's transports at run time, with their sessions. */
export class Listeners {
  #listening: readonly Listening[] = [];
  /** Those that a reload closes, as long as they have clients. */
  readonly #leaving = new Set<Listening>();
  /** The pages that plugins have on them. */
  readonly routes = new PluginRoutes();
  readonly #endpoints: Endpoints;
  readonly #realms: RealmDirectory;
  readonly #sessions: Sessions;
  readonly #context: RouterContext;
  readonly #failedLogins: FailedLogins;
  readonly #records: LoginRecords;
  readonly #expiries: Expiries;
  readonly #transportContext: Omit<TransportContext, "endpoint">;
  readonly #whenEnded = new Set<() => void>();
  #isStopped = false;
  /** The end of what the last reload closed. */
  #closing: Promise<unknown> = Promise.resolve();

  /** @param isReady whether clients should come to this node */
  constructor(
    realms: RealmDirectory,
    sessions: Sessions,
    context: RouterContext,
    servers: NamedServers,
    isReady: () => boolean,
  ) {
    const { config, log, limits } = context;
    this.#realms = realms;
    this.#sessions = sessions;
    this.#context = context;
    this.#failedLogins = new FailedLogins(limits.report, context.shared.logins);
    this.#records = new LoginRecords(context.hooks);
    this.#expiries = new Expiries(log);
    this.#transportContext = {
      serializers: serializersOf(config.now),
      folder: config.now.folder,
      log,
      report: limits.report,
      hooks: context.hooks,
      waiting: new WaitingTotal(partOf(config, ({ settings }) => settings)),
    };
    this.#endpoints = new Endpoints(servers, { ...this.#transportContext, isReady });
  }

  /** One for each open entry, and for those that a reload closes as long as they have clients. */
  get transports(): readonly TransportRuntime[] {
    return [...this.#listening, ...this.#leaving].map(({ runtime }) => runtime);
  }

  /** The current settings of the open entries, in the order of the config. */
  get open(): readonly LoadedTransport[] {
    return this.#listening.map(({ settings }) => settings.now);
  }

  /** How many sessions came by a transport, joined or not. */
  get sessionCount(): number {
    return this.transports.reduce((sum, { sessions }) => sum + sessions.size, 0);
  }

  get endpoints(): Endpoint[] {
    return this.#listening.map(({ runtime: { settings }, open }) => ({
      type: settings.type,
      url: open.url(),
      methods: [...settings.auth.values()].map(({ method, plugin, blocks }) => ({
        name: method.name,
        plugin,
        types: blocks.map(({ type }) => type),
      })),
    }));
  }

  get stats(): TransportStats[] {
    return this.#listening.map(({ runtime, open }) => {
      const { traffic, pendingLogins, sessions } = runtime.limiter;
      return { type: runtime.settings.type, url: open.url(), traffic, pendingLogins, sessions };
    });
  }

  /**
   * Opens all entries, then listens.
   * @param proceed called after each wait; if it throws, the start ends
   */
  async listen(proceed: () => void): Promise<void> {
    for (const settings of this.#context.config.now.transports) {
      const opened = await this.#opened(settings);
      this.#listening = [...this.#listening, opened];
      proceed();
    }
    const [problem] = this.#placeRoutes();
    if (problem !== undefined) throw new WampgateError("WG_ROUTE_PLACE", problem);
    await this.#endpoints.listen();
    proceed();
  }

  /** Connects to a transport of type `memory`. @throws WampgateError if there is none */
  connect({ name, ...options }: MemoryConnectOptions = {}): MemoryClient {
    const entries = this.#listening.map(({ open }) => open).filter(isMemoryEntry);
    if (entries.length === 0)
      throw new WampgateError("WG_CONNECT", "connect() needs a transport of type memory in the config, and start()");
    if (this.#isStopped) throw new WampgateError("WG_CONNECT", "the router has stopped: it takes no new clients");
    const entry = name === undefined ? entries[0] : entries.find((other) => other.name === name);
    if (entry === undefined)
      throw new WampgateError("WG_CONNECT", `there is no memory transport named "${name ?? "default"}"`);
    return entry.connect(options);
  }

  /**
   * The entries that stay get their new settings; the others take no clients any more, and entitle no session. Call
   * `followConfig` when their sessions have been told.
   *
   * @param kept the new settings of those that stay, by their old ones
   */
  settingsChanged(kept: ReadonlyMap<LoadedTransport, LoadedTransport>): void {
    const staying = this.#listening.filter(({ settings }) => kept.has(settings.now));
    for (const leaving of this.#listening.filter((listening) => !staying.includes(listening))) this.#retire(leaving);
    for (const { settings } of staying) settings.now = kept.get(settings.now) ?? settings.now;
    this.#listening = inOrder(staying, this.#context.config.now.transports);
  }

  /** Opens the entries that are new in the config, and closes those that left it. The others read their files again. */
  async followConfig(): Promise<ListenerChanges> {
    const closed = this.#leaving.size;
    const ended = (this.#closing = this.#closeLeaving());
    const problems = await this.#configure();
    const open = this.open;
    const added = this.#context.config.now.transports.filter((settings) => !open.includes(settings));
    let opened = await this.#openAll(
      added.filter(({ transport }) => transport.accepts !== undefined),
      problems,
    );
    problems.push(...(await ended));
    // One that listens by itself may need the address of one that was closed.
    opened += await this.#openAll(
      added.filter(({ transport }) => transport.accepts === undefined),
      problems,
    );
    problems.push(...this.#placeRoutes());
    return { opened, closed, problems };
  }

  /** Takes no new clients, and ends the pending logins. */
  stop(): void {
    this.#isStopped = true;
    this.#endpoints.stop();
    for (const transport of this.transports) transport.stop();
  }

  /** Sends GOODBYE to all, and waits for their answers, two seconds at most. */
  async dismiss(reason: string): Promise<void> {
    const { transports } = this;
    for (const { sessions } of transports) for (const session of sessions) session.close(reason, SHUTTING_DOWN);
    await this.#left(transports);
  }

  /** Ends the connections that are left. */
  async close(): Promise<void> {
    const all = [...this.#listening, ...this.#leaving];
    this.#listening = [];
    this.#leaving.clear();
    await Promise.all([...all.map(({ open }) => open.close()), this.#endpoints.close(), this.#closing]);
    await endings.done();
  }

  async #opened(settings: LoadedTransport): Promise<Listening> {
    const { transport, options } = settings;
    const live = { now: settings };
    const runtime = this.#runtimeOf(live);
    const accepts = transport.accepts?.(options);
    const server = accepts === undefined ? null : await this.#endpoints.at(endpointIn(options));
    const context = {
      ...this.#transportContext,
      get endpoint(): EntryEndpoint {
        if (server !== null) return server;
        throw new WampgateError(
          "WG_TRANSPORT",
          `the transport "${settings.type}" has no endpoint: it does not say what it accepts`,
        );
      },
    };
    const open = await transport.open(runtime.entry, context);
    if (server === null || accepts === undefined) return { runtime, settings: live, open, at: null };
    const [kind = ""] = Object.keys(accepts);
    if (typeof open[kind as keyof OpenEntry] !== "function")
      throw new WampgateError(
        "WG_TRANSPORT",
        `the transport "${settings.type}" accepts ${kind}, but open() gave no function of that name`,
      );
    const place: Place = {
      entry: runtime.entry,
      accepts,
      get maxHeaderSize() {
        const now = transport.accepts?.(runtime.entry.options) ?? accepts;
        return "upgrade" in now ? now.maxHeaderSize : undefined;
      },
      takes: open,
    };
    try {
      server.add(place);
    } catch (error) {
      await open.close();
      throw error;
    }
    return { runtime, settings: live, open, at: { server, place } };
  }

  #placeRoutes(): string[] {
    const { transports } = this.#context.config.now;
    return this.routes.place((entry) => {
      const listening = this.#listening.find(({ settings }) => settings.now === transports[entry]);
      return listening?.at?.server ?? null;
    });
  }

  #runtimeOf(settings: LiveSource<LoadedTransport>): TransportRuntime {
    const { hooks, log, limits, shared } = this.#context;
    return new TransportRuntime(settings, {
      realms: this.#realms,
      hooks,
      log,
      report: limits.report,
      failedLogins: this.#failedLogins,
      records: this.#records,
      expiries: this.#expiries,
      telling: (work) => shared.telling(work),
      newId: () => this.#sessions.newId(),
      ended: (session: Session) => {
        if (session.id !== null) this.#sessions.freeId(session.id);
        for (const look of this.#whenEnded) look();
      },
    });
  }

  #retire(listening: Listening): void {
    this.#leaving.add(listening);
    listening.at?.server.remove(listening.at.place);
    listening.runtime.retire();
  }

  /** Waits until the sessions of these have ended, two seconds at most. */
  async #left(transports: readonly TransportRuntime[]): Promise<void> {
    const limit = new Deadline(GOODBYE_TIME);
    let look = (): void => undefined;
    const empty = new Promise<void>((resolve) => {
      look = () => {
        if (transports.every(({ sessions }) => sessions.size === 0)) resolve();
      };
    });
    this.#whenEnded.add(look);
    look();
    await untilAborted(empty, limit.signal).catch(() => undefined);
    this.#whenEnded.delete(look);
    limit.end();
  }

  /** Waits until the clients of closed entries have left, then ends what is left of these entries. */
  async #closeLeaving(): Promise<readonly string[]> {
    const leaving = [...this.#leaving];
    const urls = leaving.map(({ open }) => open.url());
    const servers = this.#endpoints.dropEmpty();
    await this.#left(leaving.map(({ runtime }) => runtime));
    const outcomes = await Promise.allSettled([
      ...leaving.map(async ({ open }) => open.close()),
      ...servers.map((server) => server.close()),
    ]);
    for (const listening of leaving) this.#leaving.delete(listening);
    for (const url of urls) this.#context.log.info({ url }, "a transport was closed by the reload");
    return rejections(outcomes).map((error) => `a transport did not close in order: ${thrownText(error)}`);
  }

  /** Opens entries. Those that cannot be opened leave the others alone. @returns how many were opened */
  async #openAll(added: readonly LoadedTransport[], problems: string[]): Promise<number> {
    const { log, config } = this.#context;
    let count = 0;
    for (const settings of added) {
      if (this.#isStopped) return count;
      try {
        const listening = await this.#openedNow(settings);
        this.#listening = inOrder([...this.#listening, listening], config.now.transports);
        count++;
        log.info({ url: listening.open.url() }, "a transport was opened by the reload");
      } catch (error) {
        const name = `transports[${config.now.transports.indexOf(settings)}]`;
        problems.push(`${name} was not opened: ${thrownText(error)}; the next reload tries again`);
      }
    }
    return count;
  }

  /** Opens an entry, and listens. */
  async #openedNow(settings: LoadedTransport): Promise<Listening> {
    const listening = await this.#opened(settings);
    const { at, open } = listening;
    try {
      await at?.server.listen();
      if (this.#isStopped) throw new WampgateError("WG_NOT_RUNNING", "the router was told to stop");
      return listening;
    } catch (error) {
      at?.server.remove(at.place);
      await Promise.all([open.close(), ...this.#endpoints.dropEmpty().map((server) => server.close())]);
      throw error;
    }
  }

  async #configure(): Promise<string[]> {
    const outcomes = await Promise.allSettled([
      this.#endpoints.configure(),
      ...this.#listening.map(async ({ open }) => open.configure?.()),
    ]);
    return [
      ...outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? (outcome.value ?? []) : [])),
      ...rejections(outcomes).map((error) => `a transport does not follow the new config in all: ${thrownText(error)}`),
    ];
  }
}

function inOrder(listening: readonly Listening[], transports: readonly LoadedTransport[]): Listening[] {
  const position = ({ settings }: Listening): number => transports.indexOf(settings.now);
  return [...listening].sort((one, other) => position(one) - position(other));
}

function rejections(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
}

function serializersOf({ plugins }: LoadedConfig): ReadonlyMap<string, Serializer> {
  const all = [...BUILTIN.serializers, ...plugins.flatMap(({ plugin }) => plugin.serializers ?? [])];
  return new Map(all.map((serializer) => [serializer.name, serializer]));
}
