import type { WampgateConfig } from "../config/define-config.ts";
import type { PluginEntries } from "../config/plugin-options.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { LocalIdentity, LocalSession } from "../contract/local-session.ts";
import type { Log } from "../contract/log.ts";
import type { RouterStats } from "../contract/observers.ts";
import type { ConfigIssue } from "../errors/config-error.ts";
import type { MemoryClient, MemoryConnectOptions } from "../transports/memory/memory.ts";
import type { CheckOptions, RouterCheck } from "./check.ts";
import type { Endpoint } from "./listeners.ts";
import type { Reloaded, ReloadOptions } from "./reload.ts";

/** A WAMP router. Create it by `createRouter`; `await using router = await createRouter(…)` closes it with its block. */
export interface Router extends AsyncDisposable {
  readonly hooks: RouterHooks;
  readonly log: Log;
  /** What the router counts: traffic, sessions, limits that were hit. */
  readonly stats: RouterStats;
  /** The config's plugins, as they were loaded, with their options. */
  readonly plugins: LoadedConfig["plugins"];
  /** What is legal in the config, but probably a mistake. */
  readonly warnings: readonly ConfigIssue[];
  /** Where the router listens: empty before `start`. */
  readonly endpoints: readonly Endpoint[];
  /** How many sessions are open, in process and by transport. */
  readonly sessionCount: { readonly remote: number; readonly local: number };

  /**
   * Looks for what the start would fail at, without listening: files of certificates, addresses, folders of sockets,
   * modules of components, which it imports. With `ask: true` it also tries the servers, databases and stores that blocks of
   * `auth` name; without, nothing leaves this machine.
   * @throws Error if a hook is tapped for a method or strategy that no loaded plugin provides
   * @example const { problems } = await router.check({ ask: true });
   */
  check(options?: CheckOptions): Promise<RouterCheck>;

  /**
   * Freezes the hooks, starts the components one after the other, then listens. A router starts once.
   * @throws Error if a tap, a component or a transport fails, or if the router is closed during the start; then nothing
   * is left running. Also if it has started or is closed already, which changes nothing
   */
  start(): Promise<void>;

  /**
   * Puts a changed config into effect: its realms, roles, permissions and authorizers, the `auth` of its transports and
   * their limits, and the files of certificates. Sessions that it does not let in any more are closed; all others stay.
   * What needs a restart stays as it is, and is reported. Concurrent reloads run one after the other.
   *
   * @throws ConfigError if the config is wrong: then the old one stays in effect; Error if the router does not run
   */
  reload<N extends string, const P extends PluginEntries<N>>(
    config: WampgateConfig<P>,
    options?: ReloadOptions,
  ): Promise<Reloaded>;

  /**
   * Changes the config at run time: realms, roles, and all else that `reload` changes, which puts it into effect.
   * Concurrent updates run one after the other, each with what the one before it has made.
   *
   * @param change gets a copy of the config that was put into effect last, as it was written, and returns the new one. A
   * reload of the config's file replaces what was changed
   * @throws ConfigError if the new config is wrong, or what `change` throws: then nothing is changed; Error if the router
   * does not run
   * @example
   * await router.update((config) => ({
   *   ...config,
   *   realms: [...config.realms, { name: "shop", roles: [{ name: "user", "allow-by-default": true }] }],
   * }));
   */
  update(change: (config: WampgateConfig) => WampgateConfig): Promise<Reloaded>;

  /**
   * The first half of an orderly end: takes no new clients, ends the pending logins, and waits until no call is
   * pending, for `shutdown-timeout` at most. Clients begin no new calls meanwhile but those by which they answer one;
   * sessions in this process may. `close` is the second half.
   */
  drain(): Promise<void>;

  /**
   * Sends GOODBYE to all clients, waits two seconds at most for the answers, and ends what is left. May be called more
   * than once: each call resolves when the router is closed.
   * @param reason the URI that clients get; default `wamp.close.system_shutdown`
   */
  close(reason?: string): Promise<void>;

  /**
   * A session in this process, without a login, with the signatures of autobahn-js.
   * @throws Error if there is no such realm, or no such role in it, or if the router is closed; also before `start`, if
   * the config has a `cluster`
   */
  session(realm: string, identity: LocalIdentity): LocalSession;

  /**
   * Connects to a transport of type `memory`, frame by frame, as over a socket. For tests.
   * @throws Error if the config has no such transport, or the router has not started
   */
  connect(options?: MemoryConnectOptions): MemoryClient;
}
