import type { Serializer } from "../serializers/serializer.ts";
import type { RouterHooks } from "../hooks/router-hooks.ts";
import type { Transport } from "./connection.ts";
import type { Log } from "./log.ts";
import type { AuthMethod, Strategy } from "./method.ts";
import type { Schema } from "./schema.ts";
import type { RouterStats } from "./observers.ts";

const BRAND = Symbol.for("wampgate.plugin");

/** What a plugin says of itself. */
export interface PluginDefinition<O = unknown> {
  /** The npm package's name, or any that tells the operator whose it is. */
  readonly name: string;
  /** The versions of `@wampgate/core` it works with, a semver range equal to its peerDependency. */
  readonly core: string;
  readonly methods?: readonly AuthMethod[];
  readonly strategies?: readonly Strategy[];
  readonly serializers?: readonly Serializer[];
  readonly transports?: readonly Transport[];
  /** What may stand beside the name in the config, `["name", { … }]`. Without it the plugin takes no options. */
  readonly options?: Schema<O>;
  /** Taps hooks by hand. Runs once for each router, before it listens; a rejection stops the start. */
  readonly apply?: (api: PluginApi, options: O) => void | Promise<void>;
}

export interface Plugin extends PluginDefinition {
  readonly [BRAND]: true;
}

/**
 * Declares a plugin.
 *
 * @example
 * export default definePlugin({
 *   name: "wampgate-ban-list",
 *   core: "^0.1.0",
 *   apply(api) {
 *     api.hooks.hello.tap("wampgate-ban-list", (hello) => (banned(hello.transport.peer) ? deny() : undefined));
 *   },
 * });
 */
export function definePlugin<O = unknown>(definition: PluginDefinition<O>): Plugin {
  return { ...(definition as PluginDefinition), [BRAND]: true };
}

/** Whether `value` was made by `definePlugin`, of this copy of the package or of another. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** How a call made by the router itself ended. */
export type CallOutcome =
  | { readonly kind: "result"; readonly args: readonly unknown[]; readonly kwargs: Readonly<Record<string, unknown>> }
  | {
      readonly kind: "error";
      readonly uri: string;
      readonly args: readonly unknown[];
      readonly kwargs: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "no-realm" }
  /** Nobody has registered the procedure. */
  | { readonly kind: "no-callee" }
  /** Who was called left before it answered. */
  | { readonly kind: "callee-gone" }
  /** Who is registered reads too slowly: more waits for it than may. */
  | { readonly kind: "callee-busy" }
  | { readonly kind: "timeout" };

/** A call that the router made itself, once it has ended. */
export interface ServiceCallEnd {
  readonly realm: string;
  readonly procedure: string;
  /** `cancelled`: who it was made for has left. */
  readonly kind: CallOutcome["kind"] | "cancelled";
  /** From the call to its answer, in milliseconds, with what it waited for the procedure. */
  readonly ms: number;
}

export interface CallOptions {
  /** Cancels the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long to wait for the answer, in milliseconds. Default 10000. */
  readonly timeout?: number;
  /** How long to wait for the procedure to be registered, in milliseconds. Default 0. */
  readonly wait?: number;
}

/** Calls a procedure as the router itself (`caller_authrole` is `trusted`). Rejects only where `signal` fires. */
export type ServiceCall = (
  realm: string,
  procedure: string,
  args: readonly unknown[],
  options?: CallOptions,
) => Promise<CallOutcome>;

/** What a plugin may do with the router it is in. */
export interface PluginApi {
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly call: ServiceCall;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
}
