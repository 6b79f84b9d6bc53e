import type { Decision } from "../contract/authorization.ts";
import type { Log } from "../contract/log.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { IdSequence, randomId } from "../wamp/ids.ts";
import type { MessageOf } from "../wamp/messages.ts";
import { WampError } from "../wamp/wamp-error.ts";
import type { Member } from "./member.ts";
import { exactOnly, flag } from "./options.ts";

/** A topic somebody listens to. */
interface Subscription {
  readonly id: number;
  readonly topic: string;
  readonly subscribers: Set<Member>;
}

/** Publish and subscribe in one realm (spec, basic/pubsub). */
export class Broker {
  readonly #byTopic = new Map<string, Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #ofMember = new Map<Member, Set<Subscription>>();
  readonly #ids = new IdSequence();
  readonly #log: Log;
  /** Events that a receiver's format could not say. */
  unsayable = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  subscribe(member: Member, { request, options, topic }: MessageOf<"SUBSCRIBE">): void {
    exactOnly(options);
    let subscription = this.#byTopic.get(topic);
    if (subscription === undefined) {
      subscription = { id: this.#ids.next(), topic, subscribers: new Set() };
      this.#byTopic.set(topic, subscription);
      this.#byId.set(subscription.id, subscription);
    }
    subscription.subscribers.add(member);
    let held = this.#ofMember.get(member);
    if (held === undefined) this.#ofMember.set(member, (held = new Set()));
    held.add(subscription);
    member.send({ type: "SUBSCRIBED", request, subscription: subscription.id });
  }

  unsubscribe(member: Member, { request, subscription: id }: MessageOf<"UNSUBSCRIBE">): void {
    const subscription = this.#byId.get(id);
    if (subscription?.subscribers.has(member) !== true) {
      throw new WampError(ErrorUri.noSuchSubscription, `no subscription ${id} is held by this session`);
    }
    this.#ofMember.get(member)?.delete(subscription);
    this.#drop(member, subscription);
    member.send({ type: "UNSUBSCRIBED", request });
  }

  publish(publisher: Member, { request, options, topic, payload }: MessageOf<"PUBLISH">, decision: Decision): void {
    const excludeMe = flag(options, "exclude_me", true);
    const disclose = flag(options, "disclose_me", false) || decision.disclose === true;
    const publication = randomId();
    const subscription = this.#byTopic.get(topic);
    if (subscription !== undefined) {
      const details = disclose ? publisher.disclosed("publisher") : {};
      const event = { type: "EVENT", subscription: subscription.id, publication, details, payload } as const;
      for (const member of subscription.subscribers) {
        if (!excludeMe || member !== publisher) this.#deliver(member, event);
      }
    }
    if (flag(options, "acknowledge", false)) publisher.send({ type: "PUBLISHED", request, publication });
  }

  /** Takes all subscriptions of a session that is gone. */
  leave(member: Member): void {
    for (const subscription of this.#ofMember.get(member) ?? []) this.#drop(member, subscription);
    this.#ofMember.delete(member);
  }

  #drop(member: Member, subscription: Subscription): void {
    subscription.subscribers.delete(member);
    if (subscription.subscribers.size > 0) return;
    this.#byTopic.delete(subscription.topic);
    this.#byId.delete(subscription.id);
  }

  #deliver(member: Member, event: MessageOf<"EVENT">): void {
    try {
      member.send(event);
    } catch (error) {
      if (!WampError.is(error)) throw error;
      this.unsayable++;
      this.#log.debug(
        { session: member.info.session, publication: event.publication },
        `event skipped: ${error.message}`,
      );
    }
  }
}
