import type { Log } from "../../contract/log.ts";
import type { SessionPort } from "../../contract/session-port.ts";
import type { ServiceCall } from "../../contract/service-call.ts";
import type { Live } from "../../settings/live.ts";
import type { RealmRules } from "../settings.ts";
import type { RouterHooks } from "../../contract/hooks.ts";
import { deciderOf } from "../../hooks/create-hook.ts";
import { Deadline } from "../../wamp/deadline.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { refusal, WampError } from "../../errors/wamp-error.ts";
import { Authorizer, type AuthorizationRequest } from "./authorizer.ts";
import { type Denial, denialOf, notAuthorized } from "./not-authorized.ts";
import { type Denials, Role, type Ruling, type StaticDecision } from "./permissions.ts";

/** How long taps of the hook `authorize` may take for one message, in milliseconds. */
const HOOK_TIMEOUT = 10_000;

const TRUSTED: Ruling = { allow: true, disclose: true };
const NO_RULE: Ruling = { allow: false };

/**
 * Procedures by which a session ends what belongs to others. Neither a rule for everything nor `allow-by-default`
 * grants them.
 */
const POWERFUL: ReadonlySet<string> = new Set([
  "wamp.session.kill",
  "wamp.session.kill_by_authid",
  "wamp.session.kill_by_authrole",
  "wamp.session.kill_all",
  "wamp.subscription.remove_subscriber",
  "wamp.registration.remove_callee",
]);

/** What authorization needs of the router. */
export interface AuthorizationContext {
  readonly hooks: RouterHooks;
  readonly call: ServiceCall;
  readonly log: Log;
}

interface RoleEntry {
  readonly role: Role;
  readonly authorizer: Authorizer | null;
  /** Shown to the receivers of this role's calls and events; null: not shown. */
  readonly trustLevel: number | null;
  /** How long a session may last, in milliseconds; null: without end. */
  readonly maxSessionTime: number | null;
}

/**
 * Decides who may do what in a realm: a static rule of the role, else its authorizer, else the hook `authorize`.
 * Without an answer it is denied.
 */
export class Authorization {
  #roles: ReadonlyMap<string, RoleEntry> = new Map();
  readonly #rules: Live<RealmRules>;
  readonly #context: AuthorizationContext;
  /** What other nodes guard; null: this router stands alone. */
  #elsewhere: { has(uri: string): boolean } | null = null;

  constructor(rules: Live<RealmRules>, context: AuthorizationContext) {
    this.#rules = rules;
    this.#context = context;
    this.settingsChanged();
  }

  /** Guards also what other nodes do, from now on. */
  connect(elsewhere: { has(uri: string): boolean }): void {
    this.#elsewhere = elsewhere;
  }

  /** Reads the rules again, and forgets the answers of authorizers. */
  settingsChanged(): void {
    const { call, log } = this.#context;
    const { name: own, roles } = this.#rules.now;
    this.#roles = new Map(
      roles.map((settings) => {
        const { name, authorizer: uri, "authorizer-realm": realm = own, "trust-level": trustLevel = null } = settings;
        const { "max-session-time": maxSessionTime = null } = settings;
        const authorizer = uri === undefined ? null : new Authorizer(uri, realm, call, log);
        return [name, { role: new Role(settings), authorizer, trustLevel, maxSessionTime }];
      }),
    );
  }

  hasRole(name: string): boolean {
    return this.#roles.has(name);
  }

  trustLevelOf({ info }: SessionPort): number | null {
    return this.#roles.get(info.authrole)?.trustLevel ?? null;
  }

  maxSessionTime(role: string): number | null {
    return this.#roles.get(role)?.maxSessionTime ?? null;
  }

  /**
   * The decision; at once if a static rule or a remembered answer settles it.
   * @param signal gives a signal that fires when the session leaves, for authorizers and hooks
   * @throws WampError for a guarded URI; the promise rejects only with a WampError
   */
  decide(port: SessionPort, request: AuthorizationRequest, signal: () => AbortSignal): Ruling | Promise<Ruling> {
    const settled = this.decideAtOnce(port, request);
    if (settled !== null) return settled;
    return this.#isAsked(this.#authorizerOf(port)) ? this.#askedInTime(port, request, signal()) : NO_RULE;
  }

  /** Whether a session may take a procedure from sessions of other users: a static rule has to say so. */
  mayTakeOver(port: SessionPort, { uri, match }: Pick<AuthorizationRequest, "uri" | "match">): boolean {
    if (port.service) return true;
    const role = this.#roles.get(port.info.authrole)?.role;
    const settled = match === "exact" ? role?.decide("register", uri) : role?.decidePattern("register", { uri, match });
    return settled?.decision.allow === true && settled.rule?.allow["force-reregister"] === true;
  }

  /** Whether a session may not do what it requests, if that is known without asking an authorizer or hook. */
  forbids(port: SessionPort, request: AuthorizationRequest): boolean {
    try {
      const settled = this.decideAtOnce(port, request);
      return settled === null ? !this.#isAsked(this.#authorizerOf(port)) : !settled.allow;
    } catch (error) {
      if (WampError.is(error)) return true;
      throw error;
    }
  }

  /**
   * Whether a URI is an authenticator's or authorizer's, of any node. No pattern gets its calls, and only exact rules allow access.
   */
  guards(uri: string): boolean {
    return this.#rules.now.guarded.has(uri) || this.#elsewhere?.has(uri) === true;
  }

  /** What the role's own rules deny below a pattern that was granted; null if nothing. */
  denialsBelow(
    port: SessionPort,
    { action, uri, match }: Pick<AuthorizationRequest, "action" | "uri" | "match">,
  ): Denials | null {
    if (match === "exact" || port.service) return null;
    return this.#roles.get(port.info.authrole)?.role.denialsBelow(action, { uri, match }) ?? null;
  }

  /** As `decide`, but null if an authorizer or hook must be asked. */
  decideAtOnce(port: SessionPort, request: AuthorizationRequest): Ruling | null {
    if (port.service) return TRUSTED;
    const entry = this.#roles.get(port.info.authrole);
    const { action, uri, match } = request;
    const role = entry?.role;
    const settled = (match === "exact" ? role?.decide(action, uri) : role?.decidePattern(action, request)) ?? null;
    // A pattern never gets calls of guarded URIs, so it needs no guard itself.
    if (match === "exact" && (action === "call" || action === "register")) this.#guard(request, settled);
    return settled?.decision ?? entry?.authorizer?.remembered(port, request) ?? null;
  }

  #authorizerOf({ info }: SessionPort): Authorizer | null {
    return this.#roles.get(info.authrole)?.authorizer ?? null;
  }

  #isAsked(authorizer: Authorizer | null): boolean {
    return authorizer !== null || this.#context.hooks.authorize.taps.length > 0;
  }

  #guard(request: AuthorizationRequest, settled: StaticDecision | null): void {
    const { uri } = request;
    const guard = (text: string): Denial => denialOf(request, { allow: false, by: { by: "guard", text } });
    if (this.guards(uri)) {
      if (settled?.decision.allow === true && settled.rule?.match === "exact") return;
      throw notAuthorized(
        guard("no exact rule, which an authenticator or authorizer needs"),
        ": it is configured as an authenticator or authorizer, and only an exact permission rule grants that",
      );
    }
    if (!POWERFUL.has(uri)) return;
    // Nor does an authorizer or a hook grant it, which may answer for whole groups of URIs.
    if (settled?.decision.allow === true && settled.rule?.uri.startsWith("wamp.") === true) return;
    throw notAuthorized(
      guard('no rule that begins with "wamp."'),
      ': only a permission rule that begins with "wamp." grants that',
    );
  }

  /** Asks who decides, and asks again if the config was reloaded meanwhile: only the rules in effect count. */
  async #askedInTime(port: SessionPort, request: AuthorizationRequest, signal: AbortSignal): Promise<Ruling> {
    for (;;) {
      const roles = this.#roles;
      const authorizer = this.#authorizerOf(port);
      if (!this.#isAsked(authorizer)) return NO_RULE;
      try {
        const decision = await this.#ask(port, request, authorizer, signal);
        if (this.#roles === roles) return decision;
      } catch (error) {
        if (this.#roles === roles) throw error;
      }
      const settled = this.decideAtOnce(port, request);
      if (settled !== null) return settled;
    }
  }

  async #ask(
    port: SessionPort,
    request: AuthorizationRequest,
    authorizer: Authorizer | null,
    parent: AbortSignal,
  ): Promise<Ruling> {
    const { hooks, log } = this.#context;
    const limit = new Deadline(HOOK_TIMEOUT, parent);
    try {
      if (authorizer !== null) return await authorizer.ask(port, request, parent);
      const { action, uri, options } = request;
      const query = { session: port.info, action, uri, options, signal: limit.signal };
      const decision = (await hooks.authorize.promise(query)) ?? NO_RULE;
      const plugin = deciderOf(query);
      return decision.allow || plugin === null
        ? decision
        : { ...decision, by: { by: "hook", text: `plugin ${plugin}` } };
    } catch (error) {
      if (!parent.aborted && authorizer === null)
        unlessRepeated(port.info, "hook authorize", (repeats) =>
          log.error({ err: error, session: port.info.session, ...repeats }, (error as Error).message),
        );
      throw refusal(
        ErrorUri.authorizationFailed,
        `could not decide whether to allow: ${request.action} ${excerpt(request.uri)}`,
      );
    } finally {
      limit.end();
    }
  }
}
