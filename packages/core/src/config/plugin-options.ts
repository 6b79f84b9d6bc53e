import type { AnyBlock, PluginOptions } from "../contract/config-keys.ts";
import type { Plugin } from "../contract/plugin.ts";
import type { Readonlys } from "./readonlys.ts";

/** What `plugins` of a config may list. */
export type PluginEntries<N extends string = string> = readonly (N | Plugin | readonly [N | Plugin, AnyBlock])[];

/**
 * The plugins `P` of a config, if the options of those that are known are right; else what they should be, which the
 * compiler's message then says. The compiler has to read `P` from the config: no type can say "any name but these".
 */
export type CheckedPlugins<P extends PluginEntries> = P extends { readonly [I in keyof P]: Exact<P[I]> }
  ? P
  : { readonly [I in keyof P]: Expected<P[I]> };

type Expected<E> = E extends readonly [infer Named, unknown]
  ? NameOf<Named> extends infer N extends keyof PluginOptions
    ? readonly [Named, Readonlys<PluginOptions[N]>]
    : E
  : E;

/** The same, without a key that the plugin does not know. */
type Exact<E> = E extends readonly [infer Named, infer Given]
  ? NameOf<Named> extends infer N extends keyof PluginOptions
    ? readonly [
        Named,
        Readonlys<PluginOptions[N]> & { readonly [K in Exclude<keyof Given, keyof PluginOptions[N]>]?: never },
      ]
    : E
  : E;

/** A plugin is named, or given as `definePlugin` has made it. */
type NameOf<Named> = Named extends Plugin ? Named["name"] : Named;
