import type { Handshake } from "../contract/handshake.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { Log } from "../contract/log.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { LoginSuccess, RouterHooks } from "../contract/hooks.ts";
import { excerpt } from "../wamp/excerpt.ts";
import type { Dict } from "../wamp/payload.ts";

/** How many of a client's methods are logged. */
const MOST_METHODS = 10;

interface ReportContext {
  readonly hooks: RouterHooks;
  readonly log: Log;
}

/** Reports a client's login when it has ended: in one log line and, if it was refused, by the hook `loginFailed`. */
export class LoginReport {
  readonly #peer: string;
  readonly #context: ReportContext;
  #startedAt = performance.now();
  #session: number | null = null;
  #hello: Hello | null = null;
  #handshake: Handshake | null = null;

  constructor(peer: string, context: ReportContext) {
    this.#peer = peer;
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
  welcome({ realm, authid, authrole, authmethod, authprovider }: SessionInfo): LoginSuccess {
    const who = { realm, authid: excerpt(authid), authrole, authmethod, authprovider };
    const ms = this.#tell("info", "welcome", who);
    return { authmethod, provider: authprovider, plugin: this.#handshake?.trace.plugin ?? null, ms };
  }

  /** @param cause why, for the operator; `reason` and `message` are what the client was told */
  refused(reason: string, message: string | null, cause: Cause): void {
    const { authmethod = null, provider = null, plugin = null, configured } = this.#handshake?.trace ?? {};
    const methods = configured === undefined ? {} : { offered: firstOf(this.#hello?.authmethods ?? []), configured };
    const ms = this.#tell("warn", "refused", { ...methods, reason, message, cause: cause.code });
    const { hooks } = this.#context;
    const by = { authmethod, provider, plugin };
    hooks.loginFailed.call({ hello: this.#hello, peer: this.#peer, ...by, reason, message, cause, ms });
  }

  /** The client has left before its login ended. Without a HELLO there is nothing to report. */
  abandoned(cause: Cause): void {
    if (this.#session !== null) this.#tell("info", "abandoned", { cause: cause.code });
  }

  /** @returns how long the login took, in milliseconds; the log line has it rounded */
  #tell(level: "info" | "warn", outcome: string, fields: Dict): number {
    const { authmethod = null, provider = null, plugin = null, known = null } = this.#handshake?.trace ?? {};
    const ms = performance.now() - this.#startedAt;
    const line = {
      login: outcome,
      session: this.#session,
      peer: this.#peer,
      realm: excerptOf(this.#hello?.realm),
      authid: excerptOf(this.#hello?.authid),
      authmethod,
      authprovider: provider,
      plugin,
      ...(known === false ? { known } : {}),
      ...fields,
      ms: Math.round(ms),
    };
    this.#context.log[level](line, `login ${outcome}`);
    return ms;
  }
}

/** The first names of a list that may be long. */
function firstOf(names: readonly string[]): string[] {
  const shown = names.slice(0, MOST_METHODS).map(excerpt);
  return names.length > MOST_METHODS ? [...shown, `… (${names.length} items)`] : shown;
}

function excerptOf(name: string | null | undefined): string | null {
  return name === null || name === undefined ? null : excerpt(name);
}
