import type { Serializer } from "../serializers/serializer.ts";
import type { Command } from "./command.ts";
import type { AuthMethod } from "./method.ts";
import type { PluginApi } from "./plugin-api.ts";
import type { Link } from "./realm-link.ts";
import type { Schema } from "./schema.ts";
import type { Strategy } from "./strategy.ts";
import type { Transport } from "./transport.ts";

/**
 * Marks the plugins that `definePlugin` made: `Symbol.for("wampgate.plugin")`, the same for every copy of this package.
 */
declare const brand: unique symbol;

/**
 * A list, or a function that makes it from the plugin's options: it runs once for each router, when the config is checked,
 * and gets the same object as `apply`. It must open nothing: `wampgate check` and `schema` call it too.
 */
export type Provided<T, O> = readonly T[] | ((options: O) => readonly T[]);

/** What a plugin says about itself. */
export interface PluginDefinition<O = unknown> {
  /** The npm package's name, or another name by which the operator knows the plugin. */
  readonly name: string;
  /** The versions of `@wampgate/core` it works with, a semver range equal to its peerDependency. */
  readonly core: string;
  /** Its own version: the log and `wampgate check` show it. */
  readonly version?: string;
  /** The names of plugins that the config must have too. */
  readonly requires?: readonly string[];
  readonly methods?: Provided<AuthMethod, O>;
  readonly strategies?: Provided<Strategy, O>;
  readonly serializers?: readonly Serializer[];
  readonly transports?: readonly Transport[];
  /** Links to other routers: the config's `cluster` chooses one by its type. */
  readonly links?: readonly Link[];
  /** What can be run as `wampgate <name>` where the config, or the flag `--plugin`, names the plugin. */
  readonly commands?: readonly Command[];
  /** What may follow the name in the config, `["name", { … }]`. Without it the plugin takes no options. */
  readonly options?: Schema<O>;
  /** Taps hooks directly. Runs once for each router, before it listens. A rejection stops the start. */
  readonly apply?: (api: PluginApi, options: O) => void | Promise<void>;
}

/** A plugin, as `definePlugin` makes it. */
export interface Plugin extends PluginDefinition {
  readonly [brand]: true;
}

/** A plugin in one router, whose methods and strategies are made. */
export interface LoadedPlugin extends Plugin {
  readonly methods: readonly AuthMethod[];
  readonly strategies: readonly Strategy[];
}
