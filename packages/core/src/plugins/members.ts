import type { LoadedPlugin, Plugin, Provided } from "../contract/plugin.ts";
import { thrownText } from "../errors/thrown.ts";
import type { FoundPlugin } from "./load-plugins.ts";
import { memberProblems } from "./shape.ts";

/**
 * A plugin with its methods and strategies, which it may make from its options.
 *
 * @param options as the plugin's schema gives them; null if they are wrong
 * @param complain gets each problem
 * @returns `isWhole`: whether all were made
 */
export function withMembers(
  plugin: Plugin,
  options: { readonly value: unknown } | null,
  complain: (message: string, cause?: unknown) => void,
): { readonly plugin: LoadedPlugin; readonly isWhole: boolean } {
  const { name } = plugin;
  let isWhole = true;
  const made = <T>(key: "methods" | "strategies", provided: Provided<T, unknown> = []): readonly T[] => {
    if (typeof provided !== "function") return provided;
    if (options !== null)
      try {
        const list = provided(options.value);
        const problems = memberProblems(key, list);
        for (const problem of problems) complain(`plugin "${name}": ${problem}`);
        if (problems.length === 0) return list;
      } catch (error) {
        complain(`plugin "${name}" failed to make its ${key}: ${thrownText(error)}`, error);
      }
    isWhole = false;
    return [];
  };
  const [methods, strategies] = [made("methods", plugin.methods), made("strategies", plugin.strategies)];
  return { plugin: { ...plugin, methods, strategies }, isWhole };
}

/** A plugin of the config that is ready, and its position. */
export interface ReadyPlugin extends FoundPlugin {
  readonly plugin: LoadedPlugin;
}

/** Reports plugins that claim the same name: it would be unclear which of them answers. */
export function reportTwins(found: readonly ReadyPlugin[], complain: (index: number, message: string) => void): void {
  const owners = new Map<string, string>();
  for (const { plugin, index } of found) {
    for (const claim of claimsOf(plugin)) {
      const owner = owners.get(claim);
      if (owner === undefined) owners.set(claim, plugin.name);
      else if (owner === plugin.name)
        complain(index, `plugin "${plugin.name}" claims the ${claim} twice, or is listed twice`);
      else complain(index, `plugin "${plugin.name}" claims the ${claim}, as "${owner}" does; keep one of them`);
    }
  }
}

/** Reports plugins that need others. Call it only if all were loaded: what is missing may have failed. */
export function reportMissing(found: readonly FoundPlugin[], complain: (index: number, message: string) => void): void {
  const names = new Set(found.map(({ plugin }) => plugin.name));
  for (const { plugin, index } of found)
    for (const name of plugin.requires ?? [])
      if (!names.has(name)) complain(index, `plugin "${plugin.name}" needs "${name}"; add it to plugins`);
}

function claimsOf({
  name,
  methods,
  strategies,
  serializers = [],
  transports = [],
  links = [],
}: LoadedPlugin): string[] {
  return [
    `name "${name}"`,
    ...methods.map((method) => `method "${method.name}"`),
    ...strategies.map(({ type }) => `strategy "${type}"`),
    ...serializers.map((serializer) => `serializer "${serializer.name}"`),
    ...transports.map(({ type }) => `transport "${type}"`),
    ...links.map(({ type }) => `link "${type}"`),
  ];
}
