/** The meta events that the router publishes (spec, advanced/meta_api_*). */
export const MetaTopic = {
  joined: "wamp.session.on_join",
  left: "wamp.session.on_leave",
  subscriptionCreated: "wamp.subscription.on_create",
  subscribed: "wamp.subscription.on_subscribe",
  unsubscribed: "wamp.subscription.on_unsubscribe",
  subscriptionDeleted: "wamp.subscription.on_delete",
  registrationCreated: "wamp.registration.on_create",
  registered: "wamp.registration.on_register",
  unregistered: "wamp.registration.on_unregister",
  registrationDeleted: "wamp.registration.on_delete",
} as const;

/** Whether there are meta events about `uri`. There are none about subscriptions to meta events, as in Crossbar. */
export function isObserved(uri: string): boolean {
  return !uri.startsWith("wamp.");
}
