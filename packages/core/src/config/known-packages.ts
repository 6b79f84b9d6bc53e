import { isSimilar } from "./suggest.ts";

/**
 * The official packages, by the method, strategy, kind of cluster or command that each provides. If no loaded plugin provides it, a
 * message says which package to install. Only this file of core knows their names.
 */
export const METHOD_PACKAGES = {
  anonymous: "@wampgate/auth-anonymous",
  ticket: "@wampgate/auth-ticket",
  wampcra: "@wampgate/auth-wampcra",
  scram: "@wampgate/auth-scram",
  "wamp-scram": "@wampgate/auth-scram",
  cryptosign: "@wampgate/auth-cryptosign",
  totp: "@wampgate/auth-totp",
  cookie: "@wampgate/auth-cookie",
  tls: "@wampgate/auth-tls",
} as const;

export const STRATEGY_PACKAGES = {
  dynamic: "@wampgate/auth-dynamic",
  function: "@wampgate/auth-function",
  http: "@wampgate/auth-http",
  jwt: "@wampgate/auth-jwt",
  sql: "@wampgate/auth-sql",
} as const;

/** By the type of a cluster. */
export const LINK_PACKAGES = { workers: "@wampgate/cluster", nats: "@wampgate/cluster-nats" } as const;

/** By the name of a command. */
export const COMMAND_PACKAGES = {
  "hash-ticket": METHOD_PACKAGES.ticket,
  "hash-wampcra": METHOD_PACKAGES.wampcra,
  "hash-scram": METHOD_PACKAGES.scram,
  keygen: METHOD_PACKAGES.cryptosign,
  totp: METHOD_PACKAGES.totp,
} as const;

/** The method whose secrets `wampgate hash` makes if no other is named. */
export const HASHING_METHOD = "wampcra";

/** The official package of a method; undefined if there is none. */
export function packageOfMethod(name: string): string | undefined {
  return find(METHOD_PACKAGES, name);
}

/** The official package of a strategy, by its type; undefined if there is none. */
export function packageOfStrategy(type: string): string | undefined {
  return find(STRATEGY_PACKAGES, type);
}

/** The official package of a kind of cluster, by its type; undefined if there is none. */
export function packageOfLink(type: string): string | undefined {
  return find(LINK_PACKAGES, type);
}

/** The official package that has a command; undefined if there is none. */
export function packageOfCommand(name: string): string | undefined {
  return find(COMMAND_PACKAGES, name);
}

/** The official packages that provide none of these. */
const OTHER_PACKAGES = ["@wampgate/metrics"];

/** All official plugins. One may provide several methods. */
export const OFFICIAL: readonly string[] = [
  ...new Set([
    ...Object.values(METHOD_PACKAGES),
    ...Object.values(STRATEGY_PACKAGES),
    ...Object.values(LINK_PACKAGES),
    ...OTHER_PACKAGES,
  ]),
];

/** The official package that a name in `plugins` means or was probably meant for; undefined if there is none. */
export function officialPackage(name: string): string | undefined {
  if (OFFICIAL.includes(name)) return name;
  if (/^[./]/.test(name)) return undefined;
  // Without the scope, which all of them share: with it, any two would be similar.
  const bare = name.replace(/^@?[^/]*\//, "").replace(/^wampgate-/, "");
  return OFFICIAL.find((official) =>
    [official.replace("@wampgate/", ""), official.replace("@wampgate/auth-", "")].some(
      (form) => bare === form || isSimilar(bare, form),
    ),
  );
}

// The name comes from a config: `constructor` is not a package.
function find(packages: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(packages, name) ? packages[name] : undefined;
}
