import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { forEditors } from "../config/editor-schema.ts";
import { readConfig } from "../config/find.ts";
import { configJsonSchema } from "../config/json-schema.ts";
import { OFFICIAL } from "../config/known-packages.ts";
import { loadedAlone, loadNamedPlugins } from "../config/check-plugins.ts";
import type { LoadedPlugin } from "../contract/plugin.ts";
import { ConfigError } from "../errors/config-error.ts";
import { loadPlugins } from "../plugins/load-plugins.ts";
import { resolveModule, type ResolveFrom } from "../plugins/resolve.ts";
import { BUILTIN } from "../router/builtin.ts";
import type { RouterCommand } from "./router-of.ts";

/**
 * Prints the JSON Schema of the config: of core, and of the plugins that the config names. Without a config it is that of
 * all official packages that are installed.
 */
export async function schema({ config }: RouterCommand): Promise<void> {
  const plugins = (await namedPlugins(config)) ?? (await installedPlugins());
  console.log(JSON.stringify(forEditors(configJsonSchema(plugins, BUILTIN.transports)), null, 2));
}

/** The plugins of the config; null without one. What else is wrong in it does not matter here. */
async function namedPlugins(file: string | undefined): Promise<readonly LoadedPlugin[] | null> {
  const cwd = process.cwd();
  try {
    const source = await readConfig({ cwd, ...(file === undefined ? {} : { file }) });
    return await loadNamedPlugins(source, cwd);
  } catch (error) {
    if (file === undefined && error instanceof ConfigError && error.file === cwd) return null;
    throw error;
  }
}

/** The official packages that are installed in the working directory or beside core. */
async function installedPlugins(): Promise<readonly LoadedPlugin[]> {
  const from = { folder: process.cwd(), cwd: dirname(fileURLToPath(import.meta.url)) };
  const found = await loadPlugins(
    OFFICIAL.filter((name) => isInstalled(name, from)),
    from,
    () => undefined, // one that does not load is left out
  );
  return Promise.all(found.map(({ plugin }) => loadedAlone(plugin)));
}

function isInstalled(name: string, from: ResolveFrom): boolean {
  try {
    resolveModule(name, from);
    return true;
  } catch {
    return false;
  }
}
