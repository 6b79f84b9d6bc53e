import type { Admission, Handshake, HandshakeTrace } from "../contract/handshake.ts";
import type { Hello, TransportDetails } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { LoginRecord } from "../contract/login-record.ts";
import type { Log } from "../contract/log.ts";
import type { PastLogin } from "../contract/past-login.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { LoginSuccess, RouterHooks } from "../contract/hooks.ts";
import { clip, excerpt } from "../wamp/excerpt.ts";
import { shownTime } from "../wamp/expires.ts";
import { type Dict, NOTHING } from "../wamp/payload.ts";
import type { LoginRecords } from "./login-records.ts";

/** How many of a client's methods are logged. */
const MOST_METHODS = 10;

/** How many of them a record keeps. */
const MOST_KEPT = 16;

export interface ReportContext {
  readonly hooks: RouterHooks;
  readonly log: Log;
  readonly records: LoginRecords;
  /** Which entry of `transports` the client came to. */
  readonly transport: number;
}

/** Why a login ended without WELCOME, and what ABORT told the client of that; null if it got none. */
interface Ended {
  readonly cause: Cause;
  readonly reason: string | null;
  readonly message: string | null;
}

/** Reports a client's login when it has ended: in one log line, and by the hooks `loginFailed` and `loginEnded`. */
export class LoginReport {
  readonly #transport: TransportDetails;
  readonly #context: ReportContext;
  #startedAt = performance.now();
  #session: number | null = null;
  #hello: Hello | null = null;
  #handshake: Handshake | null = null;

  constructor(transport: TransportDetails, context: ReportContext) {
    this.#transport = transport;
    this.#context = context;
  }

  /** HELLO came, and will be read next. */
  began(session: number): void {
    this.#session = session;
    this.#startedAt = performance.now();
  }

  /** HELLO was read without a problem. */
  helloRead(hello: Hello, handshake: Handshake): void {
    this.#hello = hello;
    this.#handshake = handshake;
  }

  /** @returns the login, for the hook `joined` */
  welcome(info: SessionInfo, admission: Admission | null, end: LoginSuccess["end"]): LoginSuccess {
    const { realm, authid, authrole, authmethod, authprovider, expires } = info;
    const ending = expires === null ? NOTHING : { expires: shownTime(expires) };
    const ms = this.#ms();
    const trace = this.#trace;
    const line = { realm, authid: excerpt(authid), authrole, authmethod, authprovider, ...ending };
    this.#log("info", "welcome", trace, ms, line);
    if (this.#context.records.isUsed) this.#record("welcome", trace, ms, null, info);
    return { authmethod, provider: authprovider, plugin: trace.plugin, ms, past: pastOf(info, admission), end };
  }

  /** @param cause why, for the operator; `reason` and `message` are what the client was told */
  refused(reason: string, message: string | null, cause: Cause): void {
    const trace = this.#trace;
    const { authmethod, provider, plugin, configured } = trace;
    const methods = configured === undefined ? {} : { offered: firstOf(this.#hello?.authmethods ?? []), configured };
    const ms = this.#ms();
    this.#log("warn", "refused", trace, ms, { ...methods, reason, message, cause: cause.code });
    const { hooks, records } = this.#context;
    const { peer } = this.#transport;
    const by = { authmethod, provider, plugin };
    hooks.loginFailed.call({ hello: this.#hello, peer, ...by, reason, message, cause, ms });
    if (records.isUsed) this.#record("refused", trace, ms, { cause, reason, message });
  }

  /** The login ended without a word to the client: it has left, or it never sent HELLO, which is not worth a line. */
  abandoned(cause: Cause): void {
    const ms = this.#ms();
    const trace = this.#trace;
    if (this.#session !== null) this.#log("info", "abandoned", trace, ms, { cause: cause.code });
    if (!this.#context.records.isUsed) return;
    this.#record(cause.code === "left" ? "abandoned" : "refused", trace, ms, { cause, reason: null, message: null });
  }

  #ms(): number {
    return performance.now() - this.#startedAt;
  }

  /** How far the login has come. Computed each time. */
  get #trace(): HandshakeTrace {
    return this.#handshake?.trace ?? NO_TRACE;
  }

  /** @param ms how long the login took; the line has it rounded */
  #log(level: "info" | "warn", outcome: string, trace: HandshakeTrace, ms: number, fields: Readonly<Dict>): void {
    const { authmethod, authfactors, provider, plugin, known } = trace;
    const line = {
      login: outcome,
      session: this.#session,
      peer: this.#transport.peer,
      realm: excerptOf(this.#hello?.realm),
      authid: excerptOf(this.#hello?.authid),
      authmethod,
      ...(authfactors.length > 1 ? { authfactors } : NOTHING),
      authprovider: provider,
      plugin,
      ...(known === false ? { known } : NOTHING),
      ...fields,
      ms: Math.round(ms),
    };
    this.#context.log[level](line, `login ${outcome}`);
  }

  #record(
    outcome: LoginRecord["outcome"],
    { authmethod, authfactors, provider, plugin }: HandshakeTrace,
    ms: number,
    ended: Ended | null,
    info?: SessionInfo,
  ): void {
    const { address, type, channel_serializer: serializer } = this.#transport;
    const { realm = null, authid = null, authmethods = [] } = this.#hello ?? {};
    const cause = ended?.cause ?? null;
    this.#context.records.add({
      outcome,
      cause: cause?.code ?? null,
      params: cause?.params ?? {},
      reason: clipped(ended?.reason),
      message: clipped(ended?.message),
      session: this.#session,
      transport: this.#context.transport,
      address: address ?? type,
      serializer,
      asked: {
        realm: clipped(realm),
        authid: clipped(authid),
        authmethods: authmethods.slice(0, MOST_KEPT).map(clip),
      },
      assigned: info === undefined ? null : assignedTo(info),
      method: authmethod,
      factors: authfactors,
      strategy: provider,
      by: plugin,
      ms,
      steps: this.#steps(outcome, cause, ms),
    });
  }

  #steps(outcome: LoginRecord["outcome"], cause: Cause | null, ms: number): LoginRecord["steps"] {
    const last = outcome === "abandoned" ? "waited" : "no";
    const steps = this.#handshake?.steps?.(last, cause) ?? [];
    if (steps.length > 0 || cause === null) return steps;
    // It ended before the first step.
    return [{ ...NO_STEP, outcome: last, ms, code: cause.code, params: cause.params }];
  }
}

const NO_TRACE: HandshakeTrace = {
  authmethod: null,
  authfactors: [],
  provider: null,
  plugin: null,
  asking: "hello",
  known: null,
};

const NO_STEP = {
  step: "hello",
  factor: 1,
  at: 0,
  waitedFor: null,
  block: null,
  strategy: null,
  by: null,
  config: null,
} as const;

function pastOf(info: SessionInfo, admission: Admission | null): PastLogin {
  const { realm, authid, authrole, authmethod, authfactors = null, assignedExtra: extra = null, expires } = info;
  return { realm, authid, authrole, authmethod, authfactors, extra, expires, admission };
}

/** The first names of a list that may be long. */
function firstOf(names: readonly string[]): string[] {
  const shown = names.slice(0, MOST_METHODS).map(excerpt);
  return names.length > MOST_METHODS ? [...shown, `… (${names.length} items)`] : shown;
}

function excerptOf(name: string | null | undefined): string | null {
  return name === null || name === undefined ? null : excerpt(name);
}

function assignedTo({ realm, authid, authrole, expires }: SessionInfo): LoginRecord["assigned"] {
  return { realm: clip(realm), authid: clip(authid), role: clip(authrole), expires };
}

function clipped(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : clip(text);
}
