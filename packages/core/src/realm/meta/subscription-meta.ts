import { ErrorUri } from "../../wamp/error-uris.ts";
import { Sayable } from "../../wamp/raw-value.ts";
import { refusal } from "../../errors/wamp-error.ts";
import type { Broker } from "../broker/broker.ts";
import { detailsOf, type Subscription } from "../broker/subscription.ts";
import type { Denials } from "../access/permissions.ts";
import {
  idAt,
  idsByMatch,
  matchAt,
  memberAt,
  type Members,
  type MetaCall,
  type MetaProcedures,
  stringAt,
  stringIn,
} from "./meta-call.ts";

/**
 * The subscription meta API (spec, advanced/meta_api_subscription) and event history (advanced/pubsub_event_history).
 * @param requireSubscribe rejects with a WampError if the caller may not subscribe to that topic; else gives what it
 * may not use below it
 */
export function subscriptionMeta(
  broker: Broker,
  members: Members,
  requireSubscribe: (call: MetaCall, subscription: Subscription) => Promise<Denials | null>,
): MetaProcedures {
  const find = (call: MetaCall): Subscription => {
    const id = idAt(call, 0, "the subscription");
    const subscription = broker.get(id);
    if (subscription === undefined) throw refusal(ErrorUri.noSuchSubscription, `no subscription ${id} exists`);
    return subscription;
  };
  return {
    // With a session: those that it holds, as Crossbar does.
    "wamp.subscription.list": (call) => {
      const member = memberAt(call, 0, members);
      if (member === null) return idsByMatch((match) => broker.all(match));
      const held = broker.heldBy(member);
      return idsByMatch((match) => held.filter((subscription) => subscription.match === match));
    },
    "wamp.subscription.lookup": (call) => broker.lookUp(stringAt(call, 0, "the topic"), matchAt(call, 1))?.id ?? null,
    "wamp.subscription.match": (call) => {
      const found = broker.matching(stringAt(call, 0, "the topic")).map(({ id }) => id);
      return found.length === 0 ? null : found;
    },
    "wamp.subscription.get": (call) => detailsOf(find(call)),
    "wamp.subscription.list_subscribers": (call) => [...find(call).subscribers].map(({ info }) => info.session),
    "wamp.subscription.count_subscribers": (call) => find(call).subscribers.size,
    "wamp.subscription.get_events": async (call): Promise<Sayable> => {
      const subscription = find(call);
      const denials = await requireSubscribe(call, subscription);
      if (subscription.history === null)
        throw refusal(ErrorUri.noSuchSubscription, "no events of this subscription are kept");
      // Crossbar's clients give the limit as the second argument.
      const limit = call.args[1] ?? call.kwargs["limit"];
      const filters = { ...call.kwargs, ...(limit === undefined || limit === null ? {} : { limit }) };
      const events = subscription.history.events(call.caller, subscription.id, filters, denials);
      return new Sayable(events, (left, format) =>
        broker.skipped(call.caller, left.length, `a value of it is none in ${format}`),
      );
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
