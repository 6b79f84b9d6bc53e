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

/** `${NAME}`, or `$${` for a literal `${`. */
const VARIABLE = /\$\$\{|\$\{([^}]*)\}/g;
const WHOLE = /^\$\{[^}]*\}$/;

export interface Expanded {
  readonly value: unknown;
  /** Whether the whole string at this path was `${NAME}`. */
  readonly fromEnvironment: (path: Path) => boolean;
  /** Replaces values of the environment in a text by their `${NAME}`: they may be secrets. */
  readonly hide: (text: string) => string;
}

/**
 * A copy of a config with each `${NAME}` in a string replaced by the environment variable's value. Keys stay as they
 * are, and so does everything that is not a plain mapping or list: plugins, functions.
 */
export function expandEnvironment(raw: unknown, environment: NodeJS.ProcessEnv, issues: Issues): Expanded {
  const whole = new Set<string>();
  const values = new Map<string, string>();

  const expandText = (text: string, path: Path): string => {
    if (WHOLE.test(text)) whole.add(JSON.stringify(path));
    let unset = 0;
    const expanded = text.replace(VARIABLE, (found: string, name: string | undefined) => {
      if (name === undefined) return "${";
      const value = environment[name];
      if (value !== undefined) {
        values.set(value, found);
        return value;
      }
      issues.add(path, `the environment variable ${name} is not set; set it, or write $\${ for a literal \${`);
      unset++;
      return found;
    });
    // What its text would be is unknown.
    if (unset > 0) issues.settle(path);
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
    if (Array.isArray(value)) return value.map((item, i) => expand(item, [...path, i]));
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
    hide: hiding(values),
  };
}

/** Whether it is a plain mapping of the config. In a JS config there are also plugins, which have symbols as keys. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isDict(value) && Object.getOwnPropertySymbols(value).length === 0;
}
