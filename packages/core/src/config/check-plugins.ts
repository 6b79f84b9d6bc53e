import type { LoadedPlugin, Plugin } from "../contract/plugin.ts";
import { ConfigError } from "../errors/config-error.ts";
import { type FoundPlugin, loadPlugins, type PluginEntry } from "../plugins/load-plugins.ts";
import { type ReadyPlugin, reportMissing, reportTwins, withMembers } from "../plugins/members.ts";
import type { ResolveFrom } from "../plugins/resolve.ts";
import { pluginsSchema } from "../plugins/settings.ts";
import { isDict } from "../wamp/messages.ts";
import { expandEnvironment } from "./environment.ts";
import type { ConfigSource } from "./find.ts";
import { type Check, type Checked, checkBySchema, Issues } from "./issues.ts";
import { shownIssues } from "./shown.ts";

/** The plugins of a config, as far as they could be loaded. */
export interface CheckedPlugins {
  readonly plugins: readonly ReadyPlugin[];
  /** Those that can be used: if a running router's config is read again, only those that it has. */
  readonly usable: readonly ReadyPlugin[];
  /** The entries that could not be loaded, as far as they are names. */
  readonly notLoaded: readonly string[];
}

/**
 * Loads the plugins of a config, checks their options, and lets them make their methods and strategies.
 *
 * @param raw the value of `plugins`
 * @param running the plugins of the running router, if its config is read again: they stay as they are
 */
export async function checkPlugins(
  raw: unknown,
  from: ResolveFrom,
  check: Check,
  running?: readonly LoadedPlugin[],
): Promise<CheckedPlugins> {
  const { found, notLoaded } = await findPlugins(raw, from, check);
  const complain = (index: number, message: string, cause?: unknown): void =>
    check.issues.add(["plugins", index], message, cause);
  const plugins: ReadyPlugin[] = [];
  for (const { plugin, options: written, index } of found) {
    const options = await checkOptions(plugin, written, index, check);
    // A config in JavaScript may have created another object for a plugin that runs.
    const there = running?.find(({ name }) => name === plugin.name);
    const { plugin: ready, isWhole } =
      there === undefined
        ? withMembers(plugin, options, (message, cause) => complain(index, message, cause))
        : { plugin: there, isWhole: true };
    // What is missing later may be what it would have made.
    if (!isWhole) notLoaded.push(plugin.name);
    plugins.push({ plugin: ready, options: options?.value, index });
  }
  reportTwins(plugins, complain);
  if (notLoaded.length === 0) reportMissing(plugins, complain);
  const usable = running === undefined ? plugins : plugins.filter(({ plugin }) => running.includes(plugin));
  return { plugins, usable, notLoaded };
}

/** The plugins that a config names, whatever else is wrong in it. @returns `problem`: why some are missing */
export async function loadNamedPlugins(
  source: ConfigSource,
  cwd: string,
): Promise<{ plugins: readonly LoadedPlugin[]; problem: ConfigError | null }> {
  const issues = new Issues(source.locate);
  const { file, folder } = source;
  const raw = { plugins: isDict(source.raw) ? (source.raw["plugins"] ?? []) : [] };
  const { value, fromEnvironment, hide } = expandEnvironment(raw, { environment: process.env, folder }, issues);
  const named = isDict(value) ? value["plugins"] : [];
  const { found } = await findPlugins(named, { folder, cwd }, { issues, fromEnvironment });
  return {
    plugins: await Promise.all(found.map(async ({ plugin, options }) => loadedAlone(plugin, options))),
    problem: issues.found.length === 0 ? null : new ConfigError(file, shownIssues(issues.found, raw, hide)),
  };
}

/** A plugin as far as it can be known by itself. What its options say wrongly is left out. @param options as written */
export async function loadedAlone(plugin: Plugin, options?: unknown): Promise<LoadedPlugin> {
  const check: Check = { issues: new Issues(), fromEnvironment: () => false };
  return withMembers(plugin, await checkOptions(plugin, options, 0, check), () => undefined).plugin;
}

/** Loads the plugins. `notLoaded` has the entries that could not be loaded, as far as they are names. */
async function findPlugins(
  raw: unknown,
  from: { folder: string; cwd: string },
  check: Check,
): Promise<{ found: FoundPlugin[]; notLoaded: string[] }> {
  if (!Array.isArray(raw)) {
    await checkBySchema(pluginsSchema, raw, ["plugins"], check);
    return { found: [], notLoaded: isDict(raw) ? Object.keys(raw) : [String(raw)] };
  }
  const entries: { entry: PluginEntry; index: number }[] = [];
  const notLoaded: string[] = [];
  const fail = (index: number): void => {
    const entry: unknown = raw[index];
    notLoaded.push(String(Array.isArray(entry) ? (entry as unknown[])[0] : entry));
  };
  for (const [index, entry] of (raw as unknown[]).entries()) {
    const checked = await checkBySchema(pluginsSchema.element, entry, ["plugins", index], check);
    if (checked === null) fail(index);
    else entries.push({ entry: checked.value as PluginEntry, index });
  }
  const indexOf = (position: number): number => entries[position]?.index ?? position;
  const found = await loadPlugins(
    entries.map(({ entry }) => entry),
    from,
    (position, message, cause) => {
      fail(indexOf(position));
      check.issues.add(["plugins", indexOf(position)], message, cause);
    },
  );
  return { found: found.map((one) => ({ ...one, index: indexOf(one.index) })), notLoaded };
}

/** @returns null if they are wrong */
async function checkOptions(plugin: Plugin, options: unknown, index: number, check: Check): Promise<Checked | null> {
  const at = ["plugins", index, 1];
  if (plugin.options !== undefined) return checkBySchema(plugin.options, options ?? {}, at, check);
  if (options === undefined) return { value: undefined };
  check.issues.add(at, `the plugin "${plugin.name}" takes no options`);
  return null;
}
