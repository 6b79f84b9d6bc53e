import { WampgateError } from "../errors/wampgate-error.ts";
import { tapMethod, tapStatic, tapStrategy, unclaimedTaps } from "../auth/tap-plugins.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";
import type { RouterContext } from "./context.ts";
import type { SideListener } from "./side/side-listener.ts";
import { checkPath, namingPlugin, type PluginRoutes } from "./plugin-routes.ts";

/** What the plugins share. */
interface Shared extends Pick<PluginApi, "call" | "stats"> {
  readonly routes: PluginRoutes;
  readonly side: SideListener;
}

/** Lets each plugin tap the hooks. @throws PluginError if one fails */
export async function applyPlugins(
  { config, hooks, log }: RouterContext,
  { routes, side, ...router }: Shared,
): Promise<void> {
  const { plugins } = config.now;
  for (const { plugin, options } of plugins) {
    const api: PluginApi = {
      ...router,
      hooks,
      log: log.child({ plugin: plugin.name }),
      side: {
        isOn: side.isOn,
        route(path, handler) {
          checkPath(path);
          side.route(path, namingPlugin(plugin.name, path, handler));
        },
      },
      http: { route: (entry, path, handler) => routes.add(plugin.name, entry, path, handler) },
    };
    const { methods, strategies } = plugin;
    for (const method of methods) tapMethod(hooks, plugin.name, method);
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
