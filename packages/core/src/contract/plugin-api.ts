import type { RouterHooks } from "./hooks.ts";
import type { Log } from "./log.ts";
import type { RouterStats } from "./observers.ts";
import type { ServiceCall } from "./service-call.ts";

/** What a plugin may do with the router it is in. */
export interface PluginApi {
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly call: ServiceCall;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
}
