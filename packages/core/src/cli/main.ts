import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { WampgateError } from "../errors/wampgate-error.ts";
import { ConfigError } from "../errors/config-error.ts";
import { LOG_LEVELS } from "../router/settings.ts";
import { check, type CheckCommand } from "./check.ts";
import { FAILED, FINE, WRONG_USE } from "./exit-codes.ts";
import { addPluginCommands } from "./plugin-commands.ts";
import { init, type InitOptions } from "./init.ts";
import { printConfig } from "./print-config.ts";
import { schema } from "./schema.ts";
import type { RouterCommand } from "./router-of.ts";
import { start, type StartOptions } from "./start.ts";
import { UsageError } from "../errors/usage-error.ts";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

/**
 * Runs the command line.
 * @param args without node and the script
 * @returns the exit code; for `start` when the router has stopped
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = coreCommands();
  try {
    const rest = await addPluginCommands(program, args);
    await program.parseAsync([...rest], { from: "user" });
    return FINE;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? FINE : WRONG_USE;
    return complain(error, args.includes("--debug"));
  }
}

function coreCommands(): Command {
  const program = new Command("wampgate")
    .description("A WAMP router whose logins are decided by plugins.")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error/, "WG_USAGE")) })
    .showHelpAfterError("(run wampgate --help for all commands)");
  const withConfig = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option(
        "-c, --config <file>",
        "the config file; default: wampgate.config.* or similar, here or in a folder above",
      )
      .option("--debug", "show stack traces of errors")
      .showHelpAfterError(`(a config is named by --config FILE; run wampgate ${name} --help for all options)`);

  withConfig("start", "start the router")
    .option("--log-level <level>", `${LOG_LEVELS.join(", ")}; default: log.level of the config`)
    .option("--workers <n>", "run n processes that act as one router, to use more cores; needs @wampgate/cluster")
    .action((options: StartOptions) => start(options));
  withConfig("check", "check the config and its plugins, without listening")
    .option("--ask", "also try the servers, databases and stores that auth blocks and cluster name")
    .action((options: CheckCommand) => check(options));
  withConfig("schema", "print the JSON Schema of the config with its plugins, for editors").action(
    (options: RouterCommand) => schema(options),
  );
  withConfig("print-config", "print the config with its defaults, without its secrets").action(
    (options: RouterCommand) => printConfig(options),
  );
  program
    .command("init")
    .description("write a starter config: wampgate.config.yaml, with comments")
    .option("--ts", "write wampgate.config.ts instead, which the compiler checks")
    .option("--json", "write wampgate.config.json instead")
    .option("--force", "overwrite an existing one")
    .action((options: InitOptions) => init(options));
  return program;
}

function complain(error: unknown, debug: boolean): number {
  const text = error instanceof Error ? (debug ? stacks(error) : error.message) : String(error);
  console.error(error instanceof WampgateError ? `${error.code}: ${text}` : text);
  return error instanceof ConfigError || error instanceof UsageError ? WRONG_USE : FAILED;
}

/** The stack of an error and of its causes; of a ConfigError also those of what plugins have thrown. */
function stacks(error: Error): string {
  const roots = error instanceof ConfigError ? error.issues : [error];
  const causes = new Set<Error>(); // a circle of causes ends
  for (const root of roots)
    for (let { cause } = root; cause instanceof Error && !causes.has(cause); { cause } = cause) causes.add(cause);
  return [stackOf(error), ...[...causes].map((cause) => `caused by: ${stackOf(cause)}`)].join("\n");
}

function stackOf({ stack, message }: Error): string {
  return stack ?? message;
}
