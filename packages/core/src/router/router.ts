import { dirname, resolve } from "node:path";
import { tapMethod, tapStatic, tapStrategy, unclaimedTaps } from "../auth/tap-plugins.ts";
import type { WampgateConfig } from "../config/define-config.ts";
import { type LoadedConfig, type LoadedTransport, loadConfig } from "../config/load.ts";
import type { Listener } from "../contract/transport.ts";
import type { ConfigIssue } from "../errors/config-error.ts";
import { PluginError } from "../errors/plugin-error.ts";
import type { Log } from "../contract/log.ts";
import type { RealmPort } from "../contract/realm-port.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import type { RouterStats, TransportStats } from "../contract/observers.ts";
import { callsEnded } from "./drain.ts";
import { TransportRuntime, type TransportRuntimeContext, SHUTTING_DOWN } from "./transport-runtime.ts";
import type { Freeze } from "../hooks/create-hook.ts";
import { createRouterHooks } from "../hooks/router-hooks.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import { LimitReport } from "../limits/limit-report.ts";
import type { LogStream } from "./log-stream.ts";
import { startComponent } from "../plugins/start-component.ts";
import { thrownText } from "../errors/thrown.ts";
import { Realms } from "./realms.ts";
import { routerLog } from "./router-log.ts";
import { NO_START, type RouterState } from "./states.ts";
import { closeUnentitled, logReload, type Reloaded, ReloadProblems, reloadCertificates } from "./reload.ts";
import { planReload } from "./reload-plan.ts";
import { cbor } from "../serializers/cbor/codec.ts";
import { json } from "../serializers/json/codec.ts";
import { msgpack } from "../serializers/msgpack/codec.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { joinAsService, joinLocally } from "../session/local/join.ts";
import type { LocalSession } from "../session/local/local-session.ts";
import { ServiceCalls } from "../session/local/service-calls.ts";
import type { Session } from "../session/session.ts";
import { isMemoryListener, memory, type MemoryClient, type MemoryConnectOptions } from "../transports/memory/memory.ts";
import { rawsocket } from "../transports/rawsocket/rawsocket.ts";
import { websocket } from "../transports/websocket/websocket.ts";
import { Deadline, untilAborted } from "../wamp/deadline.ts";
import { CloseUri } from "../wamp/error-uris.ts";
import { randomId } from "../wamp/ids.ts";

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
  /** Where `log` writes, if it is ours. @internal */
  readonly output?: LogStream;
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
  const { log, output } = options.log === undefined ? routerLog(1) : { output: null, ...options, log: options.log };
  const file = options.file === undefined ? "config" : resolve(cwd, options.file);
  const folder = options.file === undefined ? cwd : dirname(file);
  const loaded = await loadConfig({ file, folder, raw: config }, { cwd, transports: BUILTIN.transports });
  const router = new Router(loaded, cwd, log, output);
  await router.applyPlugins();
  return router;
}

/** A WAMP router. Made by `createRouter`. */
export class Router {
  readonly hooks: RouterHooks;
  readonly log: Log;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
  readonly #cwd: string;
  /** Null where the log is the embedding program's. */
  readonly #output: LogStream | null;
  #uncount: () => void = () => undefined;
  #config: LoadedConfig;
  readonly #freeze: Freeze = { frozen: false };
  readonly #limits: LimitReport;
  readonly #realms: Realms;
  readonly #services: ServiceCalls;
  /** One for each entry of the config's `transports`, in its order. */
  #transports: readonly TransportRuntime[] = [];
  readonly #locals = new Set<LocalSession>();
  readonly #ids = new Set<number>();
  readonly #listeners: { listener: Listener; transports: readonly TransportRuntime[] }[] = [];
  #onEmpty: (() => void) | null = null;
  #state: RouterState = "made";
  #closed: Promise<void> | null = null;
  /** The last reload: the next one waits for it. */
  #reloading: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(config: LoadedConfig, cwd: string, log: Log, output: LogStream | null) {
    this.#config = config;
    this.#cwd = cwd;
    this.#output = output;
    this.log = log;
    this.hooks = createRouterHooks(this.#freeze, log);
    this.#limits = new LimitReport(this.hooks, log);
    this.#followLog(config);
    this.stats = this.#live();
    this.#realms = new Realms({ hooks: this.hooks, log, call: (...args) => this.#services.call(...args) });
    this.#realms.configure(config);
    this.#services = new ServiceCalls(
      this.#realms,
      (realm) => joinAsService(realm, this.#newId(), { log, report: this.#limits.report }),
      (call) => this.hooks.serviceCallEnded.call(call),
    );
  }

  /** The config's plugins, as they were loaded. */
  get plugins(): LoadedConfig["plugins"] {
    return this.#config.plugins;
  }

  /** Where the router listens: empty before `start`. */
  get endpoints(): readonly Endpoint[] {
    return this.#listeners.flatMap(({ listener, transports }) =>
      transports.map(({ settings }, i) => ({
        type: settings.type,
        url: listener.urls[i] ?? "",
        methods: [...settings.auth.values()].map(({ method, blocks }) => ({
          name: method.name,
          plugin: this.#pluginOf(method.name),
          types: blocks.map(({ type }) => type),
        })),
      })),
    );
  }

  /** How many sessions there are, in process and by transport: all that have not ended. */
  get sessionCount(): { readonly remote: number; readonly local: number } {
    return { remote: this.#transports.reduce((sum, { sessions }) => sum + sessions.size, 0), local: this.#locals.size };
  }

  /** Lets each plugin tap the hooks. @internal */
  async applyPlugins(): Promise<void> {
    tapStatic(this.hooks, this.#config.plugins);
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
        throw new PluginError(plugin.name, `failed to apply itself: ${thrownText(error)}`, { cause: error });
      }
    }
  }

  /**
   * Freezes the hooks, starts the components one after the other, then listens. A router starts once.
   * @throws Error where a tap, a component or a transport fails, or the router is closed meanwhile; nothing is left running
   * then. Also where it has started or is closed already, which changes nothing
   */
  async start(): Promise<void> {
    if (this.#state !== "made") throw new Error(NO_START[this.#state]);
    this.check();
    this.#freeze.frozen = true;
    this.#state = "starting";
    try {
      await this.#startPlugins();
      this.#requireStarting();
      await this.#startComponents();
      await this.#listen();
      this.#state = "running";
    } catch (error) {
      await this.close();
      await this.#end(CloseUri.systemShutdown); // what began after an earlier close
      throw error;
    }
  }

  /**
   * Puts a changed config into effect: its realms, roles, permissions and authorizers, the `auth` of its transports and
   * their limits, and the files of certificates. Sessions that it would not let in any more are closed; all others stay.
   * What needs a restart is left as it is, and told. Reloads that come at once happen one after the other.
   *
   * @throws ConfigError where the config is wrong: the old one stays in effect then; Error where the router does not run
   */
  reload(config: WampgateConfig): Promise<Reloaded> {
    const reloaded = this.#reloading.then(() => this.#reload(config));
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  /**
   * The first half of an orderly end: takes no new clients, ends the logins under way, and waits until no call is
   * pending, for `shutdown-timeout` at most. `close` is the second half.
   */
  async drain(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "draining";
    this.#stop();
    const { shutdownTimeout } = this.#config;
    this.log.info({ sessions: this.sessionCount.remote }, "no new clients are taken; calls under way may end");
    const calls = await callsEnded(this.#realms, shutdownTimeout);
    if (calls > 0) this.log.warn({ calls }, `calls were still under way after shutdown-timeout, ${shutdownTimeout} ms`);
  }

  /**
   * Says GOODBYE to everyone, waits two seconds at most for the answers, and ends what is left. May be called more than
   * once: each resolves when the router is closed.
   */
  close(reason: string = CloseUri.systemShutdown): Promise<void> {
    return (this.#closed ??= this.#close(reason));
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

  async #close(reason: string): Promise<void> {
    this.#state = "closed";
    await this.#end(reason);
    this.#uncount();
    this.hooks.stopped.call();
  }

  async #end(reason: string): Promise<void> {
    this.#stop();
    const limit = new Deadline(CLOSE_TIMEOUT);
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      for (const session of this.#remote()) session.close(reason, SHUTTING_DOWN);
      this.#checkEmpty();
    });
    await untilAborted(empty, limit.signal).catch(() => undefined);
    limit.end();
    for (const session of this.#locals) session.leave(reason, SHUTTING_DOWN);
    this.#services.close();
    await Promise.all(this.#listeners.splice(0).map(({ listener }) => listener.close()));
  }

  /** To be called after each wait of `start`. @throws Error where the router was closed meanwhile */
  #requireStarting(): void {
    if (!this.#is("starting")) throw new Error("the router was told to stop while it started");
  }

  // The state changes while something is waited for, which the compiler does not see.
  #is(state: RouterState): boolean {
    return this.#state === state;
  }

  async #reload(raw: WampgateConfig): Promise<Reloaded> {
    const { file, folder, plugins } = this.#config;
    const running = plugins.map(({ plugin }) => plugin);
    const options = { cwd: this.#cwd, transports: BUILTIN.transports, running };
    const next = await loadConfig({ file, folder, raw }, options);
    if (!this.#is("running")) throw new Error("the config is not reloaded: the router has not started, or is stopping");
    const { config, restart } = planReload(this.#config, next);
    this.#config = config;
    this.#followLog(config);
    const problems = new ReloadProblems(this.log);
    for (const [i, transport] of this.#transports.entries())
      problems.attempt(`transports[${i}]`, () => transport.configure(config.transports[i] as LoadedTransport));
    const run = (name: string, step: () => void): void => problems.attempt(`the realm "${name}"`, step);
    const { removed, revoked, ...realms } = this.#realms.configure(config, run);
    for (const name of removed) this.#services.leave(name);
    const closed = await closeUnentitled({
      transports: this.#transports,
      locals: this.#locals,
      realms: this.#realms,
      log: this.log,
    });
    problems.found.push(...(await reloadCertificates(this.#listeners.map(({ listener }) => listener))));
    const reloaded = {
      realms: { ...realms, removed: removed.length },
      closed,
      revoked,
      restart,
      problems: problems.found,
    };
    logReload(this.log, reloaded);
    return reloaded;
  }

  /** Bounds what waits for the log's reader, and counts the lines that it loses. */
  #followLog({ log }: LoadedConfig): void {
    if (this.#output === null) return;
    this.#output.limit = log.buffer;
    this.#uncount();
    this.#uncount = this.#output.onLoss((lines) => this.#limits.add("log.buffer", lines));
  }

  async #startPlugins(): Promise<void> {
    const limit = new Deadline(START_TIMEOUT);
    await this.hooks.starting.promise({ signal: limit.signal }).finally(() => limit.end());
  }

  async #startComponents(): Promise<void> {
    for (const { module, realm, role, authid, config, timeout } of this.#config.components) {
      await startComponent(module, this.#joinLocally(realm, role, authid, "component"), config, timeout);
      this.#requireStarting();
    }
  }

  async #listen(): Promise<void> {
    const { transports, plugins, folder } = this.#config;
    this.#transports = transports.map((settings) => new TransportRuntime(settings, this.#transportContext()));
    const serializers = new Map<string, Serializer>();
    for (const serializer of [...BUILTIN.serializers, ...plugins.flatMap(({ plugin }) => plugin.serializers ?? [])]) {
      serializers.set(serializer.name, serializer);
    }
    const context = { serializers, folder, log: this.log, report: this.#limits.report };
    for (const { type, transport } of new Map(transports.map((settings) => [settings.type, settings])).values()) {
      const ofType = this.#transports.filter(({ settings }) => settings.type === type);
      const listener = await transport.start(
        ofType.map(({ entry }) => entry),
        context,
      );
      this.#listeners.push({ listener, transports: ofType });
      this.#requireStarting();
    }
  }

  #transportContext(): TransportRuntimeContext {
    return {
      realms: this.#realms,
      hooks: this.hooks,
      log: this.log,
      report: this.#limits.report,
      newId: () => this.#newId(),
      ended: (session) => {
        if (session.id !== null) this.#ids.delete(session.id);
        this.#checkEmpty();
      },
    };
  }

  #stop(): void {
    for (const { listener } of this.#listeners) listener.stop();
    for (const transport of this.#transports) transport.close();
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
      this.#listeners.flatMap(({ listener, transports }) =>
        transports.map(({ settings, limiter: { traffic, pendingLogins, sessions } }, i) => ({
          type: settings.type,
          url: listener.urls[i] ?? "",
          traffic,
          pendingLogins,
          sessions,
        })),
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
    if (this.#transports.every(({ sessions }) => sessions.size === 0)) this.#onEmpty?.();
  }

  /** All sessions that came by a transport. */
  #remote(): Session[] {
    return this.#transports.flatMap(({ sessions }) => [...sessions]);
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
