import { ConfigError, type ConfigIssue, issueText } from "../errors/config-error.ts";
import { shownPlugin } from "../plugins/load-plugins.ts";
import { type RouterCommand, routerOf, showWarnings } from "./router-of.ts";

/** Loads the config and all that it names, and prints whether the router would start. */
export async function check(options: RouterCommand): Promise<void> {
  const { router, file, locate } = await routerOf(options, { level: "warn" });
  showWarnings(router.warnings, file);
  const located = (issue: ConfigIssue): ConfigIssue => {
    const line = locate(issue.path);
    return line === null ? issue : { ...issue, line };
  };
  const { problems, warnings } = await router.check();
  for (const warning of warnings) console.error(`warning: ${issueText(located(warning), file)}`);
  if (problems.length > 0) throw new ConfigError(file, problems.map(located));
  const plugins = router.plugins.map(({ plugin }) => shownPlugin(plugin));
  console.log(`${file} is fine. Plugins: ${plugins.length === 0 ? "none" : plugins.join(", ")}.`);
}
