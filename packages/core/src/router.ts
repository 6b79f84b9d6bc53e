import { dirname, resolve } from "node:path";
import { pino } from "pino";
import { createDoor, tapMethod, tapStatic, tapStrategy, unclaimedTaps } from "./auth/door.ts";
import type { WampgateConfig } from "./config/define-config.ts";
import { type LoadedConfig, type LoadedTransport, loadConfig } from "./config/load.ts";
import type { Listener } from "./contract/connection.ts";
import { type ConfigIssue, PluginError } from "./contract/errors.ts";
import type { Log } from "./contract/log.ts";
import type { RealmPort } from "./contract/peer.ts";
import type { PluginApi } from "./contract/plugin.ts";
import type { RouterStats, TransportStats } from "./contract/stats.ts";
import type { Freeze } from "./hooks/create-hook.ts";
import { createRouterHooks, type RouterHooks } from "./hooks/router-hooks.ts";
import { FailedLogins } from "./limits/failed-logins.ts";
import { Gate } from "./limits/gate.ts";
import { LimitReport } from "./limits/limit-report.ts";
import { startComponent } from "./plugins/start-component.ts";
import { ROUTER_ROLES } from "./realm/features.ts";
import { Realm } from "./realm/realm.ts";
import { cbor } from "./serializers/cbor.ts";
import { json } from "./serializers/json.ts";
import { msgpack } from "./serializers/msgpack.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { joinAsService, joinLocally } from "./session/join-local.ts";
import type { LocalSession } from "./session/local.ts";
import { ServiceCalls } from "./session/service-calls.ts";
import { Session } from "./session/session.ts";
import { isMemoryListener, memory, type MemoryClient, type MemoryConnectOptions } from "./transports/memory.ts";
import { rawsocket } from "./transports/rawsocket.ts";
import { websocket } from "./transports/websocket.ts";
import { deadline, untilAborted } from "./wamp/deadline.ts";
import { CloseUri } from "./wamp/error-uris.ts";
import { randomId } from "./wamp/ids.ts";

/** What core brings itself; plugins add to it. */
export const BUILTIN = { transports: [websocket, rawsocket, memory], serializers: [json, msgpack, cbor] } as const;

/** How long the plugins may take to start what they serve, in milliseconds. */
const START_TIMEOUT = 30_000;

/** How long `close` waits for clients to answer GOODBYE, in milliseconds. */
const CLOSE_TIMEOUT = 2000;

export interface RouterOptions {
  /** Where plugins and modules are looked for. Default: the process's working directory. */
  readonly cwd?: string;
  /** The file the config came from: plugins are looked for beside it first, and errors name it. */
  readonly file?: string;
  /** Default: pino, JSON lines on stdout. */
  readonly log?: Log;
}

/** Where the router listens, once it does. */
export interface Endpoint {
  readonly type: string;
  readonly url: string;
  /** The methods it offers, with the types of their blocks and the plugins they come from. */
  readonly methods: readonly { readonly name: string; readonly plugin: string; readonly types: readonly string[] }[];
}

/**
 * Loads and checks a config, and puts a router together that does not listen yet.
 *
 * @throws ConfigError with all that is wrong in the config
 * @example
 * const router = await createRouter(config, { cwd: import.meta.dirname });
 * router.hooks.joined.tap("greet", (session) => console.log(`${session.authid} joined ${session.realm}`));
 * await router.start();
 */
export async function createRouter(config: WampgateConfig, options: RouterOptions = {}): Promise<Router> {
  const cwd = options.cwd ?? process.cwd();
  const log = options.log ?? pino({ name: "wampgate", serializers: { error: pino.stdSerializers.err } });
  const file = options.file === undefined ? "config" : resolve(cwd, options.file);
  const folder = options.file === undefined ? cwd : dirname(file);
  const loaded = await loadConfig({ file, folder, raw: config }, { cwd, transports: BUILTIN.transports });
  const router = new Router(loaded, log);
  await router.applyPlugins();
  return router;
}

/** A WAMP router. Made by `createRouter`. */
export class Router {
  readonly hooks: RouterHooks;
  readonly log: Log;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
  readonly #config: LoadedConfig;
  readonly #freeze: Freeze = { frozen: false };
  readonly #limits: LimitReport;
  readonly #gates = new Map<LoadedTransport, Gate>();
  readonly #realms: ReadonlyMap<string, Realm>;
  readonly #services: ServiceCalls;
  readonly #sessions = new Set<Session>();
  readonly #locals = new Set<LocalSession>();
  readonly #ids = new Set<number>();
  readonly #listeners: { listener: Listener; transports: readonly LoadedTransport[] }[] = [];
  #onEmpty: (() => void) | null = null;

  /** @internal */
  constructor(config: LoadedConfig, log: Log) {
    this.#config = config;
    this.log = log;
    this.hooks = createRouterHooks(this.#freeze, log);
    this.#limits = new LimitReport(this.hooks, log);
    this.stats = this.#live();
    this.#realms = new Map(
      config.realms.map((settings) => [
        settings.name,
        new Realm(settings, {
          guarded: guardedIn(settings.name, config),
          hooks: this.hooks,
          log,
          call: (...args) => this.#services.call(...args),
        }),
      ]),
    );
    this.#services = new ServiceCalls(
      this.#realms,
      (realm) => joinAsService(realm, this.#newId(), { log, report: this.#limits.report }),
      (call) => this.hooks.called.call(call),
    );
  }

  /** The config's plugins, as they were loaded. */
  get plugins(): LoadedConfig["plugins"] {
    return this.#config.plugins;
  }

  /** Where the router listens: empty before `start`. */
  get endpoints(): readonly Endpoint[] {
    return this.#listeners.flatMap(({ listener, transports }) =>
      transports.map((transport, i) => ({
        type: transport.type,
        url: listener.urls[i] ?? "",
        methods: [...transport.auth.values()].map(({ method, blocks }) => ({
          name: method.name,
          plugin: this.#pluginOf(method.name),
          types: blocks.map(({ type }) => type),
        })),
      })),
    );
  }

  /** How many sessions there are, in process and by transport: all that have not ended. */
  get sessionCount(): { readonly remote: number; readonly local: number } {
    return { remote: this.#sessions.size, local: this.#locals.size };
  }

  /** Lets each plugin tap the hooks. @internal */
  async applyPlugins(): Promise<void> {
    tapStatic(this.hooks);
    for (const { plugin, options } of this.#config.plugins) {
      const api: PluginApi = {
        hooks: this.hooks,
        log: this.log.child({ plugin: plugin.name }),
        call: (...args) => this.#services.call(...args),
        stats: this.stats,
      };
      for (const method of plugin.methods ?? []) tapMethod(this.hooks, plugin.name, method);
      for (const strategy of plugin.strategies ?? []) tapStrategy(this.hooks, plugin.name, strategy, api);
      try {
        await plugin.apply?.(api, options);
      } catch (error) {
        throw new PluginError(plugin.name, `failed to apply itself: ${(error as Error).message}`, { cause: error });
      }
    }
  }

  /**
   * Freezes the hooks, starts the components one after the other, then listens.
   * @throws Error where a tap, a component or a transport fails; nothing is left running then
   */
  async start(): Promise<void> {
    this.check();
    this.#freeze.frozen = true;
    try {
      await this.#startPlugins();
      await this.#startComponents();
      await this.#listen();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Says GOODBYE to everyone, waits two seconds at most for the answers, and ends what is left. */
  async close(reason: string = CloseUri.systemShutdown): Promise<void> {
    for (const { listener } of this.#listeners) listener.stop();
    const { signal, end } = deadline(CLOSE_TIMEOUT);
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      for (const session of this.#sessions) session.close(reason, "the router is shutting down");
      this.#checkEmpty();
    });
    await untilAborted(empty, signal).catch(() => undefined);
    end();
    for (const session of this.#locals) session.leave(reason, "the router is shutting down");
    this.#services.close();
    await Promise.all(this.#listeners.map(({ listener }) => listener.close()));
    this.#listeners.length = 0;
    this.hooks.closed.call();
  }

  /**
   * A session in this process, without a login, with autobahn-js's signatures.
   * @throws Error where there is no such realm, or no such role in it
   */
  session(realmName: string, identity: { readonly role: string; readonly authid?: string }): LocalSession {
    return this.#joinLocally(realmName, identity.role, identity.authid ?? "embedded", "embedded");
  }

  /** Connects to a transport of type `memory`, frame by frame, as over a socket. For tests. */
  connect(options?: MemoryConnectOptions): MemoryClient {
    const found = this.#listeners.map(({ listener }) => listener).find(isMemoryListener);
    if (found === undefined) throw new Error("connect() needs a transport of type memory in the config, and start()");
    return found.connect(options);
  }

  /** What is legal in the config, but likely not meant. */
  get warnings(): readonly ConfigIssue[] {
    return this.#config.warnings;
  }

  /** @throws Error where a hook is tapped for a method or strategy that no loaded plugin provides */
  check(): void {
    const methods = new Set(this.#config.plugins.flatMap(({ plugin }) => plugin.methods ?? []).map(({ name }) => name));
    const strategies = this.#config.plugins.flatMap(({ plugin }) => plugin.strategies ?? []);
    const orphans = unclaimedTaps(this.hooks, methods, new Set(["static", ...strategies.map(({ type }) => type)]));
    if (orphans.length > 0) {
      throw new Error(
        `no loaded plugin provides what is tapped by ${orphans.join(", ")}: list it in plugins, or remove the tap`,
      );
    }
  }

  async #startPlugins(): Promise<void> {
    const { signal, end } = deadline(START_TIMEOUT);
    await this.hooks.start.promise({ signal }).finally(end);
  }

  async #startComponents(): Promise<void> {
    for (const { module, realm, role, authid, config, timeout } of this.#config.components) {
      await startComponent(module, this.#joinLocally(realm, role, authid, "component"), config, timeout);
    }
  }

  async #listen(): Promise<void> {
    const { transports, plugins } = this.#config;
    const serializers = new Map<string, Serializer>();
    for (const serializer of [...BUILTIN.serializers, ...plugins.flatMap(({ plugin }) => plugin.serializers ?? [])]) {
      serializers.set(serializer.name, serializer);
    }
    for (const type of new Set(transports.map((transport) => transport.type))) {
      const ofType = transports.filter((transport) => transport.type === type);
      const entries = ofType.map((transport) => this.#entry(transport));
      const listener = await ofType[0]?.transport.start(entries, {
        serializers,
        folder: this.#config.folder,
        log: this.log,
        report: this.#limits.report,
      });
      if (listener !== undefined) this.#listeners.push({ listener, transports: ofType });
    }
  }

  #entry(transport: LoadedTransport) {
    const { options, auth, authTimeout, limits } = transport;
    const gate = new Gate(limits, this.#limits.report);
    this.#gates.set(transport, gate);
    const door = createDoor({ auth, hooks: this.hooks, realms: this.#realms, roles: ROUTER_ROLES, log: this.log });
    const context = {
      door: new FailedLogins(limits, this.#limits.report).guard(door),
      realms: this.#realms,
      hooks: this.hooks,
      log: this.log,
      report: this.#limits.report,
      authTimeout,
      newId: () => this.#newId(),
      joined: ({ peer }: Session) => gate.joined(peer),
      ended: (session: Session) => {
        gate.ended(session.peer, session.hasJoined);
        this.#sessions.delete(session);
        if (session.id !== null) this.#ids.delete(session.id);
        this.#checkEmpty();
      },
    };
    const accept = (connection: ConstructorParameters<typeof Session>[0]): Session => {
      const session = new Session(connection, context);
      this.#sessions.add(session);
      return session;
    };
    return { options, ...gate.entry(accept) };
  }

  #joinLocally(realmName: string, role: string, authid: string, provider: string): LocalSession {
    const realm: RealmPort | undefined = this.#realms.get(realmName);
    if (realm === undefined) throw new Error(`no realm "${realmName}" exists on this router`);
    if (!realm.hasRole(role)) throw new Error(`realm "${realmName}" has no role "${role}"`);
    const identity = { session: this.#newId(), role, authid, provider };
    const session = joinLocally(realm, identity, {
      hooks: this.hooks,
      log: this.log,
      report: this.#limits.report,
      ended: (ended) => {
        this.#locals.delete(ended);
        this.#ids.delete(ended.id);
      },
    });
    this.#locals.add(session);
    return session;
  }

  #live(): RouterStats {
    const transports = (): TransportStats[] =>
      this.#listeners.flatMap(({ listener, transports: entries }) =>
        entries.flatMap((entry, i) => {
          const gate = this.#gates.get(entry);
          if (gate === undefined) return [];
          const { traffic, halfOpen, sessions } = gate;
          return [{ type: entry.type, url: listener.urls[i] ?? "", traffic, halfOpen, sessions }];
        }),
      );
    const locals = this.#locals;
    return {
      get transports() {
        return transports();
      },
      get localSessions() {
        return locals.size;
      },
      limits: this.#limits.counts,
    };
  }

  #checkEmpty(): void {
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  #newId(): number {
    let id = randomId();
    while (this.#ids.has(id)) id = randomId();
    this.#ids.add(id);
    return id;
  }

  #pluginOf(method: string): string {
    const claims = this.#config.plugins.find(({ plugin }) => plugin.methods?.some(({ name }) => name === method));
    return claims?.plugin.name ?? "?";
  }
}

/** The procedures in `realm` that strategies call. */
function guardedIn(realm: string, { called }: LoadedConfig): ReadonlySet<string> {
  return new Set(
    called.filter((procedure) => procedure.realm === null || procedure.realm === realm).map(({ uri }) => uri),
  );
}
