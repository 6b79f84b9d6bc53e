import type { Principal } from "../contract/assignment.ts";
import type { BlockSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { Admission } from "../contract/handshake.ts";
import type { PastLogin } from "../contract/past-login.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { LoginAttempt, Phase, Proof, Resolved } from "../contract/method.ts";
import type { Accept, Deny } from "../contract/verdict.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { WampgateError } from "../errors/wampgate-error.ts";
import { DENIED } from "../hooks/answers.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { clip } from "../wamp/excerpt.ts";
import { isPromise } from "../wamp/maybe-promise.ts";
import type { Dict } from "../wamp/payload.ts";
import { Attempt } from "./attempt.ts";
import { causeFrom } from "./causes.ts";
import type { HandshakeContext } from "./context.ts";
import { Denial } from "./denial.ts";
import { denialOf } from "./failures.ts";
import { findPrincipal, type Found, patched, principalOf } from "./principals.ts";

/** Which factor it is. */
export interface FactorPlace {
  readonly number: number;
  /** Whether an earlier one has failed: then it only looks as if it decided something. */
  readonly isDecoy: boolean;
}

/** One factor of a login: its method, and how far the exchange with the client has come. */
export class Factor implements FactorPlace {
  readonly number: number;
  readonly isDecoy: boolean;
  /** What the method is told of the client. */
  readonly hello: Hello;
  readonly attempt: LoginAttempt;
  /** Null if a tap of the hook `hello` let the client in. */
  readonly settings: MethodSettings | null;
  /** The block that is asked for the principal; null if none is, or if the answer is there. */
  block: BlockSettings | null = null;
  phase: Phase = "hello";
  /** The client's answer to the last challenge; null before it came. */
  proof: Proof | null = null;
  /** What the blocks of the method said. */
  found: Found | null = null;
  /** A strategy has denied the login. */
  denial: Denial | null = null;
  admission: Admission | null = null;
  /** The earlier login as which this one counts. */
  past: PastLogin | null = null;
  /** Comes back to the method with the client's answer. */
  state: unknown = undefined;
  readonly #context: HandshakeContext;
  readonly #asks: (block: BlockSettings, index: number) => void;
  #asked = false;
  /** The answer of its blocks; null if they are not asked. */
  #answer: Promise<unknown> | null = null;

  /** @param asks told before each block is asked */
  constructor(
    hello: Hello,
    authmethod: string,
    settings: MethodSettings | null,
    place: FactorPlace,
    context: HandshakeContext,
    asks: (block: BlockSettings, index: number) => void,
  ) {
    this.number = place.number;
    this.isDecoy = place.isDecoy;
    this.hello = hello;
    this.settings = settings;
    this.#context = context;
    this.#asks = asks;
    this.attempt = new Attempt(hello, authmethod, place, (query) => {
      const answer = this.#resolve(query);
      this.#answer ??= answer;
      return answer;
    });
    if (settings !== null) this.admission = { principal: null, realm: hello.realm, authid: hello.authid };
  }

  /** Waits until no block is asked any more. */
  async settled(): Promise<void> {
    await this.#answer?.catch(() => undefined);
  }

  /** The hook that it is at. */
  get asking(): string {
    if (this.block !== null) return `principal.${this.block.type}`;
    return `${this.phase === "hello" ? "challenge" : "authenticate"}.${this.attempt.authmethod}`;
  }

  /** The client has answered a challenge. */
  answered(signature: string, extra: Readonly<Dict>): void {
    this.phase = "authenticate";
    this.proof = { signature, extra, state: this.state };
  }

  /** Its principal, if the method has accepted. @param by the plugin that did @throws Denial, PluginError */
  accepted({ assignment, replaces, provider, past }: Accept, by: string): Principal {
    if (this.found?.isDecoy === true)
      throw new Denial(ErrorUri.authenticationDenied, DENIED, this.#unknown(), { plugin: by });
    const found = this.found?.resolved.principal ?? null;
    if (past !== null) {
      this.past = past;
      this.admission = past.admission;
      // A further factor is asked for each time.
      return principalOf(
        assignment ?? {},
        this.hello,
        { ...NO_BLOCK, then: found?.then ?? null },
        provider ?? "plugin",
      );
    }
    if (replaces) {
      if (found !== null)
        throw new PluginError(
          "WG_ACCEPT_AS",
          by,
          "answered acceptAs() though a principal was found: accept() changes that one",
        );
      return principalOf(assignment ?? {}, this.hello, NO_BLOCK, provider ?? "plugin");
    }
    if (found === null)
      throw new PluginError(
        "WG_NO_PRINCIPAL",
        by,
        "accepted without a principal: resolvePrincipal() finds one, acceptAs() names one",
      );
    return assignment === null ? found : patched(found, assignment);
  }

  /** The method denied the login: as a rule because of its proof. */
  disproved({ reason, message, cause }: Deny, plugin: string): Denial {
    const why = causeFrom(cause) ?? this.#whyDisproved(reason, plugin);
    return new Denial(reason, message, why, { plugin });
  }

  #whyDisproved(reason: string, plugin: string): Cause {
    const { found, settings, attempt, admission } = this;
    if (found?.isDecoy === true) return this.#unknown();
    if (found === null || reason !== ErrorUri.authenticationDenied)
      return { code: "plugin-denied", params: { plugin, hook: this.asking } };
    const params = { authid: clip(admission?.authid ?? ""), proof: settings?.method.proof ?? "proof" };
    if (this.number === 1) return { code: "wrong-proof", params };
    return { code: "second-factor", params: { ...params, method: attempt.authmethod } };
  }

  #unknown(): Cause {
    const { attempt, admission } = this;
    return { code: "unknown-authid", params: { method: attempt.authmethod, authid: clip(admission?.authid ?? "") } };
  }

  /**
   * The method that must succeed too, though this one has failed: the client must not learn that before. It is that of the
   * principal, be it a decoy, or of the block that refused. Null: the client is told at once.
   */
  get thenAfterFailure(): string | null {
    const { found, settings, block, phase, hello } = this;
    if (found !== null) return found.resolved.principal.then;
    // What is refused at HELLO, without a look at a principal, is what the client said of itself.
    if (phase === "hello" || settings === null) return null;
    return block === null ? settings.decoyThen(hello.authid) : block.then;
  }

  async #resolve(query: { facts?: Readonly<Dict>; authid?: string } = {}): Promise<Resolved<unknown>> {
    const { hello, attempt, phase } = this;
    // A reload has closed what the blocks had open that were there before.
    const settings = (this.settings && this.#context.auth.now.get(this.settings.method.name)) ?? this.settings;
    if (settings === null)
      throw new WampgateError("WG_NO_METHOD", "no method was chosen, so no strategy can be asked for a principal");
    const { name, at } = settings.method;
    if (phase !== at) {
      throw new PluginError(
        "WG_METHOD_PHASE",
        settings.plugin,
        `asked for the principal at ${phase}, though its method ${name} declares at: "${at}"`,
      );
    }
    if (this.#asked)
      throw new PluginError(
        "WG_METHOD_TWICE",
        settings.plugin,
        `asked for the principal twice in one login by ${name}`,
      );
    this.#asked = true;
    const { realm } = hello;
    const authid = query.authid ?? hello.authid;
    const question = { attempt, realm, authid, facts: query.facts ?? {}, phase: at };
    try {
      const blocks = settings.blocks.filter((block) => this.#mayAsk(block));
      const found = findPrincipal(settings, blocks, question, this.#context.hooks, (block) => {
        this.block = block;
        this.#asks(block, settings.blocks.indexOf(block));
      });
      this.found = isPromise(found) ? await found : found;
      this.block = null;
    } catch (error) {
      this.denial = denialOf(error, hello, this.asking, this.#context);
      throw this.denial;
    }
    this.admission = { principal: this.found.resolved.principal, realm, authid };
    return this.found.resolved;
  }

  #mayAsk(block: BlockSettings): boolean {
    if (this.number === 1) return block.mayBegin;
    // Of a login that has failed, a strategy must get no proof: it may count a wrong code, or use up a right one.
    return !this.isDecoy || block.strategy === null || this.phase === "hello";
  }
}

/** What holds where no block is asked. */
export const NO_BLOCK = { defaultRole: null, then: null };
