import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { cosmiconfig, type Loader } from "cosmiconfig";
import { ConfigError } from "../errors/config-error.ts";
import { thrownText } from "../errors/thrown.ts";
import { importConfig, importTypescriptConfig } from "./import-config.ts";
import { parseJson, parseYaml, Unreadable } from "./parse.ts";
import { locatorOf } from "./locate.ts";
import type { Locate } from "./places.ts";

/** A config as it was read. */
export interface ConfigSource {
  /** Its absolute path, or a name for messages if it is not from a file. */
  readonly file: string;
  /** The folder to look first for files and modules that it names. */
  readonly folder: string;
  readonly raw: unknown;
  /** The line of the value at a path. Absent if the config is not from a file. */
  readonly locate?: Locate;
}

/** A list of our own, since cosmiconfig's lacks some of them. */
const PLACES = [
  "package.json",
  ...["json", "yaml", "yml", "js", "mjs", "cjs", "ts"].map((extension) => `wampgate.config.${extension}`),
  ".wampgaterc",
  ...["json", "yaml", "yml", "js", "mjs", "cjs"].map((extension) => `.wampgaterc.${extension}`),
];

/** Reading a file with one of these extensions runs it. */
const CODE = [".js", ".mjs", ".cjs", ".ts"];

const isCode = (place: string): boolean => CODE.includes(extname(place));

/** They replace all of cosmiconfig's: its errors show the lines around a syntax error, which may hold secrets. */
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

/** A config that is data must not run code by cosmiconfig's `$import`. */
const DATA_LOADERS: Readonly<Record<string, Loader>> = {
  ...LOADERS,
  ...Object.fromEntries(
    CODE.map((extension) => [
      extension,
      () => {
        throw new Unreadable("it is outside of the project, and imports code; name it by --config FILE");
      },
    ]),
  ),
};

type Found = Awaited<ReturnType<ReturnType<typeof cosmiconfig>["load"]>>;

/**
 * Reads `file`, or finds a config in `cwd` or a folder above it. A config that is code is looked for only up to the
 * project's root, and only in `cwd` if there is no project: otherwise anyone could put one into a folder that is open
 * to all.
 *
 * @throws ConfigError if there is none, or it cannot be read
 */
export async function readConfig({ file, cwd }: { file?: string; cwd: string }): Promise<ConfigSource> {
  const path = file === undefined ? undefined : resolve(cwd, file);
  const texts: Texts = new Map();
  let found: Found;
  try {
    found =
      path === undefined ? await search(resolve(cwd), texts) : await explorerOf(PLACES, LOADERS, texts).load(path);
  } catch (error) {
    const message = await reasonOf(error);
    const [, line] = /^it cannot be read: line (\d+)/.exec(message) ?? [];
    const issue = { path: [], message, ...(line === undefined ? {} : { line: Number(line) }) };
    throw new ConfigError(fileOf(error) ?? path ?? cwd, [issue], "WG_CONFIG_UNREADABLE");
  }
  if (found === null) {
    const message = path === undefined ? await notFound(resolve(cwd)) : "the file holds no config";
    throw new ConfigError(path ?? cwd, [{ path: [], message }], "WG_CONFIG_MISSING");
  }
  if (found.isEmpty === true)
    throw new ConfigError(found.filepath, [{ path: [], message: "the file is empty" }], "WG_CONFIG_MISSING");
  const { filepath } = found;
  const locate = locatorOf(formatOf(filepath), texts.get(filepath) ?? "", rootOf(filepath));
  return { file: filepath, folder: dirname(filepath), raw: found.config, locate };
}

function formatOf(file: string): "json" | "yaml" | null {
  if (isCode(file)) return null;
  return extname(file) === ".json" ? "json" : "yaml";
}

/** The keys that lead to the config in the file. */
function rootOf(file: string): string[] {
  return basename(file) === "package.json" ? ["wampgate"] : [];
}

/** The texts of files that were read. */
type Texts = Map<string, string>;

function explorerOf(
  searchPlaces: string[],
  loaders: Readonly<Record<string, Loader>>,
  texts: Texts,
): ReturnType<typeof cosmiconfig> {
  const noting = Object.entries(loaders).map(([extension, loader]): [string, Loader] => [
    extension,
    (file, text) => {
      texts.set(file, text);
      return loader(file, text) as unknown;
    },
  ]);
  return cosmiconfig("wampgate", { searchPlaces, searchStrategy: "none", loaders: Object.fromEntries(noting) });
}

async function search(cwd: string, texts: Texts): Promise<Found> {
  const inProject = explorerOf(PLACES, LOADERS, texts);
  const outside = explorerOf(
    PLACES.filter((place) => !isCode(place)),
    DATA_LOADERS,
    texts,
  );
  const { project, above } = await foldersFrom(cwd);
  for (const folder of project) {
    const found = await inProject.search(folder);
    if (found !== null) return found;
  }
  for (const folder of above) {
    const found = await outside.search(folder);
    if (found !== null) return found;
  }
  return null;
}

/**
 * `cwd` and the folders above it: those of the project, and those above. Folders that anyone may write to are left out.
 */
async function foldersFrom(cwd: string): Promise<{ project: string[]; above: string[] }> {
  const all = [cwd];
  for (let folder = cwd; dirname(folder) !== folder; folder = dirname(folder)) all.push(dirname(folder));
  const trusted: string[] = [];
  for (const folder of all) if (folder === cwd || !(await isOpenToAll(folder))) trusted.push(folder);
  for (const [i, folder] of trusted.entries()) {
    if ((await exists(join(folder, "package.json"))) || (await exists(join(folder, ".git"))))
      return { project: trusted.slice(0, i + 1), above: trusted.slice(i + 1) };
  }
  return { project: [cwd], above: trusted.slice(1) };
}

/** Whether anyone may put files there, as in /tmp. On Windows the mode does not say so. */
async function isOpenToAll(folder: string): Promise<boolean> {
  if (process.platform === "win32") return false;
  const stats = await stat(folder).catch(() => null);
  return stats === null || (stats.mode & 0o002) !== 0;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function notFound(cwd: string): Promise<string> {
  const what = "no wampgate config is here or in a folder above";
  for (let folder = dirname(cwd), below = cwd; folder !== below; below = folder, folder = dirname(folder)) {
    const isOpen = await isOpenToAll(folder);
    for (const place of PLACES.filter((name) => isCode(name) || (isOpen && name !== "package.json"))) {
      const passed = join(folder, place);
      if (await exists(passed))
        return `${what} that may be read without --config: ${passed} is outside of the project; to use it give --config ${passed}`;
    }
  }
  return `${what}; run: npx wampgate init, or give one by --config FILE`;
}

async function reasonOf(error: unknown): Promise<string> {
  if (error instanceof Unreadable) return `it cannot be read: ${error.message}`;
  const { code, name } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "this is a folder, not a file";
  // cosmiconfig first looks for its own settings in the working directory, and reads them by its own loaders.
  if (name === "JSONError" || name === "YAMLException")
    return `it cannot be read: ${await slipOf(fileOf(error) ?? "")}`;
  return `it cannot be read: ${thrownText(error)}`;
}

/** The place of the syntax error in a file that another parser refused. */
async function slipOf(file: string): Promise<string> {
  try {
    await LOADERS[extname(file)]?.(file, await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
  }
  return "it has a syntax error";
}

/** The file that cosmiconfig's parser failed at. */
function fileOf(error: unknown): string | undefined {
  const { filepath } = (error ?? {}) as { filepath?: unknown };
  return typeof filepath === "string" ? filepath : undefined;
}
