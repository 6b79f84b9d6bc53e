import { readConfig } from "../config/find.ts";
import { configJsonSchema } from "../config/json-schema.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../errors/config-error.ts";
import type { Plugin } from "../contract/plugin.ts";
import { BUILTIN, NAMED } from "../router/builtin.ts";
import type { RouterCommand } from "./router-of.ts";

/** Prints the JSON Schema of the config: of core, and of the plugins that the config names, if there is one. */
export async function schema({ config }: RouterCommand): Promise<void> {
  console.log(JSON.stringify(configJsonSchema(await loadedPlugins(config), BUILTIN.transports), null, 2));
}

async function loadedPlugins(file: string | undefined): Promise<readonly Plugin[]> {
  const cwd = process.cwd();
  try {
    const source = await readConfig({ cwd, ...(file === undefined ? {} : { file }) });
    return (await loadConfig(source, { cwd, ...NAMED })).plugins.map(({ plugin }) => plugin);
  } catch (error) {
    // Without a config there are no plugins: print core's own schema.
    if (file === undefined && error instanceof ConfigError && error.file === cwd) return [];
    throw error;
  }
}
