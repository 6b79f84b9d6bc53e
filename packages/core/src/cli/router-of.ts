import type { WampgateConfig } from "../config/define-config.ts";
import type { Locate } from "../config/places.ts";
import { readConfig } from "../config/find.ts";
import { type ConfigIssue, issueText } from "../errors/config-error.ts";
import { createRouter } from "../router/create-router.ts";
import type { Router } from "../router/router.ts";
import { routerLog } from "../router/router-log.ts";
import type { LogLevel } from "../router/settings.ts";

/** The options of the commands that load a config. */
export interface RouterCommand {
  readonly config?: string;
  readonly debug?: boolean;
}

/** How the router of a command differs from what its config says. */
export interface Deviations {
  /** The level of the log. */
  readonly level?: LogLevel | undefined;
  /** The worker that it runs in, for the log. */
  readonly worker?: string;
  /** Changes the config as it was read. */
  readonly adapt?: (raw: unknown) => unknown;
}

/** Creates the router of a config file, without starting it, and gives the file's path. Its log goes to stderr. */
export async function routerOf(
  { config }: RouterCommand,
  { adapt = (raw) => raw, ...log }: Deviations = {},
): Promise<{ readonly router: Router; readonly file: string; readonly locate: Locate }> {
  const cwd = process.cwd();
  const source = await readConfig({ cwd, ...(config === undefined ? {} : { file: config }) });
  const { file, raw, locate = () => null } = source;
  const router = await createRouter(adapt(raw) as WampgateConfig, { cwd, file, locate, log: routerLog(2, log) });
  return { router, file, locate };
}

/** Shows what is legal in a config, but probably a mistake. */
export function showWarnings(warnings: readonly ConfigIssue[], file: string): void {
  for (const warning of warnings) console.error(`warning: ${issueText(warning, file)}`);
}
