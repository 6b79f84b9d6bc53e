import { effectiveConfig } from "../config/effective.ts";
import { readConfig } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { BUILTIN, NAMED } from "../router/builtin.ts";
import type { RouterCommand } from "./router-of.ts";

/** Prints the config with its defaults and without its secrets, as JSON. */
export async function printConfig({ config }: RouterCommand): Promise<void> {
  const cwd = process.cwd();
  const source = await readConfig({ cwd, ...(config === undefined ? {} : { file: config }) });
  const loaded = await loadConfig(source, { cwd, ...NAMED });
  console.log(JSON.stringify(effectiveConfig(loaded, source.raw, BUILTIN.transports), null, 2));
}
