/**
 * The official packages, by the method or the strategy that each brings: what an operator is told to install who names one
 * that no loaded plugin provides. The only file of core that knows their names.
 */
export const METHOD_PACKAGES = {
  anonymous: "@wampgate/auth-anonymous",
  ticket: "@wampgate/auth-ticket",
  wampcra: "@wampgate/auth-wampcra",
} as const;

export const STRATEGY_PACKAGES = { dynamic: "@wampgate/auth-dynamic" } as const;

/** The official package of a method; undefined where there is none. */
export function packageOfMethod(name: string): string | undefined {
  return find(METHOD_PACKAGES, name);
}

/** The official package of a strategy, by its type; undefined where there is none. */
export function packageOfStrategy(type: string): string | undefined {
  return find(STRATEGY_PACKAGES, type);
}

// The name stands in a config: `constructor` is no package.
function find(packages: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(packages, name) ? packages[name] : undefined;
}
