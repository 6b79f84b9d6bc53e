import type { RouterHooks } from "./hooks.ts";
import type { LocalIdentity, LocalSession } from "./local-session.ts";
import type { Log } from "./log.ts";
import type { Observation, Observer, RouterStats } from "./observers.ts";
import type { ServiceCall } from "./service-call.ts";
import type { MethodApi } from "./shared-state.ts";
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
export interface PluginApi extends MethodApi {
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly call: ServiceCall;
  /**
   * A session in the router's process that joins a realm of the config, without a login. The rules of its role hold for it.
   * Use it in the hook `starting` and later, and leave when it is not needed. The router ends it when it closes, and a
   * reload that removes its realm or its role ends it: then `isOpen` is false.
   *
   * @param identity its role, and its authid; default: the plugin's name
   * @throws WampgateError `WG_PLUGIN_SESSION` before the start and after the end, `WG_NO_REALM`, `WG_NO_ROLE`
   * @example
   * api.hooks.starting.tapPromise("my-plugin", async () => {
   *   const session = api.session("realm1", { role: "clock" });
   *   await session.register("com.example.now", () => new Date().toISOString());
   * });
   */
  readonly session: (realm: string, identity: LocalIdentity) => LocalSession;
  /**
   * The absolute path of a file that the plugin's options name: relative paths begin at the config file's folder, or at
   * `cwd` of a router whose config is given by code.
   * @example const key = await readFile(api.resolve(options["key-file"]));
   */
  readonly resolve: (path: string) => string;
  /**
   * The URL of a module that the plugin's options name, a file or a package, which is looked for beside the config file, then in
   * the working directory.
   * @throws if there is none, with a sentence that says so
   */
  readonly resolveModule: (name: string) => string;
  readonly http: PluginHttp;
  readonly side: PluginSide;
  /**
   * Counts calls and events by realm and URI, until `stop()`. Nothing is counted while no plugin observes; while one
   * does, it costs a look-up for each call and each publication.
   *
   * @example
   * const seen = api.observe({ callEnded: ({ procedure, ms }) => histogram.observe({ procedure }, ms) });
   * api.side.route("/calls", (_request, response) => response.end(String(seen.realms.get("realm1")?.calls ?? 0)));
   */
  readonly observe: (observer?: Observer) => Observation;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
}
