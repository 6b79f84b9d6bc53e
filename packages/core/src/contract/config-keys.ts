// What plugins add to the config. A package adds the keys of its own blocks to these interfaces, so that a config in
// TypeScript knows them as soon as the package is imported.

/**
 * The methods that a config may have in `auth`, each with the keys of its blocks of `type: static`, without core's own
 * (`type`, `default-role` …). `never` says that it has no such blocks.
 *
 * @example
 * declare module "@wampgate/core" {
 *   interface AuthMethods {
 *     shout: z.input<typeof block>;
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface AuthMethods {}

/**
 * The strategies that a block may name as its `type`, each with the keys of such a block, without core's own.
 *
 * @example
 * declare module "@wampgate/core" {
 *   interface Strategies {
 *     everybody: AnyBlock; // not checked by the compiler
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Strategies {}

/** The transports of plugins, by `type`, each with the keys of an entry, without core's own (`type`, `auth` …). */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Transports {}

/**
 * The options of plugins, by the name of the package: what may follow it in `plugins`, `["name", { … }]`. Options of a
 * name that is not here may be anything.
 *
 * @example
 * declare module "@wampgate/core" {
 *   interface PluginOptions {
 *     "wampgate-ban-list": z.input<typeof options>;
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface PluginOptions {}

/** The options of a plugin that takes none. */
export type NoOptions = Readonly<Record<string, never>>;

/** A block whose keys the compiler does not know. */
export type AnyBlock = Readonly<Record<string, unknown>>;
