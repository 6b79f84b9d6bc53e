import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { satisfies, validRange } from "semver";
import { officialPackage } from "../config/known-packages.ts";
import { isPlugin } from "./define.ts";
import type { Plugin } from "../contract/plugin.ts";
import { ModuleNotFound, type ResolveFrom, resolveModule } from "./resolve.ts";
import { shapeProblems } from "./shape.ts";
import { importErrorText } from "../errors/syntax-error.ts";
import { caused } from "../errors/thrown.ts";

/** Core's own version, which a plugin's `core` range must include. */
export const CORE_VERSION = (createRequire(import.meta.url)("../../package.json") as { version: string }).version;

/** An entry of the config's `plugins`. */
export type PluginEntry = string | Plugin | readonly [string | Plugin, unknown];

export interface FoundPlugin {
  readonly plugin: Plugin;
  /** As written in the config; undefined if there are none. */
  readonly options: unknown;
  /** Which entry of `plugins` it is. */
  readonly index: number;
}

/** Imports and checks the plugins of a config. Problems of one go to `complain`; the others are loaded. */
export async function loadPlugins(
  entries: readonly PluginEntry[],
  from: ResolveFrom,
  complain: (index: number, message: string, cause?: unknown) => void,
): Promise<FoundPlugin[]> {
  const found: FoundPlugin[] = [];
  for (const [index, entry] of entries.entries()) {
    const [what, options] = isPair(entry) ? entry : [entry, undefined];
    try {
      const plugin = typeof what === "string" ? await imported(what, from) : what;
      const problems = [...shapeProblems(plugin), ...versionProblems(plugin)];
      for (const problem of problems) complain(index, `plugin "${plugin.name}": ${problem}`);
      if (problems.length === 0) found.push({ plugin, options, index });
    } catch (error) {
      const { message, cause } = error as Error;
      complain(index, message, cause);
    }
  }
  return found;
}

function isPair(entry: PluginEntry): entry is readonly [string | Plugin, unknown] {
  return Array.isArray(entry);
}

async function imported(name: string, from: ResolveFrom): Promise<Plugin> {
  let url: string;
  try {
    url = resolveModule(name, from);
  } catch (error) {
    if (!(error instanceof ModuleNotFound))
      throw new Error(`"${name}" cannot be resolved: ${(error as Error).message}`, { cause: error });
    throw new Error(whyMissing(name), { cause: error });
  }
  const module = await importing(name, url);
  const exported = isPlugin(module["default"]) ? module["default"] : module["plugin"];
  if (!isPlugin(exported)) {
    throw new Error(`"${name}" is not a wampgate plugin: its default export must be made by definePlugin()`);
  }
  return exported;
}

/** Only an official package is named to be installed: others may own a package of a misspelt name. */
function whyMissing(name: string): string {
  if (/^[./]/.test(name)) return `the file "${name}" does not exist`;
  const official = officialPackage(name);
  if (official === name) return `the plugin "${name}" is not installed; run: npm install ${name}`;
  const hint = official === undefined ? "; is its name right?" : `; did you mean "${official}"?`;
  return `no plugin "${name}" is installed beside the config or in the working directory${hint}`;
}

async function importing(name: string, url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    if (isMissing(url, error)) throw new Error(`the file "${name}" does not exist`, { cause: error });
    const text = await importErrorText(fileURLToPath(url), error);
    throw caused(`the plugin "${name}" failed to load: ${text}`, error);
  }
}

/** Whether the module itself is missing, not something that it imports: Node uses the same code for both. */
function isMissing(url: string, error: unknown): boolean {
  const { code, message = "" } = (error ?? {}) as Partial<NodeJS.ErrnoException>; // a module may throw anything
  return code === "ERR_MODULE_NOT_FOUND" && message.startsWith(`Cannot find module '${fileURLToPath(url)}'`);
}

function versionProblems({ core }: Plugin): string[] {
  if (validRange(core) === null) return [`its core must be a semver range, as "^${CORE_VERSION}"`];
  if (satisfies(CORE_VERSION, core, { includePrerelease: true })) return [];
  return [`it works with @wampgate/core ${core}, but this is ${CORE_VERSION}; install versions that fit each other`];
}

/** A plugin as the operator sees it: its name, and its version if it says one. */
export function shownPlugin({ name, version }: Pick<Plugin, "name" | "version">): string {
  return version === undefined ? name : `${name} ${version}`;
}
