import { ErrorUri } from "../../wamp/error-uris.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import { refusal } from "../../errors/wamp-error.ts";
import { type Broker, detailsOf, type Subscription } from "../broker/broker.ts";
import type { PastEvent } from "../broker/history.ts";
import type { Denials } from "../access/permissions.ts";
import { idAt, matchAt, type MetaCall, type MetaProcedures, stringAt, stringIn } from "./meta-call.ts";

/**
 * The subscription meta API (spec, advanced/meta_api_subscription) and event history (advanced/pubsub_event_history).
 * @param requireSubscribe rejects with a WampError if the caller may not subscribe to that topic; else gives what it
 * may not use below it
 */
export function subscriptionMeta(
  broker: Broker,
  requireSubscribe: (call: MetaCall, subscription: Subscription) => Promise<Denials | null>,
): MetaProcedures {
  const find = (call: MetaCall): Subscription => {
    const id = idAt(call, 0, "the subscription");
    const subscription = broker.get(id);
    if (subscription === undefined) throw refusal(ErrorUri.noSuchSubscription, `no subscription ${id} exists`);
    return subscription;
  };
  return {
    "wamp.subscription.list": () =>
      Object.fromEntries(MATCH_POLICIES.map((match) => [match, [...broker.all(match)].map(({ id }) => id)])),
    "wamp.subscription.lookup": (call) => broker.lookUp(stringAt(call, 0, "the topic"), matchAt(call, 1))?.id ?? null,
    "wamp.subscription.match": (call) => {
      const found = broker.matching(stringAt(call, 0, "the topic")).map(({ id }) => id);
      return found.length === 0 ? null : found;
    },
    "wamp.subscription.get": (call) => detailsOf(find(call)),
    "wamp.subscription.list_subscribers": (call) => [...find(call).subscribers].map(({ info }) => info.session),
    "wamp.subscription.count_subscribers": (call) => find(call).subscribers.size,
    "wamp.subscription.get_events": async (call): Promise<PastEvent[]> => {
      const subscription = find(call);
      const denials = await requireSubscribe(call, subscription);
      if (subscription.history === null)
        throw refusal(ErrorUri.noSuchSubscription, "no events of this subscription are kept");
      return subscription.history.events(call.caller, subscription.id, call.kwargs, denials);
    },
    // Crossbar's procedure, to end another session's subscription.
    "wamp.subscription.remove_subscriber": (call) => {
      const subscription = find(call);
      const session = idAt(call, 1, "the session");
      const member = [...subscription.subscribers].find(({ info }) => info.session === session);
      if (member === undefined)
        throw refusal(ErrorUri.noSuchSession, `session ${session} does not hold this subscription`);
      broker.revoke(member, subscription, stringIn(call, "reason"));
    },
  };
}
