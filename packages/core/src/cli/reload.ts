import type { WampgateConfig } from "../config/define-config.ts";
import { readConfig } from "../config/find.ts";
import { ConfigError, issueText } from "../errors/config-error.ts";
import { thrownText } from "../errors/thrown.ts";
import type { Router } from "../router/router.ts";

/** Reads the config file again. If it is wrong, the log shows all problems, and the router goes on as before. */
export async function reload(router: Router, file: string): Promise<void> {
  try {
    const { raw, locate } = await readConfig({ file, cwd: process.cwd() });
    await router.reload(raw as WampgateConfig, { locate });
    for (const warning of router.warnings) router.log.warn({ file }, issueText(warning, file));
  } catch (error) {
    const issues = error instanceof ConfigError ? error.issues : [];
    for (const issue of issues) router.log.error({ file }, issueText(issue, file));
    const why = issues.length > 0 ? `${file} is wrong` : thrownText(error);
    router.log.error({ file, err: error }, `the config was not reloaded, and the old one stays in effect: ${why}`);
  }
}
