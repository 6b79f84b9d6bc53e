import { pathToFileURL } from "node:url";
import { isAbsolute, join } from "node:path";
import { moduleResolve } from "import-meta-resolve";

export interface ResolveFrom {
  /** The config file's folder, which is searched first. */
  readonly folder: string;
  readonly cwd: string;
}

/** The module itself was not found, as opposed to something that it imports. */
export class ModuleNotFound extends Error {
  override readonly name = "ModuleNotFound";
}

/**
 * The URL of a package or file named in a config.
 * @throws ModuleNotFound, or Error if it exists but cannot be imported
 */
export function resolveModule(name: string, { folder, cwd }: ResolveFrom): string {
  if (isAbsolute(name)) return pathToFileURL(name).href;
  const conditions = new Set(["node", "import", ...runtimeConditions()]);
  for (const from of new Set([folder, cwd])) {
    try {
      return moduleResolve(name, pathToFileURL(join(from, "from-here.js")), conditions).href;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    }
  }
  throw new ModuleNotFound(`there is no module "${name}" in the config's folder or in the working directory`);
}

/** The conditions that this process was started with, so that a package is not loaded twice. */
function runtimeConditions(): string[] {
  const options = [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/)];
  return options.flatMap((option, i) => {
    if (option === "-C" || option === "--conditions") return options[i + 1] ?? [];
    return option.startsWith("--conditions=") ? option.slice("--conditions=".length) : [];
  });
}
