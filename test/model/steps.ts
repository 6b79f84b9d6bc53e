import fc from "fast-check";
import { Code } from "@wampgate/core";
import type { Invoke, Match } from "./model.ts";
import { CLIENTS, type World } from "./world.ts";

const who = fc.constantFrom(...CLIENTS);
const topic = fc.constantFrom("com.a", "com.a.b", "com.b.b");
const pattern = fc.constantFrom<[string, Match]>(
  ["com.a", "exact"],
  ["com.a.b", "exact"],
  ["com.a", "prefix"],
  ["com.", "prefix"],
  ["com..b", "wildcard"],
);
const procedure = fc.constantFrom("com.p", "com.q");
const which = fc.nat(20);

export type Step = (world: World) => Promise<void> | void;
const step = <T extends unknown[]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  name: string,
  run: (world: World, ...values: T) => Promise<void> | void,
): fc.Arbitrary<Step> =>
  fc
    .tuple(...arbitraries)
    .map((values) =>
      Object.assign((world: World) => run(world, ...(values as T)), { toString: () => `${name}(${values.join()})` }),
    );

const pick = <T>(list: readonly T[], index: number): T | null => list[index % Math.max(1, list.length)] ?? null;

/** All that a client can do. */
export const steps: fc.Arbitrary<Step> = fc.oneof(
  step<[number, [string, Match]]>([who, pattern], "subscribe", (world, client, [uri, match]) => {
    const request = world.party(client).request(Code.SUBSCRIBE, { match }, uri);
    world.model.subscribe(client, request, uri, match);
  }),
  step<[number, number]>([who, which], "unsubscribe", (world, client, index) => {
    const subscription = pick(world.model.subscriptions, index);
    const name = subscription === null ? "" : `${Code.SUBSCRIBED} ${subscription.match} ${subscription.uri}`;
    const request = world.party(client).request(Code.UNSUBSCRIBE, world.ids.get(name) ?? 999_999);
    world.model.unsubscribe(client, request, subscription);
  }),
  step<[number, string, boolean, boolean]>(
    [who, topic, fc.boolean(), fc.boolean()],
    "publish",
    (world, client, uri, excludeMe, acknowledge) => {
      const options = { exclude_me: excludeMe, acknowledge };
      const request = world.party(client).request(Code.PUBLISH, options, uri, [client]);
      world.model.publish(client, acknowledge ? request : null, uri, excludeMe, [client]);
    },
  ),
  step<[number, string, Invoke]>(
    [who, procedure, fc.constantFrom("single", "first", "last", "roundrobin")],
    "register",
    (world, client, uri, invoke) => {
      const request = world.party(client).request(Code.REGISTER, { invoke }, uri);
      world.model.register(client, request, uri, invoke);
    },
  ),
  step<[number, number]>([who, which], "unregister", (world, client, index) => {
    const registration = pick(world.model.registrations, index);
    const id = world.ids.get(`${Code.REGISTERED} ${registration?.uri ?? ""}`) ?? 999_999;
    const request = world.party(client).request(Code.UNREGISTER, id);
    world.model.unregister(client, request, registration);
  }),
  step<[number, string]>([who, procedure], "call", (world, client, uri) => {
    world.model.call(client, world.party(client).call(uri, {}, [client]), uri, [client]);
  }),
  step<[number, boolean]>([which, fc.boolean()], "answer", async (world, index, good) => {
    const call = pick(world.model.calls, index);
    if (call === null) return;
    const callee = world.party(call.callee);
    if (good) callee.yield(call.invocation, {}, ["done"]);
    else callee.send(Code.ERROR, Code.INVOCATION, call.invocation, {}, "com.failed");
    if (good) world.model.yield(call, ["done"]);
    else world.model.fail(call, "com.failed");
    await world.quiet();
    // A second answer, and a late CANCEL, are for nobody.
    callee.yield(call.invocation, {}, ["again"]);
    world.party(call.caller).send(Code.CANCEL, call.request, {});
  }),
  step<[number, "skip" | "kill" | "killnowait"]>(
    [which, fc.constantFrom("skip", "kill", "killnowait")],
    "cancel",
    (world, index, mode) => {
      const call = pick(world.model.calls, index);
      if (call === null) return;
      world.party(call.caller).send(Code.CANCEL, call.request, { mode });
      world.model.cancel(call, mode);
    },
  ),
  step<[number, string]>([who, topic], "add_testament", (world, client, uri) => {
    const request = world.party(client).call("wamp.session.add_testament", {}, [uri, ["testament"], {}]);
    world.model.addTestament(client, request, uri);
  }),
  step<[number, boolean]>([who, fc.boolean()], "leave", async (world, client, politely) => {
    if (politely) await world.party(client).leave();
    else world.party(client).vanish();
    world.model.leave(client);
    world.parties[client] = await world.join(client);
  }),
);
