import { isPlain } from "./environment.ts";

/** A copy of a config that was accepted. What is no plain mapping or list stays the same: plugins, functions. */
export function copyOfConfig<T>(config: T): T {
  return copyOf(config) as T;
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
}
