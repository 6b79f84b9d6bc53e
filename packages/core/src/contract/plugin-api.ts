import type { RouterHooks } from "./hooks.ts";
import type { Log } from "./log.ts";
import type { RouterStats } from "./observers.ts";
import type { ServiceCall } from "./service-call.ts";
import type { RequestHandler } from "./transport.ts";

/** Pages of a plugin on the listeners of the config. */
export interface PluginHttp {
  /**
   * Answers HTTP requests to a path, and to those below it, on the endpoint of an entry of `transports`. Call it in
   * `apply`. The start fails if the entry has no endpoint, or if the path is taken there. At a reload the page moves to
   * the endpoint that the entry at this position has then. Anybody who can connect can ask for it.
   *
   * @param entry the entry's position in `transports`
   * @param handler must answer within 30 seconds; then the connection is closed, and so it is after the answer
   * @example api.http.route(0, "/version", (request, response) => response.end("1.0.0"));
   */
  route(entry: number, path: string, handler: RequestHandler): void;
}

/** Pages of a plugin on the side listener, for operators and their programs. */
export interface PluginSide {
  /** Whether the config has one. Without it, routes are not reachable. */
  readonly isOn: boolean;
  /**
   * Answers HTTP requests to a path, and to those below it, if they have the token, or the path is public by the config.
   * Call it in `apply`. The connection is closed after the answer.
   * @throws WampgateError if the path is taken
   */
  route(path: string, handler: RequestHandler): void;
}

/** What a plugin may do with the router it is in. */
export interface PluginApi {
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly call: ServiceCall;
  readonly http: PluginHttp;
  readonly side: PluginSide;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
}
