import { realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { cosmiconfig } from "cosmiconfig";
import { ConfigError } from "../contract/errors.ts";

/** A config as it was read. */
export interface ConfigSource {
  /** Its absolute path, or a name for messages where it came from no file. */
  readonly file: string;
  /** Where what it names is looked for first. */
  readonly folder: string;
  readonly raw: unknown;
}

/** Named here, since cosmiconfig's own list lacks some of them. */
const PLACES = [
  "package.json",
  ...["json", "yaml", "yml", "js", "mjs", "cjs", "ts"].map((extension) => `wampgate.config.${extension}`),
  ".wampgaterc",
  ...["json", "yaml", "yml", "js", "mjs", "cjs"].map((extension) => `.wampgaterc.${extension}`),
];

/**
 * Reads `file`, or finds a config in `cwd` or a folder above it.
 * @throws ConfigError where there is none, or it cannot be read
 */
export async function readConfig({ file, cwd }: { file?: string; cwd: string }): Promise<ConfigSource> {
  const loaders = { ".js": importedAnew, ".mjs": importedAnew, ".cjs": importedAnew };
  const explorer = cosmiconfig("wampgate", { searchPlaces: PLACES, stopDir: "/", searchStrategy: "global", loaders });
  const path = file === undefined ? undefined : resolve(cwd, file);
  let found: Awaited<ReturnType<typeof explorer.load>>;
  try {
    found = path === undefined ? await explorer.search(cwd) : await explorer.load(path);
  } catch (error) {
    throw new ConfigError(fileOf(error) ?? path ?? cwd, [{ path: [], message: reasonOf(error) }]);
  }
  if (found === null) {
    const message =
      "no wampgate config is here or in a folder above; run: npx wampgate init, or give one by --config FILE";
    throw new ConfigError(cwd, [{ path: [], message }]);
  }
  if (found.isEmpty === true) throw new ConfigError(found.filepath, [{ path: [], message: "the file is empty" }]);
  return { file: found.filepath, folder: dirname(found.filepath), raw: found.config };
}

let reads = 0;
const { cache } = createRequire(import.meta.url);

/** Node keeps the modules it has imported, by their URL, and CommonJS ones by their path too: a reload wants the file. */
async function importedAnew(file: string): Promise<unknown> {
  const path = await realpath(file);
  Reflect.deleteProperty(cache, path);
  const module = (await import(`${pathToFileURL(path).href}?read=${++reads}`)) as { default?: unknown };
  return module.default;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "this is a folder, not a file";
  if (code === "ERR_MODULE_NOT_FOUND" && message.includes("'typescript'"))
    return "a config in TypeScript needs the package typescript; run: npm install typescript";
  return `it cannot be read: ${message}`;
}

/** cosmiconfig says which file a parser failed at. */
function fileOf(error: unknown): string | undefined {
  const { filepath } = error as { filepath?: unknown };
  return typeof filepath === "string" ? filepath : undefined;
}
