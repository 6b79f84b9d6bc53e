import type { Principal } from "../contract/assignment.ts";
import type { AuthSettings, BlockSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { Admission, HandshakeReply } from "../contract/handshake.ts";
import type { StepName } from "../contract/login-record.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { AuthMethod, LoginAttempt, Phase, Proof, Resolved } from "../contract/method.ts";
import type { Accept, Challenge, Deny } from "../contract/verdict.ts";
import { LimitError } from "../errors/limit-error.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import { DENIED } from "../hooks/answers.ts";
import { DeadlineError } from "../wamp/deadline.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { clip } from "../wamp/excerpt.ts";
import type { Dict } from "../wamp/payload.ts";
import { type Repeats, unlessRepeated } from "../wamp/unless-repeated.ts";
import { Attempt } from "./attempt.ts";
import type { HandshakeContext } from "./context.ts";
import { Denial, pluginOf } from "./denial.ts";
import { LoginTrace } from "./trace.ts";
import { findPrincipal, type Found, patched, principalOf } from "./principals.ts";

/** A principal whose realm, authid and role are all assigned, and exist. */
export type Complete = Principal & { readonly realm: string; readonly authid: string; readonly role: string };

/** How many times a client may be challenged in one login. */
const MAX_ROUNDS = 3;

const FAILED = "the login could not be decided; the router's log says why";

/** What an earlier step has left. @throws WampgateError if it has not, which is a bug */
export function left<T>(value: T | null): T {
  if (value === null) throw new WampgateError("WG_BUG", "a step of a login came too early");
  return value;
}

/** How far one login has come: what its steps leave for each other. */
export class Login {
  readonly hello: Hello;
  readonly context: HandshakeContext;
  /** Null where no tap wants to know. */
  readonly trace: LoginTrace | null;
  /** The settings that this login was last checked against. */
  auth: AuthSettings;
  /** The chosen method; null if none is. */
  settings: MethodSettings | null = null;
  attempt: LoginAttempt | null = null;
  step: StepName = "hello";
  /** The block that is asked for the principal; null if none is. */
  block: BlockSettings | null = null;
  phase: Phase = "hello";
  /** The client's answer to the last challenge; null before it came. */
  proof: Proof | null = null;
  /** Who the client is, once all proofs are right. */
  principal: Principal | null = null;
  complete: Complete | null = null;
  admission: Admission | null = null;
  /** What the blocks of the method said. */
  found: Found | null = null;
  /** A strategy has denied the login. */
  denial: Denial | null = null;
  /** Whose word was last, for the operator. */
  provider: string | null = null;
  plugin: string | null = null;
  configured: readonly string[] | undefined;
  #asked = false;
  #state: unknown = undefined;
  #rounds = 0;

  constructor(hello: Hello, context: HandshakeContext) {
    this.hello = hello;
    this.context = context;
    const { loginStep, loginEnded } = context.hooks;
    this.trace =
      loginStep.taps.length + loginEnded.taps.length === 0 ? null : new LoginTrace(hello.session, context.hooks);
    this.auth = context.auth.now;
  }

  /** The hook that the login is at. */
  get asking(): string {
    if (this.block !== null) return `principal.${this.block.type}`;
    const isByMethod = this.step === "challenge" || this.step === "authenticate";
    return isByMethod ? `${this.step}.${this.attempt?.authmethod ?? ""}` : this.step;
  }

  /** Whether the config was reloaded since the login was last checked against it. */
  get isOutdated(): boolean {
    return this.auth !== this.context.auth.now;
  }

  /** The client's login is by this method now. */
  begin(authmethod: string): LoginAttempt {
    this.attempt = new Attempt(this.hello, authmethod, (query) => this.#resolve(query));
    return this.attempt;
  }

  /** The client has answered a challenge. */
  answered(signature: string, extra: Readonly<Dict>): void {
    this.phase = "authenticate";
    this.proof = { signature, extra, state: this.#state };
  }

  /** The client must answer a challenge first. */
  challenged({ state, extra }: Challenge, authmethod: string): HandshakeReply {
    if (++this.#rounds > MAX_ROUNDS)
      throw new Denial(ErrorUri.authenticationFailed, `a login may take ${MAX_ROUNDS} rounds at most`, {
        code: "too-many-rounds",
        params: { method: authmethod, rounds: MAX_ROUNDS },
      });
    this.#state = state;
    this.proof = null;
    return { kind: "challenge", authmethod, extra };
  }

  /** The client is let in, if all further steps let it. @param by the plugin that accepted */
  accepted({ assignment, replaces, provider }: Accept, by: string): Principal {
    if (this.found?.isDecoy === true)
      throw new Denial(ErrorUri.authenticationDenied, DENIED, this.#unknown(), {
        plugin: this.plugin,
        isVerdict: true,
      });
    const found = this.found?.resolved.principal ?? null;
    if (replaces) {
      if (found !== null)
        throw new PluginError(
          "WG_ACCEPT_AS",
          by,
          "answered acceptAs() though a principal was found: accept() changes that one",
        );
      return principalOf(assignment ?? {}, this.hello, null, provider ?? "plugin");
    }
    if (found === null)
      throw new PluginError(
        "WG_NO_PRINCIPAL",
        by,
        "accepted without a principal: resolvePrincipal() finds one, acceptAs() names one",
      );
    return assignment === null ? found : patched(found, assignment);
  }

  /** A plugin's tap denied the login. */
  denied({ reason, message }: Deny, plugin: string): Denial {
    const why: Cause = { code: "plugin-denied", params: { plugin, hook: this.asking } };
    return new Denial(reason, message, why, { plugin, isVerdict: true });
  }

  /** The method denied the login: as a rule because of its proof. */
  disproved(verdict: Deny, { proof = "proof" }: AuthMethod): Denial {
    const plugin = left(this.settings).plugin;
    const { found } = this;
    const { reason, message } = verdict;
    if (found?.isDecoy === true) return new Denial(reason, message, this.#unknown(), { plugin, isVerdict: true });
    if (found === null || reason !== ErrorUri.authenticationDenied) return this.denied(verdict, plugin);
    const why: Cause = { code: "wrong-proof", params: { authid: clip(this.admission?.authid ?? ""), proof } };
    return new Denial(reason, message, why, { plugin, isVerdict: true });
  }

  #unknown(): Cause {
    const { name } = left(this.settings).method;
    return { code: "unknown-authid", params: { method: name, authid: clip(this.admission?.authid ?? "") } };
  }

  /** The login ends here, because of what was thrown. */
  refused(error: unknown): HandshakeReply {
    const denial = this.denial ?? (error instanceof Denial ? error : this.#failure(error));
    const { reason, text, why, plugin, provider, isVerdict, limit } = denial;
    this.plugin = plugin;
    this.provider = provider ?? this.provider;
    return { kind: "abort", reason, message: text, cause: why, failed: isVerdict, limit };
  }

  async #resolve(query: { facts?: Readonly<Dict>; authid?: string } = {}): Promise<Resolved<unknown>> {
    const chosen = this.settings;
    // A reload has closed what the blocks had open that were there before.
    const settings = (chosen && this.context.auth.now.get(chosen.method.name)) ?? chosen;
    if (settings === null)
      throw new WampgateError("WG_NO_METHOD", "no method was chosen, so no strategy can be asked for a principal");
    const { name, at } = settings.method;
    if (this.phase !== at) {
      throw new PluginError(
        "WG_METHOD_PHASE",
        settings.plugin,
        `asked for the principal at ${this.phase}, though its method ${name} declares at: "${at}"`,
      );
    }
    if (this.#asked)
      throw new PluginError(
        "WG_METHOD_TWICE",
        settings.plugin,
        `asked for the principal twice in one login by ${name}`,
      );
    this.#asked = true;
    const { realm } = this.hello;
    const authid = query.authid ?? this.hello.authid;
    const attempt = this.attempt ?? this.begin(name);
    const question = { attempt, realm, authid, facts: query.facts ?? {}, phase: at };
    try {
      this.found = await findPrincipal(settings, question, this.context.hooks, (block, i) => {
        this.block = block;
        this.trace?.asks(block, i);
      });
      this.block = null;
    } catch (error) {
      this.denial = error instanceof Denial ? error : this.#failure(error);
      throw this.denial;
    }
    const { principal } = this.found.resolved;
    this.provider = this.found.isDecoy ? null : principal.provider;
    this.admission = { principal, realm, authid };
    return this.found.resolved;
  }

  /** A plugin's mistake goes to the log. The client only learns that it is not let in. */
  #failure(error: unknown): Denial {
    // A hook's wrapper may have put a plugin's name on a denial. It is still a denial.
    if (error instanceof PluginError && error.cause instanceof Denial) return error.cause;
    // Too many of what clients cause is no mistake of anybody's.
    if (error instanceof PluginError && error.cause instanceof LimitError) {
      const { uri, message, limit } = error.cause;
      return new Denial(uri, message, { code: "limit", params: { limit } }, { ...pluginOf(error), limit });
    }
    const { signal } = this.hello;
    if (!signal.aborted) this.#logFailure(error, {});
    // Clients can make logins last as long as they like, where each waits for the others.
    else if (signal.reason instanceof DeadlineError)
      unlessRepeated(this.context, `late ${this.asking}`, (repeats) => this.#logFailure(error, repeats));
    return new Denial(ErrorUri.authenticationFailed, FAILED, this.#causeOf(error), pluginOf(error));
  }

  #causeOf(error: unknown): Cause {
    if (!(error instanceof PluginError))
      return { code: "failed", params: { what: `it could not decide at ${this.asking}` } };
    const { plugin, code, hook } = error;
    return { code: "plugin-threw", params: { plugin, hook: hook ?? this.asking, code } };
  }

  #logFailure(error: unknown, repeats: Repeats): void {
    const message = error instanceof Error ? error.message : "something other than an Error was thrown";
    this.context.log.error(
      { err: error, session: this.hello.session, ...pluginOf(error), ...repeats },
      `login failed: ${message}`,
    );
  }
}
