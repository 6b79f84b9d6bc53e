import { setImmediate } from "node:timers/promises";
import { WampgateError } from "../errors/wampgate-error.ts";
import { whyNoPlace } from "../auth/entitlement.ts";
import { copyOfConfig } from "../config/copy-config.ts";
import type { WampgateConfig } from "../config/define-config.ts";
import { loadConfig, type LoadOptions } from "../config/load.ts";
import type { Locate } from "../config/places.ts";
import type { Log } from "../contract/log.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { Blocks } from "./blocks.ts";
import type { RouterContext } from "./context.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Listeners } from "./listeners.ts";
import type { LogSettings } from "./log-settings.ts";
import type { Realms } from "./realms.ts";
import { planReload } from "./reload-plan.ts";
import type { Sessions } from "./sessions.ts";
import type { TransportRuntime } from "./transport-runtime.ts";
import type { InProcessSession } from "../session/local/local-session.ts";
import type { Session } from "../session/session.ts";
import { CloseUri } from "../wamp/error-uris.ts";
import { attempt } from "../wamp/guarded.ts";

export interface ReloadOptions {
  /** The line of a path in the config's file, for messages. */
  readonly locate?: Locate | undefined;
}

interface Parts {
  readonly realms: Realms;
  readonly sessions: Sessions;
  readonly listeners: Listeners;
  readonly lifecycle: Lifecycle;
  readonly logSettings: LogSettings;
  readonly blocks: Blocks;
}

/** How many sessions are checked before the event loop runs on. */
const BATCH = 100;

/** What a reload has changed. */
export interface Reloaded {
  readonly realms: { readonly added: number; readonly removed: number; readonly changed: number };
  /** Entries of `transports`. One that changed in a key that needs another socket was closed and opened. */
  readonly transports: { readonly opened: number; readonly closed: number };
  /** Sessions that were closed because the new config does not let them in. */
  readonly closed: number;
  /** Subscriptions and registrations that the new rules forbid. */
  readonly revoked: number;
  /** What has changed in the config but waits for a restart: a sentence for each key. */
  readonly restart: readonly string[];
  /** What could not be put into effect, for example an unusable certificate: a sentence for each. */
  readonly problems: readonly string[];
}

/** Collects what could not be put into effect by a reload. Each step is taken, even if others fail. */
export class ReloadProblems {
  /** A sentence for each. */
  readonly found: string[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes a step. @param what the thing that it changes, for example `the realm "realm1"` */
  attempt(what: string, step: () => void): void {
    attempt(step, (error) => {
      this.found.push(`${what} does not follow the new config in all: ${(error as Error).message}; restart the router`);
      this.#log.error({ err: error }, `${what} could not be reloaded`);
    });
  }
}

/** The sessions to check, and what is needed for it. */
interface Judged {
  readonly transports: readonly TransportRuntime[];
  readonly locals: ReadonlySet<InProcessSession>;
  readonly realms: RealmDirectory;
  readonly log: Log;
}

/** Closes the sessions that the current config does not let in. @returns how many */
export async function closeUnentitled({ transports, locals, realms, log }: Judged): Promise<number> {
  // A login that ended just before the reload becomes a session in the same turn.
  await setImmediate();
  let closed = 0;
  for (const session of [...locals]) {
    const why = whyNoPlace(session.info, { realms });
    if (why === null) continue;
    closed++;
    const { realm, authid } = session.info;
    log.info({ session: session.id, realm, authid }, `an in-process session was closed by the reload: ${why}`);
    session.leave(CloseUri.killed, why, "reload");
  }
  const judge = async (session: Session, transport: TransportRuntime): Promise<void> => {
    const entitlement = await transport.entitlementOf(session).catch((error: unknown) => {
      log.error({ err: error, session: session.id }, "closed a session: could not decide whether it may stay");
      return { why: "whether it may stay could not be decided" };
    });
    if (entitlement === null || session.info === null) return;
    if (entitlement.why === null) {
      // Its timer ends it.
      if (session.reloaded(entitlement.expires)) closed++;
      return;
    }
    closed++;
    session.close(CloseUri.killed, entitlement.why, "reload");
  };
  for (const transport of transports) {
    const sessions = [...transport.sessions];
    for (let i = 0; i < sessions.length; i += BATCH) {
      await Promise.all(sessions.slice(i, i + BATCH).map((session) => judge(session, transport)));
      await setImmediate();
    }
  }
  return closed;
}

/** Puts changed configs into effect, one after the other. */
export class Reloads {
  /** The last reload: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #parts: Parts;
  readonly #context: RouterContext;
  readonly #load: LoadOptions;
  /** The config that was put into effect last, as it was written. */
  #raw: WampgateConfig;

  /**
   * @param raw the config at the start, as it was written
   * @param load how it was loaded
   */
  constructor(parts: Parts, context: RouterContext, raw: WampgateConfig, load: LoadOptions) {
    this.#parts = parts;
    this.#context = context;
    this.#raw = copyOfConfig(raw);
    this.#load = load;
  }

  /** @see Router.reload */
  reload(raw: WampgateConfig, options: ReloadOptions = {}): Promise<Reloaded> {
    return this.#next(() => this.#reload(raw, options));
  }

  /** @see Router.update */
  update(change: (config: WampgateConfig) => WampgateConfig): Promise<Reloaded> {
    // A copy: what a change that is refused has written into it must have no effect.
    return this.#next(() => this.#reload(change(copyOfConfig(this.#raw)), {}));
  }

  /** Runs a reload when those before it have ended. */
  #next(run: () => Promise<Reloaded>): Promise<Reloaded> {
    const reloaded = this.#last.then(run);
    this.#last = reloaded.catch(() => undefined);
    return reloaded;
  }

  async #reload(raw: WampgateConfig, { locate }: ReloadOptions): Promise<Reloaded> {
    const { config, log } = this.#context;
    const { realms, sessions, listeners, lifecycle, logSettings, blocks } = this.#parts;
    const { file, folder, plugins } = config.now;
    const running = plugins.map(({ plugin }) => plugin);
    const options = { ...this.#load, running };
    const next = await loadConfig({ file, folder, raw, ...(locate === undefined ? {} : { locate }) }, options);
    requireRunning(lifecycle);
    await blocks.open(next);
    try {
      requireRunning(lifecycle);
    } catch (error) {
      await blocks.close(next);
      throw error;
    }
    const old = config.now;
    const plan = planReload(old, next, listeners.open);
    config.now = plan.config;
    this.#raw = copyOfConfig(raw);
    listeners.settingsChanged(plan.kept);
    const problems = new ReloadProblems(log);
    problems.attempt("the log", () => logSettings.settingsChanged());
    const { removed, revoked, ...changes } = realms.settingsChanged((name, step) =>
      problems.attempt(`the realm "${name}"`, step),
    );
    for (const name of removed) sessions.services.leave(name);
    const { transports } = listeners;
    const closed = await closeUnentitled({ transports, locals: sessions.locals, realms, log });
    blocks.replaced(old);
    const { opened, closed: left, problems: unopened } = await listeners.followConfig();
    const reloaded = {
      realms: { ...changes, removed: removed.length },
      transports: { opened, closed: left },
      closed,
      revoked,
      restart: plan.restart,
      problems: [...problems.found, ...unopened],
    };
    logReload(log, reloaded);
    return reloaded;
  }
}

/** @throws WampgateError */
function requireRunning({ isRunning }: Lifecycle): void {
  if (isRunning) return;
  throw new WampgateError("WG_NOT_RUNNING", "the config is not reloaded: the router has not started, or is stopping");
}

/** Logs the result of a reload for the operator. */
function logReload(log: Log, { realms, transports, closed, revoked, restart, problems }: Reloaded): void {
  const changes = `realms: ${realms.added} new, ${realms.changed} changed, ${realms.removed} gone; transports: ${transports.opened} opened, ${transports.closed} closed`;
  const losses = `sessions closed: ${closed}, subscriptions and registrations revoked: ${revoked}`;
  log.info({ realms, transports, closed, revoked }, `the config was reloaded; ${changes}; ${losses}`);
  for (const sentence of restart) log.warn({}, sentence);
  for (const sentence of problems) log.error({}, sentence);
}
