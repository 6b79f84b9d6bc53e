import { setImmediate } from "node:timers/promises";
import { whyNoPlace } from "../auth/entitlement.ts";
import type { Listener } from "../contract/transport.ts";
import type { Log } from "../contract/log.ts";
import type { RealmDirectory } from "../contract/realm-port.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { TransportRuntime } from "./transport-runtime.ts";
import type { LocalSession } from "../session/local/local-session.ts";
import type { Session } from "../session/session.ts";
import { CloseUri } from "../wamp/error-uris.ts";
import { attempt } from "../wamp/guarded.ts";

/** How many sessions are judged before others get their turn. */
const BATCH = 100;

/** What a reload has changed. */
export interface Reloaded {
  readonly realms: { readonly added: number; readonly removed: number; readonly changed: number };
  /** Sessions that were closed, since the new config would not let them in. */
  readonly closed: number;
  /** Subscriptions and registrations that the new rules forbid. */
  readonly revoked: number;
  /** What has changed in the config but waits for a restart: a sentence for each key. */
  readonly restart: readonly string[];
  /** What could not be put into effect, as certificates that cannot be used: a sentence for each. */
  readonly problems: readonly string[];
}

/** What could not be put into effect at a reload. Each step is taken, whatever becomes of the others. */
export class ReloadProblems {
  /** A sentence for each. */
  readonly found: string[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes a step. @param what it changes, as `the realm "realm1"` */
  attempt(what: string, step: () => void): void {
    attempt(step, (error) => {
      this.found.push(`${what} does not follow the new config in all: ${(error as Error).message}; restart the router`);
      this.#log.error({ error }, `${what} could not be reloaded`);
    });
  }
}

/** Where sessions are looked for, and told to go. */
export interface Sessions {
  readonly transports: readonly TransportRuntime[];
  readonly locals: ReadonlySet<LocalSession>;
  readonly realms: RealmDirectory;
  readonly log: Log;
}

/** Closes the sessions that the config would not let in any more. @returns how many */
export async function closeUnentitled({ transports, locals, realms, log }: Sessions): Promise<number> {
  // A login that ended just before the reload becomes a session in the same turn.
  await setImmediate();
  let closed = 0;
  const note = ({ session, realm, authid }: SessionInfo, why: string): void => {
    closed++;
    log.info({ session, realm, authid }, `a session was closed by the reload: ${why}`);
  };
  for (const session of [...locals]) {
    const why = whyNoPlace(session.info, { realms });
    if (why === null) continue;
    note(session.info, why);
    session.leave(CloseUri.killed, why);
  }
  const judge = async (session: Session, transport: TransportRuntime): Promise<void> => {
    const why = await transport.whyNotEntitled(session).catch((error: unknown) => {
      log.error({ error, session: session.id }, "whether a session may stay could not be decided: it is closed");
      return "whether it may stay could not be decided";
    });
    const { info } = session;
    if (why === null || info === null) return;
    note(info, why);
    session.close(CloseUri.killed, why);
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

/** Lets listeners read their certificates anew. @returns what went wrong, a sentence for each */
export async function reloadCertificates(listeners: readonly Listener[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(listeners.map(async (listener) => listener.reloadCertificates?.()));
  return outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? (outcome.value ?? []) : [`certificates: ${(outcome.reason as Error).message}`],
  );
}

/** Tells the operator what has come of a reload. */
export function logReload(log: Log, { realms, closed, revoked, restart, problems }: Reloaded): void {
  const changes = `realms: ${realms.added} new, ${realms.changed} changed, ${realms.removed} gone`;
  const losses = `sessions closed: ${closed}, subscriptions and registrations revoked: ${revoked}`;
  log.info({ realms, closed, revoked }, `the config was reloaded; ${changes}; ${losses}`);
  for (const sentence of restart) log.warn({}, sentence);
  for (const sentence of problems) log.error({}, sentence);
}
