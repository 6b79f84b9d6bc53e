import type { Principal } from "../contract/assignment.ts";
import type { AuthSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { HandshakeReply } from "../contract/handshake.ts";
import type { StepName } from "../contract/login-record.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { Challenge, Deny } from "../contract/verdict.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import { DENIED } from "../hooks/answers.ts";
import { ClientHello } from "../hooks/client-hello.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { earlier } from "../wamp/expires.ts";
import { causeFrom, countsAsFailed } from "./causes.ts";
import type { HandshakeContext } from "./context.ts";
import { Denial } from "./denial.ts";
import { Factor } from "./factor.ts";
import { denialOf } from "./failures.ts";
import { LoginTrace } from "./trace.ts";

/** A principal whose realm, authid and role are all assigned, and exist. */
export type Complete = Principal & { readonly realm: string; readonly authid: string; readonly role: string };

/** An end without WELCOME. */
export type Refusal = HandshakeReply & { kind: "abort" };

/** A refusal that the client has not learned yet, and which plugin refused. */
interface Held {
  readonly refusal: Refusal;
  readonly factor: Factor | null;
  readonly plugin: string | null;
  readonly provider: string | null;
}

/** What a step leads to: the next one, or what the client is sent. */
export type Next = StepName | HandshakeReply;

/** How many times a client may be challenged in one login. */
const MAX_ROUNDS = 3;

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
  step: StepName = "hello";
  /** The factors that have begun. */
  readonly factors: Factor[] = [];
  /** The method of the next factor; null if none is due. */
  due: string | null = null;
  /** Who the client is by its first factor, once all proofs so far are right. */
  principal: Principal | null = null;
  complete: Complete | null = null;
  /** A factor has failed, which the client must not learn before the last one. */
  held: Held | null = null;
  /** Whose word was last, for the operator. */
  plugin: string | null = null;
  configured: readonly string[] | undefined;
  /** The client's proof of its second factor, if it came beside the first one. */
  secondProof: string | null = null;
  #provider: string | null = null;
  /** The realm and authid that further factors are asked for. */
  #assigned: Pick<Hello, "realm" | "authid">;
  #rounds = 0;

  constructor(hello: Hello, context: HandshakeContext) {
    this.hello = hello;
    this.context = context;
    this.#assigned = hello;
    const { loginStep, loginEnded } = context.hooks;
    this.trace =
      loginStep.taps.length + loginEnded.taps.length === 0 ? null : new LoginTrace(hello.session, context.hooks);
    this.auth = context.auth.now;
  }

  /** The factor that the login is at; null before a method is chosen. */
  get factor(): Factor | null {
    return this.factors.at(-1) ?? null;
  }

  get first(): Factor | null {
    return this.factors[0] ?? null;
  }

  /** The strategy that had the last word, for the operator. */
  get provider(): string | null {
    if (this.#provider !== null) return this.#provider;
    const factor = this.complete === null ? this.factor : this.first;
    const found = factor?.found ?? null;
    return found === null || found.isDecoy ? null : found.resolved.principal.provider;
  }

  /** The hook that the login is at. */
  get asking(): string {
    const { factor, step } = this;
    const isByMethod = step === "challenge" || step === "authenticate";
    return factor !== null && (isByMethod || factor.block !== null) ? factor.asking : step;
  }

  /** Whether the config was reloaded since the login was last checked against it. */
  get isOutdated(): boolean {
    return this.auth !== this.context.auth.now;
  }

  /** The next factor begins. @param settings null if a tap of the hook `hello` let the client in */
  begin(authmethod: string, settings: MethodSettings | null): Factor {
    const number = this.factors.length + 1;
    const place = { number, isDecoy: this.held !== null };
    const hello =
      number === 1 ? this.hello : new ClientHello({ ...saidBy(this.hello), ...this.#assigned }, this.hello, this.hello);
    const factor = new Factor(hello, authmethod, settings, place, this.context, (block, i) =>
      this.trace?.asks(block, i),
    );
    this.factors.push(factor);
    this.due = null;
    return factor;
  }

  /** The client must answer a challenge first. @param authmethod its name for the client; `factor`: which one it is for */
  challenged({ extra }: Challenge, authmethod: string, factor: number): HandshakeReply {
    if (++this.#rounds > MAX_ROUNDS)
      throw new Denial(ErrorUri.authenticationFailed, `a login may take ${MAX_ROUNDS} rounds at most`, {
        code: "too-many-rounds",
        params: { method: authmethod, rounds: MAX_ROUNDS },
      });
    return { kind: "challenge", authmethod, extra, factor };
  }

  /** The proof of a factor is right. The first principal stays; only its end may move. @returns what comes next */
  proved(principal: Principal): "then" | "verified" | Refusal {
    const first = this.principal;
    this.principal = first === null ? principal : { ...first, expires: earlier(first.expires, principal.expires) };
    if (first === null) this.#assigned = principal;
    this.due = principal.then;
    if (this.due !== null) return "then";
    return this.held === null ? "verified" : this.#refusedAtLast(this.held.refusal);
  }

  /** A plugin's tap denied the login. */
  denied({ reason, message, cause }: Deny, plugin: string): Denial {
    const why: Cause = causeFrom(cause) ?? { code: "plugin-denied", params: { plugin, hook: this.asking } };
    return new Denial(reason, message, why, { plugin });
  }

  /** The login fails here, because of what was thrown. */
  refused(error: unknown): Refusal {
    const { factor, step } = this;
    const denied = step === "challenge" || step === "authenticate" ? factor?.denial : null;
    const denial = denied ?? denialOf(error, this.hello, this.asking, this.context);
    const { reason, text, why, plugin, provider, limit } = denial;
    this.plugin = plugin;
    this.#provider = provider;
    // What fails after the first failure is a matter of form: nothing was decided.
    const cause = this.held?.refusal.cause ?? why;
    return { kind: "abort", reason, message: text, cause, failed: countsAsFailed(cause), limit };
  }

  /**
   * What comes after a failure: the next factor, so that the client does not learn that it has failed, or the refusal.
   */
  after(refusal: Refusal): "then" | Refusal {
    const { factor, step } = this;
    if (factor === null || (step !== "challenge" && step !== "authenticate")) return refusal;
    const due = factor.thenAfterFailure;
    if (due === null) return factor.number === 1 ? refusal : this.#refusedAtLast(refusal);
    this.#hold(refusal);
    if (factor.number === 1) this.#assigned = factor.found?.resolved.principal ?? this.hello;
    this.due = due;
    return "then";
  }

  #hold(refusal: Refusal): Held {
    return (this.held ??= { refusal, factor: this.factor, plugin: this.plugin, provider: this.provider });
  }

  /**
   * With a further factor the refusal is the same, whatever was wrong. The operator learns what was wrong first. It counts as
   * after a wrong first proof: from what does not count, a client would learn that the first one is right.
   */
  #refusedAtLast(last: Refusal): Refusal {
    const { refusal, factor, plugin, provider } = this.#hold(last);
    this.plugin = plugin;
    this.#provider = provider;
    const failed = refusal.failed || factor !== this.first;
    return { ...refusal, reason: ErrorUri.authenticationDenied, message: DENIED, failed };
  }
}

/** What HELLO said, as a plain object. */
function saidBy({
  authrole,
  authmethods,
  authextra,
  rawAuthextra,
  roles,
}: Hello): Pick<Hello, "authrole" | "authmethods" | "authextra" | "rawAuthextra" | "roles"> {
  return { authrole, authmethods, authextra, rawAuthextra: rawAuthextra ?? null, roles };
}
