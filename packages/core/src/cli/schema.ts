import { forEditors } from "../config/editor-schema.ts";
import { configJsonSchema } from "../config/json-schema.ts";
import { BUILTIN } from "../router/builtin.ts";
import { pluginsOf } from "./plugins-of.ts";
import type { RouterCommand } from "./router-of.ts";

/**
 * Prints the JSON Schema of the config: of core, and of the plugins that the config names. Without a config it is that of
 * all official packages that are installed.
 */
export async function schema({ config }: RouterCommand): Promise<void> {
  const { plugins, problem } = await pluginsOf(config);
  if (problem !== null) throw problem;
  console.log(JSON.stringify(forEditors(configJsonSchema(plugins, BUILTIN.transports)), null, 2));
}
