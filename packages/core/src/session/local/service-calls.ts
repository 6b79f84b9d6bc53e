import type { CallOptions, CallOutcome, ServiceCallEnd } from "../../contract/service-call.ts";
import type { RealmDirectory, RealmPort } from "../../contract/realm-port.ts";
import { DeadlineError, Deadline } from "../../wamp/deadline.ts";
import type { InProcessSession } from "./local-session.ts";

const DEFAULT_TIMEOUT = 10_000;

type Ended = Omit<ServiceCallEnd, "purpose">;

/**
 * The calls that the router itself makes, such as those to authenticators. It has a hidden, trusted session in each
 * realm.
 */
export class ServiceCalls {
  readonly #realms: RealmDirectory;
  readonly #join: (realm: RealmPort) => InProcessSession;
  readonly #ended: (call: Ended) => void;
  /** By procedure. */
  readonly #pending = new Map<string, number>();
  readonly #sessions = new Map<string, InProcessSession>();
  #isClosed = false;

  /** @param ended called when a call is over */
  constructor(realms: RealmDirectory, join: (realm: RealmPort) => InProcessSession, ended: (call: Ended) => void) {
    this.#realms = realms;
    this.#join = join;
    this.#ended = ended;
  }

  /** @see PluginApi.call */
  async call(
    realm: string,
    procedure: string,
    args: readonly unknown[],
    options: CallOptions = {},
  ): Promise<CallOutcome> {
    const startedAt = performance.now();
    let kind: ServiceCallEnd["kind"] = "cancelled";
    let asked = startedAt;
    this.#pending.set(procedure, this.pending(procedure) + 1);
    try {
      const outcome = await this.#call(realm, procedure, args, options, () => (asked = performance.now()));
      kind = outcome.kind;
      return outcome;
    } finally {
      this.#over(procedure);
      const { session = null } = options;
      const ms = performance.now() - startedAt;
      this.#ended({ realm, procedure, kind, ms, waited: asked - startedAt, session });
    }
  }

  /** How many calls of a procedure have not ended yet. */
  pending(procedure: string): number {
    return this.#pending.get(procedure) ?? 0;
  }

  #over(procedure: string): void {
    const left = this.pending(procedure) - 1;
    if (left === 0) this.#pending.delete(procedure);
    else this.#pending.set(procedure, left);
  }

  async #call(
    realmName: string,
    procedure: string,
    args: readonly unknown[],
    { signal, timeout = DEFAULT_TIMEOUT, wait = 0 }: CallOptions,
    waited: () => void,
  ): Promise<CallOutcome> {
    const realm = this.#realms.get(realmName);
    if (realm === undefined || this.#isClosed) return { kind: "no-realm" };
    const patience = new Deadline(wait, signal);
    try {
      for (;;) {
        const outcome = await this.#once(realm, procedure, args, timeout, signal);
        if (outcome.kind !== "no-callee" || wait === 0) return outcome;
        const isThere = await registered(realm, procedure, patience.signal);
        waited();
        if (!isThere) return outcome;
      }
    } finally {
      patience.end();
    }
  }

  /** Leaves a realm that was removed. */
  leave(realmName: string): void {
    this.#sessions.get(realmName)?.leave();
    this.#sessions.delete(realmName);
  }

  /** Leaves all realms, for good: a session that joined one afterwards would never end. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#sessions.values()) session.leave();
    this.#sessions.clear();
  }

  async #once(
    realm: RealmPort,
    procedure: string,
    args: readonly unknown[],
    timeout: number,
    parent: AbortSignal | undefined,
  ): Promise<CallOutcome> {
    const limit = new Deadline(timeout, parent);
    try {
      const outcome = await this.#session(realm).invoke(procedure, { args }, { signal: limit.signal });
      // An outcome from the router itself needs no URI and no arguments.
      return "uri" in outcome && outcome.kind !== "error" ? { kind: outcome.kind } : outcome;
    } catch (error) {
      if (error instanceof DeadlineError && parent?.aborted !== true) return { kind: "timeout" };
      throw error;
    } finally {
      limit.end();
    }
  }

  #session(realm: RealmPort): InProcessSession {
    let session = this.#sessions.get(realm.name);
    if (session?.isOpen !== true) {
      session = this.#join(realm);
      this.#sessions.set(realm.name, session);
    }
    return session;
  }
}

/** Whether `procedure` was registered before the time was up. Rejects if the client left. */
async function registered(realm: RealmPort, procedure: string, signal: AbortSignal): Promise<boolean> {
  try {
    await realm.whenRegistered(procedure, signal);
    return true;
  } catch (error) {
    if (error instanceof DeadlineError) return false;
    throw error;
  }
}
