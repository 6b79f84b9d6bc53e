import type { Decision } from "../../contract/authorization.ts";
import type { Log } from "../../contract/log.ts";
import type { Live } from "../../settings/live.ts";
import type { RealmOptions } from "../settings.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { IdSequence, randomId } from "../../wamp/ids.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import { isEmpty, NOTHING, payloadOf } from "../../wamp/payload.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { MATCH_POLICIES, type MatchPolicy } from "../../wamp/uri.ts";
import { refusal, type WampError } from "../../errors/wamp-error.ts";
import { History } from "./history.ts";
import type { Member } from "../member.ts";
import type { RealmMeter } from "../meter.ts";
import { isObserved, MetaTopic } from "../meta/topics.ts";
import { type ByteBudget, holdingSize } from "../byte-budget.ts";
import { readBoolean, requireRoom, readEnum } from "../read-options.ts";
import { PatternIndex } from "../pattern-index.ts";
import type { Denials } from "../access/permissions.ts";
import type { RemoteEvents } from "../remote/remote-events.ts";
import { type PublishOptions, readPublishOptions } from "./publish-options.ts";
import { admits, eventDetails, kept, type Publication } from "./publication.ts";
import { HybridClock } from "./hybrid-clock.ts";
import { type CopiedEvent, keptEvents } from "./kept-events.ts";
import { Retention } from "./retention.ts";
import { detailsOf, type Subscription } from "./subscription.ts";

/** The part of PUBLISH that makes the event. */
type AskedEvent = Pick<MessageOf<"PUBLISH">, "options" | "topic" | "payload">;

/** The denials of a subscriber that has not been sent SUBSCRIBED: no EVENT comes before that (spec, basic/pubsub). */
const NOT_YET: Denials = () => true;

const SKIPPED = "a session reads too slowly: an event for it was skipped";

/** Publish and subscribe in one realm (spec, basic/pubsub and advanced/pubsub_*). */
export class Broker {
  readonly #index = new PatternIndex<Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #ofMember = new Map<Member, Set<Subscription>>();
  readonly #ids = new IdSequence();
  readonly #options: Live<RealmOptions>;
  readonly #budget: ByteBudget;
  readonly #retention: Retention;
  readonly #clock = new HybridClock();
  readonly #log: Log;
  /** Null: this router stands alone. */
  #remote: RemoteEvents | null = null;
  /** Null: no plugin observes the realm. */
  meter: RealmMeter | null = null;
  /** Events that were skipped because a receiver's format cannot carry them. */
  unsayable = 0;
  /** The sessions for which one was logged. */
  readonly #told = new WeakSet<Member>();

  constructor(options: Live<RealmOptions>, budget: ByteBudget, log: Log) {
    this.#options = options;
    this.#budget = budget;
    this.#log = log;
    this.#retention = new Retention(options, budget);
    this.settingsChanged();
  }

  /** Exchanges events with other nodes from now on. There are no subscribers yet. */
  connect(remote: RemoteEvents): void {
    this.#remote = remote;
    const made = [...this.#byId.values()];
    this.#byId.clear();
    for (const subscription of made) {
      subscription.id = remote.subscriptionId(subscription.match, subscription.uri);
      this.#byId.set(subscription.id, subscription);
    }
  }

  /** Starts or stops keeping events, as the settings say. Kept events stay if they are still to be kept. */
  settingsChanged(): void {
    this.#retention.shorten();
    const keeping = new Set<Subscription>();
    for (const { uri, match, limit } of this.#options.now["event-history"]) {
      const subscription = this.#index.get(match, uri) ?? this.#create(uri, match, null);
      subscription.history ??= new History(limit, this.#budget);
      subscription.history.shorten(limit);
      keeping.add(subscription);
    }
    for (const subscription of this.#byId.values()) {
      if (subscription.history === null || keeping.has(subscription)) continue;
      subscription.history.shorten(0);
      subscription.history = null;
      if (subscription.subscribers.size === 0) this.#remove(subscription);
    }
  }

  /**
   * @param denials what the member's role may not get below the pattern that it subscribes to
   * @returns a promise if other nodes have to be told first
   */
  subscribe(
    member: Member,
    { request, options, topic }: MessageOf<"SUBSCRIBE">,
    denials: Denials | null,
  ): void | Promise<void> {
    const match = readEnum(options, "match", MATCH_POLICIES, "exact");
    const retained = readBoolean(options, "get_retained", false);
    const found = this.#index.get(match, topic);
    const isNew = found?.subscribers.has(member) !== true;
    if (isNew) {
      requireRoom(
        this.#ofMember.get(member)?.size ?? 0,
        this.#options.now["max-subscriptions"],
        "max-subscriptions",
        "subscriptions",
      );
      this.#budget.take(member, holdingSize(topic));
    }
    const isCreated = found === undefined && this.#isOnlyHere(topic, match);
    const subscription = found ?? this.#create(topic, match, null);
    subscription.subscribers.add(member);
    this.restrict(member, subscription, subscription.settling === null ? denials : NOT_YET);
    let held = this.#ofMember.get(member);
    if (held === undefined) this.#ofMember.set(member, (held = new Set()));
    held.add(subscription);
    const subscribed = (): void => {
      member.send({ type: "SUBSCRIBED", request, subscription: subscription.id });
      if (retained) this.#sendRetained(member, subscription);
      if (isCreated) this.#tell(MetaTopic.subscriptionCreated, subscription, member, detailsOf(subscription));
      if (isNew) this.#tell(MetaTopic.subscribed, subscription, member, subscription.id);
    };
    if (subscription.settling === null) return subscribed();
    return subscription.settling.then(() => {
      if (member.hasLeft) return;
      if (!subscription.subscribers.has(member)) throw refusal(ErrorUri.canceled, "the subscription was ended");
      this.restrict(member, subscription, denials);
      subscribed();
    });
  }

  unsubscribe(member: Member, { request, subscription: id }: MessageOf<"UNSUBSCRIBE">): void {
    const subscription = this.#byId.get(id);
    if (subscription?.subscribers.has(member) !== true) {
      throw refusal(ErrorUri.noSuchSubscription, `no subscription ${id} is held by this session`);
    }
    this.#drop(member, subscription, () => member.send({ type: "UNSUBSCRIBED", request }));
  }

  /** Sets what a subscriber of a pattern may not get below it. */
  restrict(member: Member, subscription: Subscription, denials: Denials | null): void {
    if (denials !== null) (subscription.denials ??= new Map()).set(member, denials);
    else if (subscription.denials?.delete(member) === true && subscription.denials.size === 0)
      subscription.denials = null;
  }

  /** Ends a session's subscription without its request (spec, advanced/pubsub_subscription_revocation). */
  revoke(member: Member, subscription: Subscription, reason: string | null): void {
    this.#drop(member, subscription, () => {
      if (!member.announced("subscriber", "subscription_revocation")) return;
      const details = { subscription: subscription.id, ...(reason === null ? {} : { reason }) };
      member.send({ type: "UNSUBSCRIBED", request: 0, details });
    });
  }

  /** @returns a promise if PUBLISHED is sent when the network between the nodes has the event; it rejects with a WampError */
  publish(publisher: Member, message: MessageOf<"PUBLISH">, decision: Decision): void | Promise<void> {
    const options = readPublishOptions(message.options, publisher);
    const publication = this.#prepare(publisher, message, options, decision);
    // Delivered to nobody, so that it may be published again without coming twice.
    if (options.acknowledge && this.#remote?.canReach(message.topic) === false)
      throw refusal(ErrorUri.networkFailure, "other nodes have subscribers of the topic and cannot be reached now");
    if (this.meter !== null) this.meter.published(message.payload);
    const hasLeft = this.dispatch(publication);
    if (!options.acknowledge) return;
    // It may wait for the network, and must not keep the event alive meanwhile.
    const [request, id] = [message.request, publication.id];
    const published = (): void => {
      if (!publisher.hasLeft) publisher.send({ type: "PUBLISHED", request, publication: id });
    };
    const taken = hasLeft ? (this.#remote?.taken() ?? null) : null;
    return taken === null ? published() : taken.then(published);
  }

  /**
   * The publication that `publisher` asks for.
   * @throws WampError for an option that is wrong or not allowed
   */
  prepare(publisher: Member, asked: AskedEvent, decision: Decision): Publication {
    return this.#prepare(publisher, asked, readPublishOptions(asked.options, publisher), decision);
  }

  /**
   * Sends an event to all subscribers of its topic that may get it, wherever they are.
   * @returns whether it was sent to other nodes
   */
  dispatch(publication: Publication): boolean {
    const nodes = this.#remote?.nodesOf(publication);
    // What stays here has a time only if it is kept.
    const at = nodes === undefined || nodes.length === 0 ? 0 : this.#clock.next();
    this.#deliver(publication, at);
    if (nodes === undefined || nodes.length === 0) return false;
    this.#remote?.publish(publication, nodes, at);
    return true;
  }

  /**
   * Sends an event to all subscribers of its topic on this node that may get it, and keeps it if it is to be kept.
   * @param at when it was published on another node; 0: now
   */
  deliver(publication: Publication, at = 0): void {
    this.#deliver(publication, at === 0 ? 0 : this.#heard(at));
  }

  /** @param published when: by the clock; 0: now */
  #deliver(publication: Publication, published: number): void {
    const { topic } = publication;
    let [at, sent] = [published, 0];
    for (const { id, match, subscribers, denials, history } of this.#index.matching(topic)) {
      if (history !== null) history.add(publication, (at ||= this.#clock.next()));
      if (subscribers.size === 0) continue;
      const event = eventOf(publication, id, match);
      for (const member of subscribers) {
        if (!admits(publication, member) || denials?.get(member)?.(topic) === true) continue;
        if (this.#send(member, event)) sent++;
      }
    }
    if (sent > 0 && this.meter !== null) this.meter.delivered(topic, sent);
    if (publication.retain) this.#retention.keep(publication, at || this.#clock.next());
  }

  /** Keeps an event that another node has kept. @param at when it was published */
  copy(publication: Publication, at: number): void {
    const time = this.#heard(at);
    for (const { history } of this.#index.matching(publication.topic)) history?.add(publication, time, true);
    if (publication.retain) this.#retention.keep(publication, time, true);
  }

  /** What is kept of past events. */
  kept(): Iterable<CopiedEvent> {
    return keptEvents(
      this.#retention,
      [...this.#byId.values()].flatMap(({ history }) => history ?? []),
    );
  }

  #heard(at: number): number {
    if (this.#clock.isAhead(at))
      unlessRepeated(this, "ahead", (repeats) =>
        this.#log.warn({ ...repeats }, "the clock of another node is more than a minute ahead of this one's"),
      );
    return this.#clock.heard(at);
  }

  /** Publishes one of the router's own events. @param except a session that does not get it */
  announce(topic: string, args: readonly unknown[], except: number | null = null): void {
    if (!this.isHeard(topic)) return;
    const payload = payloadOf({ args });
    this.dispatch({ id: randomId(), topic, payload, details: {}, audience: null, except, retain: false });
  }

  /** As `announce`, but only to the subscribers of this node. @param id of the publication */
  announceHere(topic: string, args: readonly unknown[], id: number): void {
    if (this.#index.matching(topic).length === 0) return;
    const payload = payloadOf({ args });
    this.deliver({ id, topic, payload, details: {}, audience: null, except: null, retain: false });
  }

  /** Whether `topic` has subscribers on any node, or its events are kept. */
  isHeard(topic: string): boolean {
    return this.#index.matching(topic).length > 0 || this.#remote?.hears(topic) === true;
  }

  /** Removes a session that is gone. @returns the work that is left: one function for each of its subscriptions */
  leave(member: Member): (() => void)[] {
    const held = this.heldBy(member);
    this.#ofMember.delete(member);
    return held.map((subscription) => () => this.#drop(member, subscription));
  }

  heldBy(member: Member): Subscription[] {
    return [...(this.#ofMember.get(member) ?? [])];
  }

  get(id: number): Subscription | undefined {
    return this.#byId.get(id);
  }

  lookUp(uri: string, match: MatchPolicy): Subscription | undefined {
    return this.#index.get(match, uri);
  }

  matching(topic: string): Subscription[] {
    return [...this.#index.matching(topic)];
  }

  all(match: MatchPolicy): Iterable<Subscription> {
    return this.#index.values(match);
  }

  #prepare(
    publisher: Member,
    { topic, payload }: AskedEvent,
    { discloseMe, excludeMe, retain, audience, passthru }: PublishOptions,
    decision: Decision,
  ): Publication {
    if (discloseMe && this.#options.now["disclose-me"] === "forbid") {
      throw refusal(ErrorUri.optionDisallowedDiscloseMe, "this realm does not allow publishers to disclose themselves");
    }
    const isDisclosed = discloseMe || decision.disclose === true;
    const isPlain = !isDisclosed && passthru === null && isEmpty(publisher.trust);
    return {
      id: randomId(),
      topic,
      payload,
      details: isPlain
        ? NOTHING
        : { ...(isDisclosed ? publisher.disclosed("publisher") : NOTHING), ...publisher.trust, ...passthru },
      audience,
      except: excludeMe ? publisher.info.session : null,
      retain,
    };
  }

  #create(uri: string, match: MatchPolicy, history: History | null): Subscription {
    const subscription: Subscription = {
      id: this.#remote?.subscriptionId(match, uri) ?? this.#ids.next(),
      uri,
      match,
      created: new Date(),
      subscribers: new Set<Member>(),
      denials: null,
      history,
      settling: null,
    };
    this.#index.set(match, uri, subscription);
    this.#byId.set(subscription.id, subscription);
    if (this.#remote !== null) subscription.settling = this.#settled(subscription, this.#remote);
    return subscription;
  }

  /** Whether no other node has a subscription. */
  #isOnlyHere(uri: string, match: MatchPolicy): boolean {
    return this.#remote?.lookUp(match, uri) === undefined;
  }

  /** Resolves when other nodes send the events of a new subscription. */
  async #settled(subscription: Subscription, remote: RemoteEvents): Promise<void> {
    await remote.want(subscription);
    subscription.settling = null;
  }

  #remove(subscription: Subscription): void {
    this.#index.delete(subscription.match, subscription.uri);
    this.#byId.delete(subscription.id);
    this.#remote?.unwant(subscription);
  }

  #drop(member: Member, subscription: Subscription, answer?: () => void): void {
    if (subscription.subscribers.delete(member)) this.#budget.give(member, holdingSize(subscription.uri));
    this.restrict(member, subscription, null);
    this.#ofMember.get(member)?.delete(subscription);
    const isLast = subscription.subscribers.size === 0 && subscription.history === null;
    if (isLast) this.#remove(subscription);
    answer?.();
    this.#tell(MetaTopic.unsubscribed, subscription, member, subscription.id);
    if (isLast && this.#isOnlyHere(subscription.uri, subscription.match))
      this.#tell(MetaTopic.subscriptionDeleted, subscription, member, subscription.id);
  }

  #sendRetained(member: Member, { id, uri, match, denials }: Subscription): void {
    const isDenied = denials?.get(member);
    for (const publication of this.#retention.find(uri, match, member)) {
      if (isDenied?.(publication.topic) === true) continue;
      // A copy for each delivery: what it is transcoded to would stay with the kept one, and is not counted there.
      const { details, ...event } = eventOf(kept(publication), id, match);
      this.#send(member, { ...event, details: { ...details, retained: true } });
    }
  }

  /** @returns whether it was sent */
  #send(member: Member, event: MessageOf<"EVENT">): boolean {
    if (member.port.backlog > 1) {
      member.port.limited("max-buffered", SKIPPED);
      return false;
    }
    try {
      member.send(event);
      return true;
    } catch (error) {
      this.skipped(member, 1, (error as WampError).message);
      return false;
    }
  }

  /** A session does not get events that its format cannot say. It is logged once for each session. */
  skipped(member: Member, count: number, why: string): void {
    this.unsayable += count;
    if (this.#told.has(member)) return;
    this.#told.add(member);
    // One line for the realm at a time, not for each receiver: one publication may have many.
    unlessRepeated(this, "event skipped", (repeats) => {
      const { session, authid } = member.info;
      const text = `an event was skipped for a session that cannot read it, and so will others be: ${why}`;
      this.#log.warn({ session, authid, ...repeats }, text);
    });
  }

  #tell(topic: string, subscription: Subscription, { info }: Member, what: unknown): void {
    if (isObserved(subscription.uri)) this.announce(topic, [info.session, what]);
  }
}

function eventOf(publication: Publication, subscription: number, match: MatchPolicy): MessageOf<"EVENT"> {
  const { id, payload } = publication;
  return { type: "EVENT", subscription, publication: id, details: eventDetails(publication, match), payload };
}
