import { resolve } from "node:path";
import { WampgateError } from "../errors/wampgate-error.ts";
import { tapMethod, tapStatic, tapStrategy, unclaimedTaps } from "../auth/tap-plugins.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";
import type { Observers } from "./observers.ts";
import type { RouterContext } from "./context.ts";
import type { Sessions } from "./sessions.ts";
import type { SideListener } from "./side/side-listener.ts";
import { checkPath, namingPlugin, type PluginRoutes } from "./plugin-routes.ts";

/** What the plugins share. */
interface Shared extends Pick<PluginApi, "call" | "stats"> {
  readonly routes: PluginRoutes;
  readonly side: SideListener;
  readonly sessions: Sessions;
  readonly observers: Observers;
  /** Gets what each plugin may do with the router, by the plugin's name. */
  readonly apis: Map<string, PluginApi>;
  /** Whether the router has started, and has not ended. */
  readonly lifecycle: { readonly isOpen: boolean };
}

/** Lets each plugin tap the hooks. @throws PluginError if one fails */
export async function applyPlugins(context: RouterContext, shared: Shared): Promise<void> {
  const { config, hooks } = context;
  for (const { plugin, options } of config.now.plugins) {
    const api = apiOf(plugin.name, context, shared);
    shared.apis.set(plugin.name, api);
    const { methods, strategies } = plugin;
    for (const method of methods) tapMethod(hooks, plugin.name, method, api);
    if (methods.some((method) => method.static !== undefined)) tapStatic(hooks, plugin.name, methods);
    for (const strategy of strategies) tapStrategy(hooks, plugin.name, strategy, api);
    try {
      await plugin.apply?.(api, options);
    } catch (error) {
      throw new PluginError("WG_PLUGIN_APPLY", plugin.name, `failed to apply itself: ${thrownText(error)}`, {
        cause: shownCause(error),
      });
    }
  }
}

/** What the plugin of this name may do with the router. */
function apiOf(
  name: string,
  { config, hooks, log: routersLog, shared }: RouterContext,
  { routes, side, sessions, observers, lifecycle, call, stats }: Shared,
): PluginApi {
  const log = routersLog.child({ plugin: name });
  return {
    hooks,
    log,
    call,
    stats,
    session(realm, { role, authid = name }) {
      if (!lifecycle.isOpen)
        throw new PluginError(
          "WG_PLUGIN_SESSION",
          name,
          "asked for a session in process before the router started, or after it had closed",
        );
      return sessions.join(realm, role, authid, "plugin", log);
    },
    observe: (observer = {}) => observers.observe(observer, log),
    resolve: (path) => resolve(config.now.folder, path),
    resolveModule: (name) => config.now.surroundings.resolveModule(name),
    side: {
      isOn: side.isOn,
      route(path, handler) {
        checkPath(path);
        side.route(path, namingPlugin(name, path, handler));
      },
    },
    shared: shared.of(name),
    http: { route: (entry, path, handler) => routes.add(name, entry, path, handler) },
  };
}

/** @throws WampgateError if a hook is tapped for a method or strategy that no loaded plugin provides */
export function requireProviders({ config, hooks }: RouterContext): void {
  const plugins = config.now.plugins.map(({ plugin }) => plugin);
  const methods = plugins.flatMap((plugin) => plugin.methods).map(({ name }) => name);
  const strategies = plugins.flatMap((plugin) => plugin.strategies).map(({ type }) => type);
  const orphans = unclaimedTaps(hooks, new Set(methods), new Set(["static", ...strategies]));
  if (orphans.length === 0) return;
  throw new WampgateError(
    "WG_NO_PROVIDER",
    `no loaded plugin provides what is tapped by ${orphans.join(", ")}: list it in plugins, or remove the tap`,
  );
}
