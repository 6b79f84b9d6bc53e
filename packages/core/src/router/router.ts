import type { WampgateConfig } from "../config/define-config.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { Log } from "../contract/log.ts";
import type { RouterStats } from "../contract/observers.ts";
import type { ConfigIssue } from "../errors/config-error.ts";
import type { LocalSession } from "../session/local/local-session.ts";
import type { MemoryClient, MemoryConnectOptions } from "../transports/memory/memory.ts";
import type { Endpoint } from "./listeners.ts";
import type { Reloaded } from "./reload.ts";

/** A WAMP router. Made by `createRouter`. */
export interface Router {
  readonly hooks: RouterHooks;
  readonly log: Log;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
  /** The config's plugins, as they were loaded, with their options. */
  readonly plugins: LoadedConfig["plugins"];
  /** What is legal in the config, but likely not meant. */
  readonly warnings: readonly ConfigIssue[];
  /** Where the router listens: empty before `start`. */
  readonly endpoints: readonly Endpoint[];
  /** How many sessions there are, in process and by transport: all that have not ended. */
  readonly sessionCount: { readonly remote: number; readonly local: number };

  /** @throws Error where a hook is tapped for a method or strategy that no loaded plugin provides */
  check(): void;

  /**
   * Freezes the hooks, starts the components one after the other, then listens. A router starts once.
   * @throws Error where a tap, a component or a transport fails, or the router is closed meanwhile; nothing is left running
   * then. Also where it has started or is closed already, which changes nothing
   */
  start(): Promise<void>;

  /**
   * Puts a changed config into effect: its realms, roles, permissions and authorizers, the `auth` of its transports and
   * their limits, and the files of certificates. Sessions that it would not let in any more are closed; all others stay.
   * What needs a restart is left as it is, and told. Reloads that come at once happen one after the other.
   *
   * @throws ConfigError where the config is wrong: the old one stays in effect then; Error where the router does not run
   */
  reload(config: WampgateConfig): Promise<Reloaded>;

  /**
   * The first half of an orderly end: takes no new clients, ends the logins under way, and waits until no call is
   * pending, for `shutdown-timeout` at most. `close` is the second half.
   */
  drain(): Promise<void>;

  /**
   * Says GOODBYE to all clients, waits two seconds at most for the answers, and ends what is left. May be called more than
   * once: each call resolves when the router is closed.
   * @param reason the URI that clients are told; default `wamp.close.system_shutdown`
   */
  close(reason?: string): Promise<void>;

  /**
   * A session in this process, without a login, with autobahn-js's signatures.
   * @throws Error where there is no such realm, or no such role in it
   */
  session(realm: string, identity: { readonly role: string; readonly authid?: string }): LocalSession;

  /**
   * Connects to a transport of type `memory`, frame by frame, as over a socket. For tests.
   * @throws Error where the config has no such transport, or the router has not started
   */
  connect(options?: MemoryConnectOptions): MemoryClient;
}
