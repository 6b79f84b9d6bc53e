import type { BlockSettings, MethodSettings } from "../contract/auth-settings.ts";
import type { Handshake, HandshakeReply, HandshakeTrace } from "../contract/handshake.ts";
import type { LoginStep, StepName } from "../contract/login-record.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import type { RealmPort } from "../contract/realm-port.ts";
import type { SessionInfo } from "../contract/session-port.ts";
import type { LoginPlace } from "../contract/method.ts";
import type { Verdict } from "../contract/verdict.ts";
import type { Principal } from "../contract/assignment.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { DENIED } from "../hooks/answers.ts";
import { ask, deciderOf } from "../hooks/create-hook.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { clip, excerpt } from "../wamp/excerpt.ts";
import { shownTime } from "../wamp/expires.ts";
import { isPromise, type MaybePromise, whenThere } from "../wamp/maybe-promise.ts";
import { kindOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import type { HandshakeContext } from "./context.ts";
import { Denial } from "./denial.ts";
import { judgementOf } from "./entitlement.ts";
import { NO_BLOCK } from "./factor.ts";
import { beginNext, challenged, SECOND_PROOF } from "./further-factor.ts";
import { left, Login, type Next, type Refusal } from "./login.ts";
import { noteOf } from "./step-notes.ts";
import { principalOf } from "./principals.ts";
import { judgedAgain, sessionInfo, welcomeDetails } from "./welcome.ts";

/** How many methods or roles a cause names. */
const MOST_NAMES = 16;

/** What a step may give: a denial is as good as a thrown one, and takes no time that a client could measure. */
type Outcome = Next | Denial;

/** The steps of a login, in their order. Each is a function below; what it throws ends the login. */
const STEPS: Readonly<Record<StepName, (login: Login) => MaybePromise<Outcome>>> = {
  hello,
  choose,
  challenge,
  authenticate,
  then: beginNext,
  verified,
  complete,
  welcome,
};

/** One client's login, from its HELLO to WELCOME or ABORT. */
export class ClientHandshake implements Handshake {
  readonly #login: Login;
  /** The step that the client's answer begins. */
  #answers: StepName = "authenticate";

  constructor(hello: Hello, context: HandshakeContext) {
    this.#login = new Login(hello, context);
  }

  get trace(): HandshakeTrace {
    const { first, factors, provider, plugin, configured, asking } = this.#login;
    const found = first?.found ?? null;
    const known = found === null ? null : !found.isDecoy;
    const authfactors = factors.map(({ attempt }) => attempt.authmethod);
    return { authmethod: authfactors[0] ?? null, authfactors, provider, plugin, known, configured, asking };
  }

  steps(outcome: LoginStep["outcome"], cause: Cause | null): readonly LoginStep[] {
    return this.#login.trace?.steps(outcome, cause) ?? [];
  }

  begin(): MaybePromise<HandshakeReply> {
    return this.#take("hello");
  }

  authenticate(signature: string, extra: Readonly<Dict>): MaybePromise<HandshakeReply> {
    const login = this.#login;
    login.trace?.answered();
    const { [SECOND_PROOF]: second, ...own } = extra;
    if (typeof second === "string") login.secondProof = second;
    left(login.factor).answered(signature, second === undefined ? extra : own);
    return this.#take(this.#answers);
  }

  #take(step: StepName): MaybePromise<HandshakeReply> {
    const login = this.#login;
    login.step = step;
    login.trace?.begins(step, login.factor?.number ?? 1);
    try {
      const next = STEPS[step](login);
      if (!isPromise(next)) return this.#taken(next);
      login.trace?.waits();
      return next.then(
        (there) => this.#taken(there),
        (error: unknown) => this.#failedLate(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Where the time was up for a method while it waited for a block, it was up for the block, too, which says more. */
  async #failedLate(error: unknown): Promise<HandshakeReply> {
    await this.#login.factor?.settled();
    return this.#failed(error);
  }

  #failed(error: unknown): MaybePromise<HandshakeReply> {
    const refusal = this.#login.refused(error);
    return this.#taken(this.#login.after(refusal), refusal);
  }

  /** Each step ends here. @param did what it did, if not what it led to */
  #taken(next: Outcome, did?: Refusal): MaybePromise<HandshakeReply> {
    if (next instanceof Denial) return this.#failed(next);
    const { trace, step, factor } = this.#login;
    trace?.ends(noteOf(this.#login, did ?? next));
    if (typeof next === "string") return this.#take(next);
    if (next.kind !== "challenge") return next;
    this.#answers = step === "verified" ? "verified" : "authenticate";
    trace?.waitsForClient(this.#answers, factor?.number ?? 1);
    return next;
  }
}

/** A plugin may settle the login before a method is chosen. */
function hello(login: Login): MaybePromise<Next> {
  const { hello: hook } = login.context.hooks;
  if (hook.taps.length === 0) return "choose";
  return whenThere(ask(hook, login.hello), (verdict) =>
    verdict === undefined ? "choose" : settledEarly(login, verdict),
  );
}

function settledEarly(login: Login, verdict: Verdict): Next {
  const by = deciderOf(login.hello) ?? "hello";
  if (verdict.kind === "challenge")
    throw new PluginError("WG_HELLO_ANSWER", by, "challenged in hello, where no method is chosen yet");
  if (verdict.kind === "deny") throw login.denied(verdict, by);
  const { assignment, replaces, authmethod, provider } = verdict;
  if (assignment === null || !replaces)
    throw new PluginError(
      "WG_HELLO_ANSWER",
      by,
      "answered accept() in hello, where no principal was found: acceptAs() names one",
    );
  login.plugin = by;
  login.begin(authmethod ?? "hello", null);
  return login.proved(principalOf(assignment, login.hello, NO_BLOCK, provider ?? "hello"));
}

/** The method is the first of the client's that this transport offers and that applies. Unknown names are skipped. */
function choose(login: Login): MaybePromise<Next> {
  return whenThere(methodFor(login, 0), (settings) => {
    if (settings === null) {
      login.configured = [...login.context.auth.now.values()].filter(mayBegin).map(({ method }) => method.name);
      throw noMethod(login, login.configured);
    }
    const { name, authenticate: judge } = settings.method;
    if (login.hello.renews !== null && judge === undefined)
      throw new Denial(ErrorUri.featureNotSupported, `the method ${name} asks for no proof that could renew a login`, {
        code: "no-method",
        params: { offered: name, transport: clip(login.context.name), configured: "" },
      });
    login.begin(name, settings);
    return "challenge";
  });
}

function noMethod({ hello, context }: Login, configured: readonly string[]): Denial {
  const offered = listOf(hello.authmethods);
  return new Denial(ErrorUri.noMatchingAuthMethod, "none of the client's authmethods is configured on this transport", {
    code: "no-method",
    params: { offered, transport: clip(context.name), configured: listOf(configured) },
  });
}

/** The first names of a list that may be long. */
function listOf(names: readonly string[]): string {
  return names.slice(0, MOST_NAMES).map(clip).join(", ") + (names.length > MOST_NAMES ? ", …" : "");
}

/** @param from the client's first method that is not tried yet */
function methodFor(login: Login, from: number): MaybePromise<MethodSettings | null> {
  const { hello, context } = login;
  for (let i = from; i < hello.authmethods.length; i++) {
    const settings = context.auth.now.get(hello.authmethods[i] as string);
    if (settings === undefined || !mayBegin(settings)) continue;
    if (!mayNotApply(settings)) return settings;
    return applies(settings, login).then((does) => (does ? settings : methodFor(login, i + 1)));
  }
  return null;
}

/** Whether clients may begin with the method. If not, it only serves as a further factor. */
function mayBegin({ blocks }: MethodSettings): boolean {
  return blocks.some((block) => block.mayBegin);
}

/** Whether the method has a say in that, or each of its blocks that clients may begin with. */
function mayNotApply({ method, blocks }: MethodSettings): boolean {
  const each = (block: BlockSettings): boolean => (block.strategy ?? method.static)?.applies !== undefined;
  return method.applies !== undefined || blocks.every((block) => !block.mayBegin || each(block));
}

async function applies({ method, plugin, blocks }: MethodSettings, { hello, context }: Login): Promise<boolean> {
  const ask = (by: string, work: () => unknown): Promise<boolean> => toldBy(by, method.name, work);
  if (method.applies !== undefined && !(await ask(plugin, () => method.applies?.(hello)))) return false;
  const place: LoginPlace = { judge: (past) => judgementOf(past, hello, context) };
  for (const { mayBegin: isFirst, strategy, plugin: by, value, instance } of blocks) {
    if (!isFirst) continue;
    const says =
      strategy === null
        ? method.static?.applies && ((open: unknown) => method.static?.applies?.(hello, open, place))
        : strategy.applies && ((open: unknown) => strategy.applies?.(hello, open));
    if (says === undefined) return true;
    if (await ask(by, () => instance?.ask(says) ?? says(value))) return true;
  }
  return false;
}

/** Whether a plugin says that a method applies. */
async function toldBy(plugin: string, name: string, work: () => unknown): Promise<boolean> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (error) {
    const text = `failed to say whether its method ${name} applies: ${(error as Error).message}`;
    throw new PluginError("WG_METHOD_APPLIES", plugin, text, { cause: error });
  }
  if (typeof answer === "boolean") return answer;
  const problem = `said ${kindOf(answer)}, expected true or false: whether ${name} applies`;
  throw new PluginError("WG_METHOD_APPLIES", plugin, problem);
}

/** The method challenges the client, or decides without a proof. */
function challenge(login: Login): MaybePromise<Outcome> {
  const { attempt } = left(login.factor);
  const hook = login.context.hooks.challenge.get(attempt.authmethod);
  return whenThere(hook && ask(hook, attempt), (verdict) => followed(login, verdict));
}

/** The method judges the client's answer, or challenges it once more. */
function authenticate(login: Login): MaybePromise<Outcome> {
  const { attempt, proof } = left(login.factor);
  const hook = login.context.hooks.authenticate.get(attempt.authmethod);
  return whenThere(hook && ask(hook, attempt, left(proof)), (verdict) => followed(login, verdict));
}

/** What the verdict of a method leads to. */
function followed(login: Login, verdict: Verdict | undefined): Outcome {
  const factor = left(login.factor);
  if (factor.denial !== null) throw factor.denial;
  const { method, plugin } = left(factor.settings);
  if (verdict === undefined)
    throw new PluginError(
      "WG_METHOD_VERDICT",
      plugin,
      `left ${factor.phase} of a login by its method ${method.name} without a verdict`,
    );
  const by = deciderOf(factor.attempt) ?? plugin;
  login.plugin = factor.found?.resolved.verified === true ? factor.found.plugin : by;
  switch (verdict.kind) {
    case "challenge":
      return challenged(login, factor, verdict);
    case "deny":
      return by === plugin ? factor.disproved(verdict, plugin) : login.denied(verdict, by);
    case "accept":
      factor.proof = null;
      return login.proved(factor.accepted(verdict, login.plugin ?? by));
  }
}

/** All proofs are right. A plugin may turn the client away, or challenge it: then this step comes again with its answer. */
function verified(login: Login): MaybePromise<Next> {
  const { verified: hook } = login.context.hooks;
  requireUnexpired(login);
  if (hook.taps.length === 0) return "complete";
  const { attempt } = left(login.first);
  const factor = left(login.factor);
  return whenThere(ask(hook, attempt, left(login.principal), factor.proof), (verdict) => {
    if (verdict === undefined) return "complete";
    const by = deciderOf(attempt) ?? "verified";
    login.plugin = by;
    switch (verdict.kind) {
      case "deny":
        throw login.denied(verdict, by);
      case "challenge":
        factor.state = verdict.state;
        return login.challenged(verdict, attempt.authmethod, 1);
      case "accept":
        throw new PluginError(
          "WG_VERIFIED_ANSWER",
          by,
          "answered accept() in verified, where the client is accepted already: return undefined",
        );
    }
  });
}

/** An expired login is denied like one whose proof is wrong: only the operator learns the difference. @throws Denial */
function requireUnexpired({ principal, plugin }: Login): void {
  const { expires, authid } = left(principal);
  if (expires === null || expires * 1000 > Date.now()) return;
  const params = { authid: clip(authid ?? ""), expired: shownTime(expires) };
  throw new Denial(ErrorUri.authenticationDenied, DENIED, { code: "expired", params }, { plugin });
}

/** The realm, authid and role are assigned, and exist: the same for every method. */
function complete(login: Login): Next {
  const principal = left(login.principal);
  const { realm: name, authid, role } = principal;
  if (name === null) throw noRealm("", "no realm was assigned");
  if (authid === null)
    throw new Denial(ErrorUri.noSuchPrincipal, "no authid was assigned", {
      code: "no-principal",
      params: { realm: clip(name) },
    });
  const realm = login.context.realms.get(name);
  if (role === null) throw noRole(name, "", realm, "no authrole was assigned");
  if (realm === undefined) throw noRealm(name, `no realm "${excerpt(name)}" exists on this router`);
  if (!realm.hasRole(role)) throw noRole(name, role, realm, `realm "${excerpt(name)}" has no role "${excerpt(role)}"`);
  requireSame(login.hello.renews, principal);
  login.complete = { ...principal, realm: name, authid, role };
  return "welcome";
}

function noRealm(realm: string, text: string): Denial {
  return new Denial(ErrorUri.noSuchRealm, text, { code: "no-realm", params: { realm: clip(realm) } });
}

function noRole(name: string, role: string, realm: RealmPort | undefined, text: string): Denial {
  const params = { realm: clip(name), role: clip(role), roles: listOf(realm?.roleNames ?? []) };
  return new Denial(ErrorUri.noSuchRole, text, { code: "no-role", params });
}

/** Whoever renews a session's login must come out as who the session is. */
function requireSame(renews: Hello["renews"], { realm, authid, role }: Principal): void {
  if (renews === null || (renews.realm === realm && renews.authid === authid && renews.authrole === role)) return;
  const params = { authid: clip(renews.authid), proof: "proof, which is that of another principal," };
  throw new Denial(ErrorUri.authenticationDenied, DENIED, { code: "wrong-proof", params });
}

/** Plugins may add to WELCOME. */
function welcome(login: Login): MaybePromise<Next> {
  const { welcome: hook } = login.context.hooks;
  const details: Dict = {};
  // Who renews a login gets no WELCOME.
  const added =
    hook.taps.length === 0 || login.hello.renews !== null ? undefined : ask(hook, left(login.first).attempt, details);
  return whenThere(added, () => {
    const reply = (info: SessionInfo): HandshakeReply => ({
      kind: "welcome",
      info,
      admission: left(login.first).admission,
      details: welcomeDetails(info, details, login),
      again: () =>
        login.isOutdated ? judgedAgain(info, login).then(reply, (error: unknown) => login.refused(error)) : null,
    });
    const info = sessionInfo(login);
    return login.isOutdated ? judgedAgain(info, login).then(reply) : reply(info);
  });
}
