import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadedAlone, loadNamedPlugins } from "../config/check-plugins.ts";
import { readConfig } from "../config/find.ts";
import { OFFICIAL } from "../config/known-packages.ts";
import type { LoadedPlugin } from "../contract/plugin.ts";
import { ConfigError } from "../errors/config-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { loadPlugins } from "../plugins/load-plugins.ts";
import { resolveModule, type ResolveFrom } from "../plugins/resolve.ts";

/** The plugins that a command knows without a router. */
export interface KnownPlugins {
  readonly plugins: readonly LoadedPlugin[];
  /** Why some of the config's are missing. */
  readonly problem: Error | null;
}

/**
 * The plugins of the config, whatever else is wrong in it; without a config the official packages that are installed.
 * @param file the config; default: the one that is found
 * @throws ConfigError if the config cannot be read
 */
export async function pluginsOf(file: string | undefined): Promise<KnownPlugins> {
  const cwd = process.cwd();
  try {
    const source = await readConfig({ cwd, ...(file === undefined ? {} : { file }) });
    return await loadNamedPlugins(source, cwd);
  } catch (error) {
    if (file === undefined && error instanceof ConfigError && error.file === cwd)
      return { plugins: await installedPlugins(cwd), problem: null };
    throw error;
  }
}

/** The plugins of these names. @throws UsageError if one cannot be loaded */
export async function pluginsNamed(names: readonly string[]): Promise<readonly LoadedPlugin[]> {
  const cwd = process.cwd();
  const problems: string[] = [];
  const found = await loadPlugins(names, { folder: cwd, cwd }, (_index, message) => problems.push(message));
  if (problems.length > 0) throw new UsageError(`--plugin: ${problems.join("; ")}`);
  return Promise.all(found.map(({ plugin }) => loadedAlone(plugin)));
}

/** The official packages that are installed in the working directory or beside core. */
export async function installedPlugins(folder: string): Promise<readonly LoadedPlugin[]> {
  const from = { folder, cwd: dirname(fileURLToPath(import.meta.url)) };
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
