import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ValueSource } from "../contract/login-record.ts";
import { isDict } from "../wamp/messages.ts";
import type { Issues, Path } from "./issues.ts";
import { hiding } from "./shown.ts";

/** How deep a config may nest. A deeper one is a mistake, or goes in a circle. */
const MAX_DEPTH = 100;

/**
 * How many values a config may hold. Values that YAML's aliases repeat count each time, since a few aliases can
 * multiply without end.
 */
const MAX_VALUES = 1_000_000;

/** How long a file that a string names may be, in bytes. */
const MAX_FILE = 1024 * 1024;

/** `${NAME}`, `${NAME:-default}`, `${file:path}`, or `$${` for a literal `${`. */
const VARIABLE = /\$\$\{|\$\{([^}]*)\}/g;

/** What stands for a `${…}`. */
interface Found {
  readonly value: string;
  /** Null: it is the default that the config has. */
  readonly source: ValueSource | null;
}

export interface Expanded {
  readonly value: unknown;
  /** Whether the whole string at this path was `${…}`. */
  readonly fromEnvironment: (path: Path) => boolean;
  /** Where the string at this path came from, if the whole of it was `${…}`; null also for the default in `${…}`. */
  readonly sourceOf: (path: Path) => ValueSource | null;
  /** Replaces values from outside in a text by their `${…}`: they may be secrets. */
  readonly hide: (text: string) => string;
}

/** What the strings of a config may name. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Paths of files are relative to it. */
  readonly folder: string;
}

/**
 * A copy of a config with each `${…}` in a string replaced by the environment variable's value or the text of the file.
 * Keys stay as they are, and so does everything that is not a plain mapping or list: plugins, functions.
 */
export function expandEnvironment(raw: unknown, { environment, folder }: Surroundings, issues: Issues): Expanded {
  const whole = new Map<string, ValueSource | null>();
  const values = new Map<string, string>();

  const valueOf = (name: string): Found | { problem: string } => {
    if (name.startsWith("file:")) return textOf(resolve(folder, name.slice("file:".length)));
    const [variable = "", ...rest] = name.split(":-");
    const value = environment[variable];
    const source = { env: variable };
    if (rest.length > 0)
      return value === undefined || value === "" ? { value: rest.join(":-"), source: null } : { value, source };
    const problem = `the environment variable ${name} is not set; set it, or write $\${ for a literal \${`;
    return value === undefined ? { problem } : { value, source };
  };

  const expandText = (text: string, path: Path): string => {
    const problems = new Set<string>();
    const expanded = text.replace(VARIABLE, (found: string, name: string | undefined) => {
      if (name === undefined) return "${";
      const outer = valueOf(name);
      if ("problem" in outer) {
        problems.add(outer.problem);
        return found;
      }
      values.set(outer.value, found);
      if (found === text) whole.set(JSON.stringify(path), outer.source);
      return outer.value;
    });
    for (const problem of problems) issues.add(path, problem);
    // What its text would be is unknown.
    if (problems.size > 0) issues.settle(path);
    return expanded;
  };

  let left = MAX_VALUES;
  const expand = (value: unknown, path: Path): unknown => {
    if (--left < 0) return null;
    if (typeof value === "string") return expandText(value, path);
    if (path.length > MAX_DEPTH) {
      issues.add(path.slice(0, 5), `nests more than ${MAX_DEPTH} levels deep, or goes in a circle`);
      return null;
    }
    // Not `map`, which leaves the holes of a list: all that read the config would have to expect them.
    if (Array.isArray(value)) return Array.from(value, (item, i) => expand(item, [...path, i]));
    if (!isPlain(value)) return value;
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (key === "__proto__") issues.add([...path, key], "this name cannot be used");
      else copy[key] = expand(item, [...path, key]);
    }
    return copy;
  };

  const value = expand(raw, []);
  if (left < 0) issues.add([], `holds more than ${MAX_VALUES} values, or goes in a circle`);
  return {
    value: left < 0 ? null : value,
    fromEnvironment: (path) => whole.has(JSON.stringify(path)),
    sourceOf: (path) => whole.get(JSON.stringify(path)) ?? null,
    hide: hiding(values),
  };
}

/** Whether it is a plain mapping of the config. In a JS config there are also plugins, which have symbols as keys. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  return isDict(value) && Object.getOwnPropertySymbols(value).length === 0;
}

/** The text of a file, less the newline at its end. */
function textOf(file: string): Found | { problem: string } {
  const problem = (why: string): { problem: string } => ({ problem: `the file ${file} cannot be read: ${why}` });
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return problem("it is no ordinary file");
    if (stats.size > MAX_FILE) return problem(`it has more than ${MAX_FILE} bytes`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
    return { value: text.replace(/\r?\n$/, ""), source: { file } };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return problem("there is no such file");
    if (code === "EACCES") return problem("this user may not read it");
    return problem(code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it holds no text in UTF-8" : String(code));
  }
}
