import { ConfigError, type ConfigIssue, issueText } from "../errors/config-error.ts";
import { shownPlugin } from "../plugins/load-plugins.ts";
import { type RouterCommand, routerOf, showWarnings } from "./router-of.ts";

/** The options of `wampgate check`. */
export interface CheckCommand extends RouterCommand {
  readonly ask?: boolean;
}

/** Loads the config and all that it names, and prints whether the router would start. */
export async function check({ ask = false, ...options }: CheckCommand): Promise<void> {
  const { router, file, locate } = await routerOf(options, { level: "warn" });
  showWarnings(router.warnings, file);
  const located = (issue: ConfigIssue): ConfigIssue => {
    const line = locate(issue.path);
    return line === null ? issue : { ...issue, line };
  };
  const { problems, warnings, answered } = await router.check({ ask });
  for (const warning of warnings) console.error(`warning: ${issueText(located(warning), file)}`);
  if (ask && answered.length === 0 && problems.length === 0)
    console.log("There is nothing to ask: neither an auth block nor cluster names a server, a database or a store.");
  for (const answer of answered) console.log(issueText(located(answer), file));
  if (problems.length > 0) throw new ConfigError(file, problems.map(located));
  const plugins = router.plugins.map(({ plugin }) => shownPlugin(plugin));
  console.log(`${file} is fine. Plugins: ${plugins.length === 0 ? "none" : plugins.join(", ")}.`);
}
