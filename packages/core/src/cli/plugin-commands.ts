import { type Command as Program, Option } from "commander";
import type { Command } from "../contract/command.ts";
import type { LoadedPlugin } from "../contract/plugin.ts";
import { HASHING_METHOD, packageOfCommand } from "../config/known-packages.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";
import { UsageError } from "../errors/usage-error.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import { installedPlugins, type KnownPlugins, pluginsNamed, pluginsOf } from "./plugins-of.ts";
import { readSecret } from "./read-secret.ts";

/** What must be known of a command line before it is parsed, since it decides which commands there are. */
interface Asked {
  /** The first word that is no flag; null if there is none, or if it is `help`. */
  readonly command: string | null;
  readonly config: string | undefined;
  /** The values of `--plugin`. */
  readonly plugins: readonly string[];
  /** All but `--plugin`. */
  readonly rest: readonly string[];
}

const WHERE_FROM = `
Plugins have more commands. They are those of the config's plugins and of the official packages that are installed, or those
of --plugin <name>. "hash --METHOD" runs hash-METHOD, and "hash" alone hash-${HASHING_METHOD}.`;

/**
 * Adds the commands of plugins, unless one of core's is asked for.
 * @returns the arguments that are left to parse
 */
export async function addPluginCommands(program: Program, args: readonly string[]): Promise<readonly string[]> {
  program.addHelpText("after", WHERE_FROM);
  const asked = askedFor(args);
  const { config } = asked;
  let { command, rest } = asked;
  if (program.commands.some((known) => known.name() === command)) {
    if (asked.plugins.length > 0) throw new UsageError(`--plugin is for commands of plugins, not for ${command}`);
    return rest;
  }
  if (command === null && rest.some((word) => word === "--version" || word === "-V")) return rest;
  const { plugins, problem } = await known(asked.plugins, config);
  const owners = new Map<string, LoadedPlugin>();
  for (const plugin of plugins)
    for (const own of plugin.commands ?? []) {
      const other = owners.get(own.name);
      if (other === undefined) addCommand(program, plugin, own);
      else if (own.name === command)
        throw new UsageError(`${other.name} and ${plugin.name} have the command ${own.name}: choose one by --plugin`);
      owners.set(own.name, plugin);
    }
  // A key or a hash for the config is made before the config names the package.
  if (asked.plugins.length === 0 && !owners.has(command ?? "")) await addOfficial(program, owners);
  if (command === "hash" && !owners.has(command)) {
    rest = hashing(rest, owners);
    command = rest.find((word) => word.startsWith("hash-")) ?? command;
  }
  if (owners.has(command ?? "")) return rest;
  const official = packageOfCommand(command ?? "");
  if (official !== undefined)
    throw new UsageError(`${command} is a command of ${official}: run npm install ${official}, or name it by --plugin`);
  if (problem === null) return rest;
  if (command !== null) throw problem;
  console.error(`Commands of plugins may be missing here: ${problem.message}`);
  return rest;
}

/** Adds the commands of official packages that no plugin of the config has. */
async function addOfficial(program: Program, owners: Map<string, LoadedPlugin>): Promise<void> {
  for (const plugin of await installedPlugins(process.cwd()))
    for (const own of plugin.commands ?? []) {
      if (owners.has(own.name)) continue;
      addCommand(program, plugin, own);
      owners.set(own.name, plugin);
    }
}

/** `hash --ticket` means `hash-ticket`. */
function hashing(words: readonly string[], commands: ReadonlyMap<string, unknown>): string[] {
  const isKnown = (name: string): boolean => commands.has(name) || packageOfCommand(name) !== undefined;
  const flag = words.find((word) => word.startsWith("--") && isKnown(`hash-${word.slice(2)}`));
  const command = `hash-${flag?.slice(2) ?? HASHING_METHOD}`;
  return words.filter((word) => word !== flag).map((word) => (word === "hash" ? command : word));
}

async function known(names: readonly string[], config: string | undefined): Promise<KnownPlugins> {
  if (names.length > 0) return { plugins: await pluginsNamed(names), problem: null };
  try {
    return await pluginsOf(config);
  } catch (error) {
    return { plugins: [], problem: error as Error };
  }
}

function askedFor(args: readonly string[]): Asked {
  const plugins: string[] = [];
  const rest: string[] = [];
  let command: string | null = null;
  let config: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    const [, flag, value] = /^(--plugin|--config|-c)(?:=(.*))?$/s.exec(word) ?? [];
    if (flag === undefined) {
      if (!word.startsWith("-")) command ??= word;
      rest.push(word);
      continue;
    }
    const given = value ?? args[++i];
    if (flag !== "--plugin") {
      config = given;
      rest.push(word, ...(value === undefined && given !== undefined ? [given] : []));
    } else if (given === undefined || given === "") throw new UsageError("--plugin needs the name of a plugin");
    else plugins.push(given);
  }
  return { command: command === "help" ? null : command, config, plugins, rest };
}

function addCommand(program: Program, plugin: LoadedPlugin, command: Command): void {
  const { name, description, flags = {}, arguments: positions = [] } = command;
  const added = program.command(name).description(`${description} (${plugin.name})`);
  for (const { name: position, description: text, isOptional = false } of positions)
    added.argument(isOptional ? `[${position}]` : `<${position}>`, text);
  const options = Object.entries(flags).map(([key, { value, description: text }]) => {
    const option = new Option(value === undefined ? `--${key}` : `--${key} <${value}>`, text);
    added.addOption(option);
    return { key, attribute: option.attributeName(), isText: value !== undefined };
  });
  added
    .option("-c, --config <file>", "the config file whose plugins have commands")
    .option("--plugin <name>", "a plugin that has commands, instead of those of the config")
    .option("--debug", "show stack traces of errors")
    .action(async () => {
      const values = options.map(({ key, attribute, isText }): [string, string | boolean | undefined] => {
        const value: unknown = added.getOptionValue(attribute);
        return [key, isText ? (value as string | undefined) : value === true];
      });
      await run(plugin, command, added.args, Object.fromEntries(values));
    });
}

/** @throws PluginError naming the plugin, unless it threw an error for the operator */
async function run(
  plugin: LoadedPlugin,
  { name, run: work }: Command,
  args: readonly string[],
  flags: Readonly<Record<string, string | boolean | undefined>>,
): Promise<void> {
  try {
    await work({
      args,
      flags: flags as Parameters<Command["run"]>[0]["flags"],
      print: (text) => console.log(text),
      note: (text) => console.error(text),
      readSecret: (what) => readSecret(what, process.stdin, process.stderr),
    });
  } catch (error) {
    if (error instanceof WampgateError) throw error;
    throw new PluginError("WG_COMMAND", plugin.name, `failed to run its command ${name}: ${thrownText(error)}`, {
      cause: shownCause(error),
    });
  }
}
