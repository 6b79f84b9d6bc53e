import { WampgateError } from "../errors/wampgate-error.ts";
import type { Freeze } from "../hooks/create-hook.ts";
import { CORE_VERSION, shownPlugin } from "../plugins/load-plugins.ts";
import { startComponent } from "../plugins/start-component.ts";
import { Deadline } from "../wamp/deadline.ts";
import { CloseUri } from "../wamp/error-uris.ts";
import type { Blocks } from "./blocks.ts";
import type { Cluster } from "./cluster.ts";
import type { RouterContext } from "./context.ts";
import { callsEnded } from "./drain.ts";
import type { Listeners } from "./listeners.ts";
import type { LogSettings } from "./log-settings.ts";
import { requireProviders } from "./plugins.ts";
import type { Realms } from "./realms.ts";
import type { SideListener } from "./side/side-listener.ts";
import type { Sessions } from "./sessions.ts";
import { SHUTTING_DOWN } from "./transport-runtime.ts";

/** The states of a router, in order. It may be closed in each of them. */
export type RouterState = "made" | "starting" | "running" | "draining" | "closed";

/** Why a router does not start. */
const NO_START = {
  starting: "start() was called already, and the router is starting",
  running: "the router runs already; it starts once",
  draining: "the router is stopping; make a new one with createRouter()",
  closed: "the router is closed, and does not start again; make a new one with createRouter()",
} as const;

/** How long the plugins may take to start their servers, in milliseconds. */
const START_TIMEOUT = 30_000;

interface Parts {
  readonly realms: Realms;
  readonly sessions: Sessions;
  readonly listeners: Listeners;
  readonly logSettings: LogSettings;
  readonly freeze: Freeze;
  readonly side: SideListener;
  readonly cluster: Cluster;
  readonly blocks: Blocks;
}

/** How a router starts and ends. */
export class Lifecycle {
  #state: RouterState = "made";
  #hasStarted = false;
  #closed: Promise<void> | null = null;
  readonly #parts: Parts;
  readonly #context: RouterContext;

  constructor(parts: Parts, context: RouterContext) {
    this.#parts = parts;
    this.#context = context;
  }

  get isRunning(): boolean {
    return this.#is("running");
  }

  /** Whether sessions of plugins may join: from the start to the end. */
  get isOpen(): boolean {
    return this.#is("starting") || this.#is("running") || this.#is("draining");
  }

  /** @throws WampgateError if the router is closed: a session that joined now would never end */
  requireNotClosed(): void {
    if (!this.#is("closed")) return;
    const text = "the router is closed, and no session joins it; make a new one with createRouter()";
    throw new WampgateError("WG_CLOSED", text);
  }

  /** @see Router.start */
  async start(): Promise<void> {
    if (this.#state !== "made") throw new WampgateError("WG_START_STATE", NO_START[this.#state]);
    const { listeners, freeze } = this.#parts;
    requireProviders(this.#context);
    freeze.frozen = true;
    this.#state = "starting";
    try {
      await this.#parts.blocks.open(this.#context.config.now);
      this.#requireStarting();
      await this.#parts.side.listen();
      this.#requireStarting();
      await this.#parts.cluster.start();
      this.#requireStarting();
      await this.#startPlugins();
      this.#requireStarting();
      await this.#startComponents();
      await listeners.listen(() => this.#requireStarting());
      this.#state = "running";
      this.#parts.side.ready(true);
      this.#tellStarted();
    } catch (error) {
      await this.close(CloseUri.systemShutdown);
      await this.#end(CloseUri.systemShutdown); // what has started after an earlier close
      throw error;
    }
  }

  /** @see Router.drain */
  async drain(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "draining";
    this.#parts.side.ready(false);
    const { listeners, realms, cluster } = this.#parts;
    const { config, log } = this.#context;
    listeners.stop();
    cluster.drain();
    const { "shutdown-timeout": timeout } = config.now.settings;
    log.info({ sessions: listeners.sessionCount }, "taking no new clients; waiting for pending calls");
    const calls = await callsEnded(realms, timeout);
    if (calls > 0) log.warn({ calls }, `calls were still pending after shutdown-timeout, ${timeout} ms`);
  }

  /** @see Router.close */
  close(reason: string): Promise<void> {
    return (this.#closed ??= this.#close(reason));
  }

  async #close(reason: string): Promise<void> {
    this.#state = "closed";
    await this.#end(reason);
    this.#context.hooks.stopped.call();
    if (this.#hasStarted) this.#context.log.info({}, "stopped");
    this.#parts.logSettings.close();
  }

  async #end(reason: string): Promise<void> {
    const { listeners, sessions, side, cluster, blocks } = this.#parts;
    side.ready(false);
    listeners.stop();
    await listeners.dismiss(reason);
    sessions.close(reason, SHUTTING_DOWN);
    await listeners.close();
    await blocks.end();
    await cluster.close();
    await side.close();
  }

  #tellStarted(): void {
    this.#hasStarted = true;
    const urls = this.#parts.listeners.endpoints.map(({ url }) => url);
    const { config, log } = this.#context;
    const plugins = config.now.plugins.map(({ plugin }) => shownPlugin(plugin));
    log.info({ urls, version: CORE_VERSION, plugins, node: process.version }, "started");
  }

  async #startPlugins(): Promise<void> {
    const limit = new Deadline(START_TIMEOUT);
    await this.#context.hooks.starting.promise({ signal: limit.signal }).finally(() => limit.end());
  }

  async #startComponents(): Promise<void> {
    const { node } = this.#parts.cluster;
    for (const component of this.#context.config.now.components) {
      const { module, realm, role, authid, config, nodes, timeout } = component;
      if (nodes !== undefined && node !== null && !nodes.includes(node)) continue;
      const session = this.#parts.sessions.join(realm, role, authid, "component");
      await startComponent(module, session, config, timeout, node !== null && nodes === undefined);
      this.#requireStarting();
    }
  }

  /** Call it after each wait in `start`. @throws WampgateError if the router was closed during the wait */
  #requireStarting(): void {
    if (!this.#is("starting"))
      throw new WampgateError("WG_START_ENDED", "the router was told to stop while it started");
  }

  // A method, since the state changes during a wait, which the compiler does not see.
  #is(state: RouterState): boolean {
    return this.#state === state;
  }
}
