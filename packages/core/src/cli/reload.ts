import type { WampgateConfig } from "../config/define-config.ts";
import { readConfig } from "../config/find.ts";
import type { Log } from "../contract/log.ts";
import { ConfigError, issueText } from "../errors/config-error.ts";
import { thrownText } from "../errors/thrown.ts";
import type { Router } from "../router/router.ts";

/**
 * Reads the config file again. If it is wrong, the log shows all problems, and the router goes on as before.
 * @param adapt changes the config as it was read
 */
export async function reload(
  router: Router,
  file: string,
  adapt: (raw: unknown) => unknown = (raw) => raw,
): Promise<void> {
  try {
    const { raw, locate } = await readConfig({ file, cwd: process.cwd() });
    await router.reload(adapt(raw) as WampgateConfig, { locate });
    for (const warning of router.warnings) router.log.warn({ file }, issueText(warning, file));
  } catch (error) {
    notReloaded(router.log, file, error);
  }
}

/** Logs why a config was not reloaded, with all its problems. */
export function notReloaded(log: Log, file: string, error: unknown): void {
  const issues = error instanceof ConfigError ? error.issues : [];
  for (const issue of issues) log.error({ file }, issueText(issue, file));
  const why = issues.length > 0 ? `${file} is wrong` : thrownText(error);
  log.error({ file, err: error }, `the config was not reloaded, and the old one stays in effect: ${why}`);
}
