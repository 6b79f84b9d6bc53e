import type { WampgateConfig } from "../config/define-config.ts";
import type { Locate } from "../config/places.ts";
import { readConfig } from "../config/find.ts";
import { issueText } from "../errors/config-error.ts";
import { createRouter } from "../router/create-router.ts";
import type { Router } from "../router/router.ts";
import { routerLog } from "../router/router-log.ts";
import type { LogLevel } from "../router/settings.ts";

/** The options of the commands that load a config. */
export interface RouterCommand {
  readonly config?: string;
  readonly debug?: boolean;
}

/**
 * Creates the router of a config file, without starting it, and gives the file's path. Its log goes to stderr.
 * @param level the level of the log, whatever the config says
 */
export async function routerOf(
  { config }: RouterCommand,
  level?: LogLevel,
): Promise<{ readonly router: Router; readonly file: string; readonly locate: Locate }> {
  const cwd = process.cwd();
  const source = await readConfig({ cwd, ...(config === undefined ? {} : { file: config }) });
  const { file, raw, locate = () => null } = source;
  const router = await createRouter(raw as WampgateConfig, { cwd, file, locate, log: routerLog(2, { level }) });
  for (const warning of router.warnings) console.error(`warning: ${issueText(warning, file)}`);
  return { router, file, locate };
}
