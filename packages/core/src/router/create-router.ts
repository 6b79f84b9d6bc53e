import { dirname, resolve } from "node:path";
import type { WampgateConfig } from "../config/define-config.ts";
import { limitCounters } from "../config/json-schema.ts";
import type { PluginEntries } from "../config/plugin-options.ts";
import type { Locate } from "../config/places.ts";
import { type LoadedConfig, loadConfig, type LoadOptions } from "../config/load.ts";
import type { Log } from "../contract/log.ts";
import type { RouterStats } from "../contract/observers.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import type { Freeze } from "../hooks/create-hook.ts";
import { createRouterHooks } from "../hooks/router-hooks.ts";
import { LimitReport } from "../limits/limit-report.ts";
import { partOf } from "../settings/live.ts";
import type { NamedServers } from "../transports/net/endpoints.ts";
import { CloseUri } from "../wamp/error-uris.ts";
import { Blocks } from "./blocks.ts";
import { BUILTIN, NAMED } from "./builtin.ts";
import { checkRouter } from "./check.ts";
import { Cluster } from "./cluster.ts";
import type { RouterContext } from "./context.ts";
import { Lifecycle } from "./lifecycle.ts";
import { limitPlaces } from "./limit-places.ts";
import { Listeners } from "./listeners.ts";
import { LogSettings } from "./log-settings.ts";
import { boundedLog } from "./bounded-log.ts";
import { NO_LOG } from "./no-log.ts";
import { Observers } from "./observers.ts";
import { applyPlugins } from "./plugins.ts";
import { Realms } from "./realms.ts";
import { Reloads } from "./reload.ts";
import type { Router } from "./router.ts";
import { routerLog, routerLogOf } from "./router-log.ts";
import { serviceCallStats } from "./service-call-stats.ts";
import { Shared } from "./shared.ts";
import { SideListener } from "./side/side-listener.ts";
import { Sessions } from "./sessions.ts";

export interface RouterOptions {
  /** Where plugins and modules are looked for. Default: the process's working directory. */
  readonly cwd?: string;
  /** The file the config came from: plugins are looked for beside it first, and errors name it. */
  readonly file?: string;
  /** The line of a path in that file, for messages. */
  readonly locate?: Locate | undefined;
  /**
   * HTTP servers of this program, by the names that endpoints of type `server` have for them. The router takes WebSockets
   * there; the program listens, and closes them.
   */
  readonly servers?: NamedServers;
  /** Default: pino on stdout, as the config's `log` says. False: no log at all. */
  readonly log?: Log | false;
}

/**
 * Loads and checks a config, and puts a router together that does not listen yet.
 *
 * @throws ConfigError with all that is wrong in the config; PluginError where a plugin fails to apply itself
 * @example
 * const router = await createRouter(config, { cwd: import.meta.dirname });
 * router.hooks.joined.tap("greet", (session) => console.log(`${session.authid} joined ${session.realm}`));
 * await router.start();
 */
export async function createRouter<N extends string, const P extends PluginEntries<N>>(
  config: WampgateConfig<P>,
  options: RouterOptions = {},
): Promise<Router> {
  const { cwd = process.cwd(), locate, servers = {} } = options;
  const file = options.file === undefined ? "config" : resolve(cwd, options.file);
  const folder = options.file === undefined ? cwd : dirname(file);
  const load: LoadOptions = { cwd, ...NAMED, servers: new Set(Object.keys(servers)) };
  const loaded = await loadConfig({ file, folder, raw: config, ...(locate === undefined ? {} : { locate }) }, load);
  const log = options.log === false ? NO_LOG : (options.log ?? routerLog(1));
  return assembled(loaded, { raw: config, load, servers, log });
}

interface Given {
  /** The config as it was written. */
  readonly raw: WampgateConfig;
  /** How its config was loaded. */
  readonly load: LoadOptions;
  readonly servers: NamedServers;
  readonly log: Log;
}

/** Puts a router together from its parts, and lets the plugins tap its hooks. */
async function assembled(loaded: LoadedConfig, { raw, load, servers, log: target }: Given): Promise<Router> {
  const log = boundedLog(target);
  const config = { now: loaded };
  const freeze: Freeze = { frozen: false };
  const hooks = createRouterHooks(freeze, log);
  const plugged = loaded.plugins.flatMap(({ plugin }) => plugin.transports ?? []);
  const limits = new LimitReport(limitCounters([...BUILTIN.transports, ...plugged]), hooks, log, limitPlaces(config));
  const context: RouterContext = { config, hooks, log, limits, shared: new Shared(log) };
  const call: Sessions["services"]["call"] = (...args) => sessions.services.call(...args);
  const realms = new Realms(config, { hooks, log, call });
  const cluster = new Cluster(realms, context);
  const sessions = new Sessions(realms, cluster, context);
  const listeners = new Listeners(realms, sessions, context, servers, () => cluster.isReady);
  const logSettings = new LogSettings(
    routerLogOf(target),
    partOf(config, ({ settings }) => settings),
    limits,
  );
  const side = new SideListener(context, () => cluster.isReady);
  const apis = new Map<string, PluginApi>();
  const blocks = new Blocks(context, apis);
  const lifecycle = new Lifecycle({ realms, sessions, listeners, logSettings, freeze, side, cluster, blocks }, context);
  const reloads = new Reloads({ realms, sessions, listeners, lifecycle, logSettings, blocks }, context, raw, load);
  const stats: RouterStats = {
    get transports() {
      return listeners.stats;
    },
    get localSessions() {
      return sessions.locals.size;
    },
    limits: limits.counts,
    get serviceCalls() {
      return serviceCallStats(config.now, realms, (procedure) => sessions.services.pending(procedure));
    },
    get cluster() {
      return cluster.stats;
    },
    get configDiffers() {
      return [...realms].reduce((sum, { differing }) => sum + differing, 0);
    },
  };
  await applyPlugins(context, {
    apis,
    call,
    stats,
    routes: listeners.routes,
    side,
    sessions,
    observers: new Observers(realms),
    lifecycle,
  });
  return {
    hooks,
    log,
    stats,
    get plugins() {
      return config.now.plugins;
    },
    get warnings() {
      return config.now.warnings;
    },
    get endpoints() {
      return listeners.endpoints;
    },
    get sessionCount() {
      return { remote: listeners.sessionCount, local: sessions.locals.size };
    },
    check: (options) => checkRouter(context, options),
    start: () => lifecycle.start(),
    reload: (changed, options) => reloads.reload(changed, options),
    update: (change) => reloads.update(change),
    drain: () => lifecycle.drain(),
    close: (reason = CloseUri.systemShutdown) => lifecycle.close(reason),
    session(realm, { role, authid = "embedded" }) {
      lifecycle.requireNotClosed();
      return sessions.join(realm, role, authid, "embedded");
    },
    connect: (options) => listeners.connect(options),
    [Symbol.asyncDispose]: () => lifecycle.close(CloseUri.systemShutdown),
  };
}
