import type { z } from "zod";
import type { blockSchema } from "../auth/settings.ts";
import type { AnyBlock, AuthMethods, Strategies, Transports } from "../contract/config-keys.ts";
import type { roleSchema } from "../realm/access/settings.ts";
import type { realmSchema } from "../realm/settings.ts";
import type { memorySchema } from "../transports/memory/settings.ts";
import type { rawsocketSchema } from "../transports/rawsocket/settings.ts";
import type { websocketSchema } from "../transports/websocket/settings.ts";
import type { CheckedPlugins, PluginEntries } from "./plugin-options.ts";
import type { Readonlys } from "./readonlys.ts";
import type { entrySettings, rootSchema } from "./core-schema.ts";
import type { METHOD_PACKAGES, STRATEGY_PACKAGES } from "./known-packages.ts";

// The interfaces and aliases have names for the sake of the compiler's messages: "'rol' does not exist in type
// 'StaticBlock<"anonymous">'".

/**
 * A config, as in `wampgate.config.ts`. It may be readonly (`as const`). The blocks of a method, strategy or transport are
 * known if the program imports its package; of official packages that it does not import, the names alone are known.
 *
 * @typeParam P the plugins that it lists, whose options are checked. `defineConfig` and `createRouter` infer it; a config
 * that is only declared as `WampgateConfig` may have any options
 */
export interface WampgateConfig<P extends PluginEntries = PluginEntries> extends Omit<
  Written<typeof rootSchema>,
  "plugins" | "realms" | "transports"
> {
  readonly plugins?: CheckedPlugins<P>;
  readonly realms: readonly RealmConfig[];
  readonly transports: readonly TransportConfig[];
}

/** One of the config's `realms`. */
export interface RealmConfig extends Omit<Written<typeof realmSchema>, "roles"> {
  readonly roles: readonly RoleConfig[];
}

/** One of a realm's `roles`. */
export interface RoleConfig extends Omit<Written<typeof roleSchema>, "name"> {
  readonly name: string;
}

/** One of the config's `transports`: core's keys, and those of its `type`. */
export type TransportConfig = { [T in keyof AllTransports]: TransportEntry<T> }[keyof AllTransports];

/** The `auth` of a transport: for each method a block, or a list of blocks that are asked in order. */
export type AuthConfig = { readonly [M in keyof AllMethods]?: AuthBlock<M> | readonly AuthBlock<M>[] };

/**
 * Types a config written in JS or TS. It returns its argument.
 *
 * @example
 * import { defineConfig } from "@wampgate/core";
 * import anonymous from "@wampgate/auth-anonymous";
 *
 * export default defineConfig({
 *   plugins: [anonymous],
 *   realms: [{ name: "realm1", roles: [{ name: "guest", "allow-by-default": true }] }],
 *   transports: [{
 *     type: "websocket",
 *     endpoint: { type: "tcp", port: 8080 },
 *     auth: { anonymous: { type: "static", role: "guest" } },
 *   }],
 * });
 */
export function defineConfig<N extends string, const P extends PluginEntries<N>>(
  config: WampgateConfig<P>,
): WampgateConfig {
  return config;
}

/** What a schema takes, all of it readonly. */
type Written<S extends z.ZodType> = Readonlys<z.input<S>>;

interface AllTransports extends Transports {
  websocket: z.input<typeof websocketSchema>;
  rawsocket: z.input<typeof rawsocketSchema>;
  memory: z.input<typeof memorySchema>;
}

type TransportEntry<T extends keyof AllTransports> = { readonly type: T; readonly auth: AuthConfig } & Written<
  typeof entrySettings
> &
  Readonlys<AllTransports[T]>;

/** Official packages that the program does not import. */
type Others<Official, Known> = { readonly [N in Exclude<keyof Official, keyof Known>]: AnyBlock };
type AllMethods = AuthMethods & Others<typeof METHOD_PACKAGES, AuthMethods>;
type AllStrategies = Strategies & Others<typeof STRATEGY_PACKAGES, Strategies>;

/** The keys that core names for each block; its schema lets all others pass. */
type BlockKeys = Omit<Written<z.ZodObject<(typeof blockSchema)["shape"]>>, "type">;

type AuthBlock<M extends keyof AllMethods> =
  StaticBlock<M> | { [S in keyof AllStrategies]: StrategyBlock<S> }[keyof AllStrategies];

type StaticBlock<M extends keyof AllMethods> = TypeKey<"static", AllMethods[M]> & BlockKeys & Readonlys<AllMethods[M]>;

type StrategyBlock<S extends keyof AllStrategies> = { readonly type: S } & BlockKeys & Readonlys<AllStrategies[S]>;

/** The key `type`. A method with a default type has it among its own keys, as `type?: "static"`. */
type TypeKey<T, Own> = string extends keyof Own
  ? { readonly type: T }
  : "type" extends keyof Own
    ? unknown
    : { readonly type: T };
