import type { Action, Decision } from "../contract/authorization.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { ConfigRef } from "../contract/login-record.ts";
import type { Log } from "../contract/log.ts";
import type { SessionPort, SessionInfo } from "../contract/session-port.ts";
import type { RealmPort, RealmAttachment } from "../contract/realm-port.ts";
import { type LiveSource, partOf } from "../settings/live.ts";
import type { RealmOptions, RealmRules } from "./settings.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { attempt, inSlices } from "../wamp/guarded.ts";
import type { Dict } from "../wamp/payload.ts";
import type { MatchPolicy } from "../wamp/uri.ts";
import { Authorization, type AuthorizationContext } from "./access/authorization.ts";
import { denialOf, notAuthorized } from "./access/not-authorized.ts";
import type { AuthorizationRequest } from "./access/authorizer.ts";
import { Broker } from "./broker/broker.ts";
import { Dealer } from "./dealer/dealer.ts";
import { ByteBudget } from "./byte-budget.ts";
import { SessionQuota } from "./quota.ts";
import { Member } from "./member.ts";
import type { RealmMeter } from "./meter.ts";
import type { MetaCall, MetaProcedure } from "./meta/meta-call.ts";
import { registrationMeta } from "./meta/registration-meta.ts";
import { renewalMeta } from "./meta/renewal-meta.ts";
import { detailsOf, sessionMeta } from "./meta/session-meta.ts";
import { subscriptionMeta } from "./meta/subscription-meta.ts";
import { Testaments } from "./meta/testament-meta.ts";
import { MetaTopic } from "./meta/topics.ts";
import type { Decider, Denials, Ruling } from "./access/permissions.ts";
import type { Permission } from "./access/settings.ts";
import { type InboxRealm, SessionInbox } from "./inbox.ts";
import { calleeOf } from "./dealer/registrations.ts";
import type { RunningLink } from "../contract/realm-link.ts";
import { RemoteRealm } from "./remote/remote-realm.ts";
import { checkUri } from "./access/requests.ts";

/** How long one turn of the event loop may spend on removing what a session held, in milliseconds. */
const LEAVING_TIME = 10;

/** A signal that never fires. */
const never = (): AbortSignal => new AbortController().signal;

/** A realm: its sessions, its broker and dealer, and the meta procedures about them. */
export class Realm implements RealmPort, InboxRealm {
  readonly name: string;
  readonly log: Log;
  readonly hooks: RouterHooks;
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** The router's own procedures, `wamp.…` and `wampgate.…`. */
  procedures: ReadonlyMap<string, MetaProcedure>;
  readonly #settings: LiveSource<RealmRules>;
  readonly #authorization: Authorization;
  readonly #testaments: Testaments;
  readonly #quota: SessionQuota;
  readonly #budget: ByteBudget;
  /** Null: this router stands alone. */
  #remote: RemoteRealm | null = null;
  /** All sessions but the router's own, by id. */
  readonly #members = new Map<number, Member>();

  constructor(rules: RealmRules, context: AuthorizationContext) {
    const settings = { now: rules };
    const options = partOf(settings, (now) => now.options);
    this.name = rules.name;
    this.#settings = settings;
    this.hooks = context.hooks;
    this.log = context.log.child({ realm: this.name });
    this.#quota = new SessionQuota(options);
    this.#budget = new ByteBudget(options);
    this.#authorization = new Authorization(settings, { ...context, log: this.log });
    this.broker = new Broker(options, this.#budget, this.log);
    this.dealer = new Dealer(options, this.#budget, this.#authorization, (topic, args) =>
      this.broker.announce(topic, args),
    );
    const testament = (uri: string, publishOptions: Readonly<Dict>) =>
      ({ action: "publish", uri, match: "exact", options: publishOptions }) as const;
    this.#testaments = new Testaments(
      this.broker,
      this.#budget,
      {
        require: (call, uri, publishOptions) => this.#require(call, testament(uri, publishOptions)),
        stillAllow: (member, uri, publishOptions) => this.decide(member, testament(uri, publishOptions), never),
      },
      this.log,
    );
    this.procedures = new Map(
      Object.entries({
        ...sessionMeta(this.#members),
        ...renewalMeta,
        ...subscriptionMeta(this.broker, this.#members, async (call, { uri, match }) => {
          const request = { action: "subscribe", uri, match, options: { match } } as const;
          await this.#require(call, request);
          return this.denialsBelow(call.caller, request);
        }),
        ...registrationMeta(this.dealer.registrar, this.#members),
        ...this.#testaments.procedures,
      }),
    );
  }

  get options(): RealmOptions {
    return this.#settings.now.options;
  }

  /** Acts with the realms of this name on other nodes from now on. No session has joined yet. */
  connect(link: RunningLink): void {
    const { name, log, broker, dealer, procedures } = this;
    const sessions = (): SessionInfo[] => [...this.#members.values()].map(({ info }) => info);
    const guard = (uri: string): void => this.#guard(uri);
    const rules = this.#settings.now;
    this.#remote = new RemoteRealm(link, { name, log, broker, dealer, procedures, sessions, rules, guard });
    this.#authorization.connect(this.#remote.guards);
    this.#testaments.connect(this.#remote.testaments);
    this.procedures = this.#remote.procedures;
  }

  /** How many other nodes have other roles or options for the realm. */
  get differing(): number {
    return this.#remote?.rules.differing ?? 0;
  }

  /** Counts what passes through from now on. @param meter null: counts nothing */
  measure(meter: RealmMeter | null): void {
    this.broker.meter = meter;
    this.dealer.measure(meter);
  }

  /** The realm was removed from the config. */
  removed(): void {
    this.#remote?.leave();
  }

  /**
   * Puts other settings into effect. The sessions stay, but lose what the new rules forbid them to hold.
   * @returns how many subscriptions and registrations were revoked
   */
  reload(rules: RealmRules): number {
    this.#settings.now = rules;
    this.#remote?.guards.changed(rules.guarded);
    this.#remote?.rules.changed(rules);
    this.#authorization.settingsChanged();
    this.broker.settingsChanged();
    this.#budget.settingsChanged();
    this.#quota.settingsChanged([...this.#members.values()].map(({ info }) => info.authid));
    let revoked = 0;
    for (const member of [...this.#members.values()])
      attempt(
        () => {
          member.setTrustLevel(this.#authorization.trustLevelOf(member.port));
          // A session whose role is gone will be closed soon.
          if (this.hasRole(member.info.authrole)) revoked += this.#revokeForbidden(member);
        },
        // If the new rules cannot be applied to a session, it must not stay.
        (error) => member.port.broken(error),
      );
    return revoked;
  }

  hasRole(role: string): boolean {
    return this.#authorization.hasRole(role);
  }

  get roleNames(): string[] {
    return this.#settings.now.roles.map(({ name }) => name);
  }

  place(role: string | null): ConfigRef {
    return this.#settings.now.place(this.#pathOf(role));
  }

  placeOf(role: string, by: Decider["by"], rule?: Permission): ConfigRef {
    const { place, roles } = this.#settings.now;
    const path = this.#pathOf(role);
    if (by === "authorizer") return place([...path, "authorizer"]);
    const index = roles.find(({ name }) => name === role)?.permissions?.findIndex((one) => one === rule) ?? -1;
    return place(index === -1 ? path : [...path, "permissions", index]);
  }

  #pathOf(role: string | null): (string | number)[] {
    const index = this.#settings.now.roles.findIndex(({ name }) => name === role);
    return index === -1 ? [] : ["roles", index];
  }

  /** How many sessions have registered a procedure. */
  calleesOf(procedure: string): number {
    return this.dealer.registrar.find(procedure, true)?.callees.length ?? 0;
  }

  maxSessionTime(role: string): number | null {
    return this.#authorization.maxSessionTime(role);
  }

  whenRegistered(procedure: string, signal: AbortSignal): Promise<void> {
    return this.dealer.registrar.whenRegistered(procedure, signal);
  }

  requireRoom(authid: string): void {
    this.#quota.requireRoom(authid, this.#remote?.sessionsOf(authid) ?? 0);
  }

  join(peer: SessionPort): RealmAttachment {
    const member = new Member(peer, this.#authorization.trustLevelOf(peer));
    this.dealer.join(member);
    if (!peer.service) {
      this.#members.set(peer.info.session, member);
      this.#quota.enter(peer.info.authid);
      this.#remote?.joined(peer.info);
      attempt(
        () => this.#tellJoined(peer.info),
        (error) =>
          this.log.error({ err: error, session: peer.info.session }, "could not announce that a session joined"),
      );
    }
    return new SessionInbox(member, this);
  }

  #tellJoined(info: SessionInfo): void {
    if (this.broker.isHeard(MetaTopic.joined)) this.broker.announce(MetaTopic.joined, [detailsOf(info)], info.session);
  }

  /**
   * Removes all that a session held, and publishes its testaments. It leaves the count and gets no more calls at once,
   * and its callers get an error at once. If it held much, the rest follows in the next turns of the event loop.
   */
  leave(member: Member): void {
    if (member.hasLeft) return;
    member.hasLeft = true;
    const { session, authid } = member.info;
    const failed = (error: unknown): void =>
      this.log.error({ err: error, session }, "could not remove all that a session held when it left");
    const works: (() => void)[] = [];
    if (this.#members.delete(session)) this.#quota.leave(authid);
    attempt(() => works.push(...this.broker.leave(member)), failed);
    attempt(() => works.push(...this.dealer.leave(member)), failed);
    const done = (): void => {
      this.#budget.leave(member);
      this.#tellLeft(member);
    };
    inSlices(works, LEAVING_TIME, done, failed);
  }

  #tellLeft(member: Member): void {
    if (member.leavesUntold) this.#testaments.forget(member);
    else this.#testaments.execute(member);
    if (member.port.service) return;
    this.#remote?.left(member.info);
    if (member.leavesUntold) return;
    const { session, authid, authrole } = member.info;
    this.broker.announce(MetaTopic.left, [session, authid, authrole]);
  }

  /**
   * Whether a session may do what it requests; at once if no authorizer or hook must be asked.
   * @param signal gives a signal that fires when the session leaves, for authorizers and hooks
   * @throws WampError for an illegal or guarded URI; the promise rejects only with a WampError
   */
  decide(member: Member, request: AuthorizationRequest, signal: () => AbortSignal): Ruling | Promise<Ruling> {
    checkUri(request, this.options);
    return this.#authorization.decide(member.port, request, signal);
  }

  /** What a session's role may not use below a pattern that it was granted; null if it may use all. */
  denialsBelow(member: Member, pattern: Pick<AuthorizationRequest, "action" | "uri" | "match">): Denials | null {
    return this.#authorization.denialsBelow(member.port, pattern);
  }

  /** Revokes what the rules now forbid, and applies them to what the session keeps. @returns how many it has lost */
  #revokeForbidden(member: Member): number {
    const isForbidden =
      (action: Action) =>
      ({ uri, match }: { uri: string; match: MatchPolicy }): boolean =>
        this.#authorization.forbids(member.port, { action, uri, match, options: { match } });
    const subscriptions = this.broker.heldBy(member).filter(isForbidden("subscribe"));
    const registrations = this.dealer.registrar.heldBy(member).filter(isForbidden("register"));
    for (const subscription of subscriptions) this.broker.revoke(member, subscription, ErrorUri.notAuthorized);
    for (const registration of registrations)
      this.dealer.registrar.revoke(member, registration, ErrorUri.notAuthorized);
    for (const subscription of this.broker.heldBy(member)) {
      const { uri, match } = subscription;
      this.broker.restrict(member, subscription, this.denialsBelow(member, { action: "subscribe", uri, match }));
    }
    for (const registration of this.dealer.registrar.heldBy(member)) {
      const { uri, match } = registration;
      const callee = calleeOf(registration, member);
      if (callee !== undefined) callee.denials = this.denialsBelow(member, { action: "register", uri, match });
    }
    return subscriptions.length + registrations.length;
  }

  /** Another node guards a procedure: whoever may not register it any more loses it. */
  #guard(uri: string): void {
    const { registrar } = this.dealer;
    const request = { action: "register", uri, match: "exact", options: {} } as const;
    for (const member of registrar.ownHolders(uri)) {
      if (!this.#authorization.forbids(member.port, request)) continue;
      const held = registrar.heldBy(member).find((one) => one.uri === uri && one.match === "exact");
      if (held !== undefined) registrar.revoke(member, held, ErrorUri.notAuthorized);
    }
  }

  async #require({ caller, gone }: MetaCall, request: AuthorizationRequest): Promise<Decision> {
    const decision = await this.decide(caller, request, gone);
    if (!decision.allow) throw notAuthorized(denialOf(request, decision));
    return decision;
  }
}
