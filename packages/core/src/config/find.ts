import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { cosmiconfig, type Loader } from "cosmiconfig";
import { ConfigError } from "../contract/errors.ts";
import { thrownText } from "../plugins/thrown.ts";
import { importConfig, importTypescriptConfig } from "./import-config.ts";
import { parseJson, parseYaml, Unreadable } from "./parse.ts";

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

/** All of cosmiconfig's are replaced: its errors show the lines around a slip, where secrets may stand. */
const LOADERS: Readonly<Record<string, Loader>> = {
  ".json": (_file, text) => parseJson(text),
  ".yaml": (_file, text) => parseYaml(text),
  ".yml": (_file, text) => parseYaml(text),
  ".js": importConfig,
  ".mjs": importConfig,
  ".cjs": importConfig,
  ".ts": importTypescriptConfig,
  noExt: (_file, text) => parseYaml(text),
};

/**
 * Reads `file`, or finds a config in `cwd` or a folder above it.
 * @throws ConfigError where there is none, or it cannot be read
 */
export async function readConfig({ file, cwd }: { file?: string; cwd: string }): Promise<ConfigSource> {
  const path = file === undefined ? undefined : resolve(cwd, file);
  let found: Awaited<ReturnType<ReturnType<typeof cosmiconfig>["load"]>>;
  try {
    const options = { searchPlaces: PLACES, stopDir: "/", searchStrategy: "global", loaders: LOADERS } as const;
    const explorer = cosmiconfig("wampgate", options);
    found = path === undefined ? await explorer.search(cwd) : await explorer.load(path);
  } catch (error) {
    throw new ConfigError(fileOf(error) ?? path ?? cwd, [{ path: [], message: await reasonOf(error) }]);
  }
  if (found === null) {
    const message =
      path === undefined
        ? "no wampgate config is here or in a folder above; run: npx wampgate init, or give one by --config FILE"
        : "the file holds no config";
    throw new ConfigError(path ?? cwd, [{ path: [], message }]);
  }
  if (found.isEmpty === true) throw new ConfigError(found.filepath, [{ path: [], message: "the file is empty" }]);
  return { file: found.filepath, folder: dirname(found.filepath), raw: found.config };
}

async function reasonOf(error: unknown): Promise<string> {
  if (error instanceof Unreadable) return `it cannot be read: ${error.message}`;
  const { code, name } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "this is a folder, not a file";
  // cosmiconfig looks for settings of its own in the working directory first, and reads them by its own loaders.
  if (name === "JSONError" || name === "YAMLException")
    return `it cannot be read: ${await slipOf(fileOf(error) ?? "")}`;
  return `it cannot be read: ${thrownText(error)}`;
}

/** Where the slip of a file is that another parser refused. */
async function slipOf(file: string): Promise<string> {
  try {
    await LOADERS[extname(file)]?.(file, await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
  }
  return "there is a slip of syntax in it";
}

/** cosmiconfig says which file a parser failed at. */
function fileOf(error: unknown): string | undefined {
  const { filepath } = (error ?? {}) as { filepath?: unknown };
  return typeof filepath === "string" ? filepath : undefined;
}
