import { isDict } from "../wamp/messages.ts";
import type { Issues, Path } from "./issues.ts";
import { hiding } from "./shown.ts";

/** How deep a config may nest; deeper it is a mistake, or goes in a circle. */
const MAX_DEPTH = 100;

/** How many values a config may hold, those that YAML's aliases repeat counted each time: a few of them multiply without end. */
const MAX_VALUES = 1_000_000;

/** `${NAME}`, or `$${` for a `${` that is meant as it is. */
const VARIABLE = /\$\$\{|\$\{([^}]*)\}/g;
const WHOLE = /^\$\{[^}]*\}$/;

export interface Expanded {
  readonly value: unknown;
  /** Whether the string at this path was wholly `${NAME}`. */
  readonly fromEnvironment: (path: Path) => boolean;
  /** Puts `${NAME}` into a text where it holds what the environment had under that name: it may be a secret. */
  readonly hide: (text: string) => string;
}

/**
 * A copy of a config in which each `${NAME}` in a string is what the environment has under that name. Keys are left as
 * they are, and so is what is no plain mapping or list: plugins, functions.
 */
export function expandEnvironment(raw: unknown, environment: NodeJS.ProcessEnv, issues: Issues): Expanded {
  const whole = new Set<string>();
  const values = new Map<string, string>();

  const expandText = (text: string, path: Path): string => {
    if (WHOLE.test(text)) whole.add(JSON.stringify(path));
    return text.replace(VARIABLE, (found: string, name: string | undefined) => {
      if (name === undefined) return "${";
      const value = environment[name];
      if (value !== undefined) {
        values.set(value, found);
        return value;
      }
      issues.add(path, `the environment variable ${name} is not set; set it, or write $\${ for a literal \${`);
      return found;
    });
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

/** A mapping of the config, and nothing that a JS config brings with it: a plugin bears symbols. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isDict(value) && Object.getOwnPropertySymbols(value).length === 0;
}
