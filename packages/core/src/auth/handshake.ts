import { WampgateError } from "../errors/wampgate-error.ts";
import type { Principal } from "../contract/assignment.ts";
import type { AuthSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { Admission, Handshake, HandshakeReply, HandshakeTrace } from "../contract/handshake.ts";
import type { Hello } from "../contract/hello.ts";
import type { LoginAttempt, Phase, Proof, Resolved } from "../contract/method.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { Accept, Challenge, Deny, Verdict } from "../contract/verdict.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { DENIED } from "../hooks/answers.ts";
import { deciderOf } from "../hooks/create-hook.ts";
import { DeadlineError } from "../wamp/deadline.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { excerpt } from "../wamp/excerpt.ts";
import { kindOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { decodedMembers, Sayable } from "../wamp/raw-value.ts";
import { Attempt } from "./attempt.ts";
import type { HandshakeContext } from "./context.ts";
import { whyNotEntitled } from "./entitlement.ts";
import { Denial, findPrincipal, principalOf, type Found, patched } from "./principals.ts";

/** A principal whose realm, authid and role are all assigned, and exist. */
type Complete = Principal & { readonly realm: string; readonly authid: string; readonly role: string };

/** How many times a client may be challenged in one login. */
const MAX_ROUNDS = 3;
/** How many keys a line of the log names. */
const MOST_KEYS = 10;

const FAILED = "the login could not be decided; the router's log says why";

/** One client's login, from its HELLO to WELCOME or ABORT. */
export class ClientHandshake implements Handshake {
  readonly #hello: Hello;
  readonly #context: HandshakeContext;
  /** The settings that this login was last checked against. */
  #auth: AuthSettings;
  #settings: MethodSettings | null = null;
  #attempt: LoginAttempt | null = null;
  #phase: Phase = "hello";
  #state: unknown = undefined;
  #asked = false;
  #found: Found | null = null;
  #admission: Admission | null = null;
  #denial: Denial | null = null;
  #provider: string | null = null;
  #plugin: string | null = null;
  /** The principal whose proof is right, while a tap of `verified` waits for the client's answer to its own challenge. */
  #verified: Principal | null = null;
  #rounds = 0;
  #configured: readonly string[] | undefined;

  constructor(hello: Hello, context: HandshakeContext) {
    this.#hello = hello;
    this.#context = context;
    this.#auth = context.auth.now;
  }

  get trace(): HandshakeTrace {
    const known = this.#found === null ? null : !this.#found.isDecoy;
    const authmethod = this.#attempt?.authmethod ?? null;
    return { authmethod, provider: this.#provider, plugin: this.#plugin, known, configured: this.#configured };
  }

  begin(): Promise<HandshakeReply> {
    return this.#decided(async () => {
      const { hello } = this.#context.hooks;
      const settled = hello.taps.length === 0 ? undefined : await hello.promise(this.#hello);
      if (settled !== undefined) return this.#settledEarly(settled);
      const settings = await this.#choose();
      if (settings === null) {
        this.#configured = [...this.#context.auth.now.keys()];
        throw new Denial(
          ErrorUri.noMatchingAuthMethod,
          "none of the client's authmethods is configured on this transport",
        );
      }
      this.#settings = settings;
      this.#admission = { principal: null, realm: this.#hello.realm, authid: this.#hello.authid };
      const { name } = settings.method;
      this.#attempt = this.#attemptBy(name);
      const verdict = await this.#context.hooks.challenge.get(name)?.promise(this.#attempt);
      return this.#follow(verdict, settings, this.#attempt);
    });
  }

  authenticate(signature: string, extra: Readonly<Dict>): Promise<HandshakeReply> {
    return this.#decided(async () => {
      this.#phase = "authenticate";
      const attempt = this.#attempt;
      const settings = this.#settings;
      if (attempt === null || settings === null)
        throw new WampgateError("WG_BUG", "AUTHENTICATE came before a method was chosen");
      const proof = { signature, extra, state: this.#state };
      if (this.#verified !== null) return this.#verify(this.#verified, proof);
      const verdict = await this.#context.hooks.authenticate.get(attempt.authmethod)?.promise(attempt, proof);
      return this.#follow(verdict, settings, attempt);
    });
  }

  /** The first of the client's methods that this transport offers and that applies. Unknown names are skipped. */
  async #choose(): Promise<MethodSettings | null> {
    for (const name of this.#hello.authmethods) {
      const settings = this.#context.auth.now.get(name);
      if (settings === undefined) continue;
      if (settings.method.applies === undefined || (await this.#applies(settings))) return settings;
    }
    return null;
  }

  async #applies({ method, plugin }: MethodSettings): Promise<boolean> {
    let applies: unknown;
    try {
      applies = await method.applies?.(this.#hello);
    } catch (error) {
      const text = `failed to say whether its method ${method.name} applies: ${(error as Error).message}`;
      throw new PluginError("WG_METHOD_APPLIES", plugin, text, { cause: error });
    }
    if (typeof applies === "boolean") return applies;
    const problem = `said ${kindOf(applies)}, expected true or false: whether ${method.name} applies`;
    throw new PluginError("WG_METHOD_APPLIES", plugin, problem);
  }

  #attemptBy(authmethod: string): LoginAttempt {
    return new Attempt(this.#hello, authmethod, (query) => this.#resolve(query));
  }

  async #resolve(query: { facts?: Readonly<Dict>; authid?: string } = {}): Promise<Resolved<unknown>> {
    const settings = this.#settings;
    if (settings === null)
      throw new WampgateError("WG_NO_METHOD", "no method was chosen, so no strategy can be asked for a principal");
    const { name, at } = settings.method;
    if (this.#phase !== at) {
      throw new PluginError(
        "WG_METHOD_PHASE",
        settings.plugin,
        `asked for the principal at ${this.#phase}, though its method ${name} declares at: "${at}"`,
      );
    }
    if (this.#asked)
      throw new PluginError(
        "WG_METHOD_TWICE",
        settings.plugin,
        `asked for the principal twice in one login by ${name}`,
      );
    this.#asked = true;
    const { realm } = this.#hello;
    const authid = query.authid ?? this.#hello.authid;
    try {
      this.#found = await findPrincipal(
        settings,
        {
          attempt: this.#attempt ?? this.#attemptBy(name),
          realm,
          authid,
          facts: query.facts ?? {},
          phase: at,
        },
        this.#context.hooks,
      );
      const { principal } = this.#found.resolved;
      this.#provider = this.#found.isDecoy ? null : principal.provider;
      this.#admission = { principal, realm, authid };
      return this.#found.resolved;
    } catch (error) {
      this.#denial = error instanceof Denial ? error : this.#failure(error);
      throw this.#denial;
    }
  }

  async #settledEarly(verdict: Verdict): Promise<HandshakeReply> {
    const by = deciderOf(this.#hello) ?? "hello";
    if (verdict.kind === "challenge")
      throw new PluginError("WG_HELLO_ANSWER", by, "challenged in hello, where no method is chosen yet");
    if (verdict.kind === "deny") throw denialOf(verdict, by);
    const { assignment, replaces } = verdict;
    if (assignment === null || !replaces)
      throw new PluginError(
        "WG_HELLO_ANSWER",
        by,
        "answered accept() in hello, where no principal was found: acceptAs() names one",
      );
    const { authmethod, provider } = verdict;
    this.#plugin = by;
    this.#attempt = this.#attemptBy(authmethod ?? "hello");
    return this.#verify(principalOf(assignment, this.#hello, null, provider ?? "hello"), null);
  }

  async #follow(
    verdict: Verdict | undefined,
    { method, plugin }: MethodSettings,
    attempt: LoginAttempt,
  ): Promise<HandshakeReply> {
    if (this.#denial !== null) throw this.#denial;
    const authmethod = method.name;
    if (verdict === undefined)
      throw new PluginError(
        "WG_METHOD_VERDICT",
        plugin,
        `left ${this.#phase} of a login by its method ${authmethod} without a verdict`,
      );
    const by = deciderOf(attempt) ?? plugin;
    this.#plugin = this.#found?.resolved.verified === true ? this.#found.plugin : by;
    switch (verdict.kind) {
      case "challenge":
        return this.#challenged(verdict, authmethod);
      case "deny":
        throw denialOf(verdict, by);
      case "accept":
        return this.#verify(this.#principal(verdict, by), null);
    }
  }

  #challenged({ state, extra }: Challenge, authmethod: string): HandshakeReply {
    if (++this.#rounds > MAX_ROUNDS)
      throw new Denial(ErrorUri.authenticationFailed, `a login may take ${MAX_ROUNDS} rounds at most`);
    this.#state = state;
    return { kind: "challenge", authmethod, extra };
  }

  /** Asks the hook `verified`, and admits the client if no tap minds. @param proof the answer to a challenge of a tap */
  async #verify(principal: Principal, proof: Proof | null): Promise<HandshakeReply> {
    const { verified } = this.#context.hooks;
    if (verified.taps.length === 0) return this.#admit(principal);
    const attempt = this.#attempt as LoginAttempt;
    const verdict = await verified.promise(attempt, principal, proof);
    if (verdict === undefined) return this.#admit(principal);
    const by = deciderOf(attempt) ?? "verified";
    this.#plugin = by;
    switch (verdict.kind) {
      case "deny":
        throw denialOf(verdict, by);
      case "challenge":
        this.#verified = principal;
        return this.#challenged(verdict, attempt.authmethod);
      case "accept":
        throw new PluginError(
          "WG_VERIFIED_ANSWER",
          by,
          "answered accept() in verified, where the client is accepted already: return undefined",
        );
    }
  }

  /** @param by the plugin that accepted */
  #principal({ assignment, replaces, provider }: Accept, by: string): Principal {
    if (this.#found?.isDecoy === true)
      throw new Denial(ErrorUri.authenticationDenied, DENIED, { plugin: this.#plugin, isVerdict: true });
    const found = this.#found?.resolved.principal ?? null;
    if (replaces) {
      if (found !== null)
        throw new PluginError(
          "WG_ACCEPT_AS",
          by,
          "answered acceptAs() though a principal was found: accept() changes that one",
        );
      return principalOf(assignment ?? {}, this.#hello, null, provider ?? "plugin");
    }
    if (found === null)
      throw new PluginError(
        "WG_NO_PRINCIPAL",
        by,
        "accepted without a principal: resolvePrincipal() finds one, acceptAs() names one",
      );
    return assignment === null ? found : patched(found, assignment);
  }

  async #admit(assigned: Principal): Promise<HandshakeReply> {
    const principal = this.#complete(assigned);
    const attempt = this.#attempt as LoginAttempt;
    const details: Dict = {};
    const { welcome } = this.#context.hooks;
    if (welcome.taps.length > 0) await welcome.promise(attempt, details);
    const info: SessionInfo = {
      session: this.#hello.session,
      realm: principal.realm,
      authid: principal.authid,
      authrole: principal.role,
      authmethod: attempt.authmethod,
      authprovider: principal.provider,
      authextra: principal.extra === null ? {} : decodedMembers(principal.extra),
      ...(principal.extra === null ? {} : { assignedExtra: principal.extra }),
      roles: this.#hello.roles,
      transport: this.#hello.transport,
    };
    await this.#rejudge(info);
    return {
      kind: "welcome",
      info,
      admission: this.#admission,
      details: { ...details, ...who(info), authextra: this.#welcomeExtra(info), roles: this.#context.roles },
    };
  }

  /** A client gets in whatever its format cannot say of `extra`. */
  #welcomeExtra({ assignedExtra }: SessionInfo): Sayable | Dict {
    if (assignedExtra === undefined) return {};
    return new Sayable(assignedExtra, (keys, format) =>
      this.#context.log.warn(
        { session: this.#hello.session, keys: keys.slice(0, MOST_KEYS).map((key) => excerpt(key)) },
        `a part of its extra cannot be said in ${format}, the client's format: it is left out of authextra in WELCOME`,
      ),
    );
  }

  /** If the config was reloaded during the login, the current config decides. */
  async #rejudge(info: SessionInfo): Promise<void> {
    while (this.#auth !== this.#context.auth.now) {
      this.#auth = this.#context.auth.now;
      const why = await whyNotEntitled(info, this.#admission, this.#context);
      if (why !== null) throw new Denial(ErrorUri.authenticationFailed, why);
    }
  }

  /** Checks that are the same for every method, after the proof. */
  #complete(principal: Principal): Complete {
    const { realm: realmName, authid, role } = principal;
    if (realmName === null) throw new Denial(ErrorUri.noSuchRealm, "no realm was assigned");
    if (authid === null) throw new Denial(ErrorUri.noSuchPrincipal, "no authid was assigned");
    if (role === null) throw new Denial(ErrorUri.noSuchRole, "no authrole was assigned");
    const realm = this.#context.realms.get(realmName);
    if (realm === undefined)
      throw new Denial(ErrorUri.noSuchRealm, `no realm "${excerpt(realmName)}" exists on this router`);
    if (!realm.hasRole(role))
      throw new Denial(ErrorUri.noSuchRole, `realm "${excerpt(realmName)}" has no role "${excerpt(role)}"`);
    return { ...principal, realm: realmName, authid, role };
  }

  async #decided(decide: () => Promise<HandshakeReply>): Promise<HandshakeReply> {
    try {
      return await decide();
    } catch (error) {
      const denial = this.#denial ?? (error instanceof Denial ? error : this.#failure(error));
      return this.#refuse(denial);
    }
  }

  #refuse({ reason, text, plugin, provider, isVerdict }: Denial): HandshakeReply {
    this.#plugin = plugin;
    this.#provider = provider ?? this.#provider;
    return { kind: "abort", reason, message: text, failed: isVerdict };
  }

  /** A plugin's mistake goes to the log. The client only learns that it is not let in. */
  #failure(error: unknown): Denial {
    // A hook's wrapper may have put a plugin's name on a denial. It is still a denial.
    if (error instanceof PluginError && error.cause instanceof Denial) return error.cause;
    if (!this.#clientLeft()) {
      const message = error instanceof Error ? error.message : "something other than an Error was thrown";
      this.#context.log.error(
        { err: error, session: this.#hello.session, ...pluginOf(error) },
        `login failed: ${message}`,
      );
    }
    return new Denial(ErrorUri.authenticationFailed, FAILED, pluginOf(error));
  }

  #clientLeft(): boolean {
    const { signal } = this.#hello;
    return signal.aborted && !(signal.reason instanceof DeadlineError);
  }
}

function denialOf({ reason, message }: Deny, plugin: string): Denial {
  return new Denial(reason, message, { plugin, isVerdict: true });
}

function pluginOf(error: unknown): { plugin?: string } {
  return error instanceof PluginError ? { plugin: error.plugin } : {};
}

function who({ realm, authid, authrole, authmethod, authprovider }: SessionInfo): Dict {
  return { realm, authid, authrole, authmethod, authprovider };
}
