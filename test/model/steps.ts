import fc from "fast-check";
import { Code } from "@wampgate/core";
import type { Invoke, Match } from "./model.ts";
import { CLIENTS, type World } from "./world.ts";

export type Step = (world: World) => Promise<void> | void;

const pick = <T>(list: readonly T[], index: number): T | null => list[index % Math.max(1, list.length)] ?? null;

/** All that a client can do. */
export const MOVES = {
  subscribe: (world: World, client: number, [uri, match]: readonly [string, Match]): void => {
    const request = world.party(client).request(Code.SUBSCRIBE, { match }, uri);
    world.model.subscribe(client, request, uri, match);
  },
  unsubscribe: (world: World, client: number, index: number): void => {
    const subscription = pick(world.model.subscriptions, index);
    const name = subscription === null ? "" : `${Code.SUBSCRIBED} ${subscription.match} ${subscription.uri}`;
    const request = world.party(client).request(Code.UNSUBSCRIBE, world.ids.get(name) ?? 999_999);
    world.model.unsubscribe(client, request, subscription);
  },
  publish: (world: World, client: number, uri: string, excludeMe: boolean, acknowledge: boolean): void => {
    const options = { exclude_me: excludeMe, acknowledge };
    const request = world.party(client).request(Code.PUBLISH, options, uri, [client]);
    world.model.publish(client, acknowledge ? request : null, uri, excludeMe, [client]);
  },
  register: (world: World, client: number, uri: string, invoke: Invoke): void => {
    const request = world.party(client).request(Code.REGISTER, { invoke }, uri);
    world.model.register(client, request, uri, invoke);
  },
  unregister: (world: World, client: number, index: number): void => {
    const registration = pick(world.model.registrations, index);
    const id = world.ids.get(`${Code.REGISTERED} ${registration?.uri ?? ""}`) ?? 999_999;
    const request = world.party(client).request(Code.UNREGISTER, id);
    world.model.unregister(client, request, registration);
  },
  call: (world: World, client: number, uri: string): void => {
    world.model.call(client, world.party(client).call(uri, {}, [client]), uri, [client]);
  },
  answer: async (world: World, index: number, good: boolean): Promise<void> => {
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
  },
  cancel: (world: World, index: number, mode: "skip" | "kill" | "killnowait"): void => {
    const call = pick(world.model.calls, index);
    if (call === null) return;
    world.party(call.caller).send(Code.CANCEL, call.request, { mode });
    world.model.cancel(call, mode);
  },
  addTestament: (world: World, client: number, uri: string): void => {
    const request = world.party(client).call("wamp.session.add_testament", {}, [uri, ["testament"], {}]);
    world.model.addTestament(client, request, uri);
  },
  leave: async (world: World, client: number, politely: boolean): Promise<void> => {
    if (politely) await world.party(client).leave();
    else world.party(client).vanish();
    world.model.leave(client);
    world.parties[client] = await world.join(client);
  },
};

/** A step that shows itself as it would be written in found.ts. */
const step = <T extends unknown[]>(
  move: (world: World, ...values: T) => Promise<void> | void,
  ...arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> }
): fc.Arbitrary<Step> =>
  fc.tuple(...arbitraries).map((values) => {
    const text = ["world", ...values.map((value) => JSON.stringify(value))].join(", ");
    return Object.assign((world: World) => move(world, ...(values as T)), {
      toString: () => `(world) => MOVES.${move.name}(${text})`,
    });
  });

const who = fc.constantFrom(...CLIENTS);
const topic = fc.constantFrom("com.a", "com.a.b", "com.b.b");
const pattern = fc.constantFrom<readonly [string, Match]>(
  ["com.a", "exact"],
  ["com.a.b", "exact"],
  ["com.a", "prefix"],
  ["com.", "prefix"],
  ["com..b", "wildcard"],
);
const procedure = fc.constantFrom("com.p", "com.q");
const which = fc.nat(20);
const policy = fc.constantFrom<Invoke>("single", "first", "last", "roundrobin");
const mode = fc.constantFrom<"skip" | "kill" | "killnowait">("skip", "kill", "killnowait");

export const steps: fc.Arbitrary<Step> = fc.oneof(
  step(MOVES.subscribe, who, pattern),
  step(MOVES.unsubscribe, who, which),
  step(MOVES.publish, who, topic, fc.boolean(), fc.boolean()),
  step(MOVES.register, who, procedure, policy),
  step(MOVES.unregister, who, which),
  step(MOVES.call, who, procedure),
  step(MOVES.answer, which, fc.boolean()),
  step(MOVES.cancel, which, mode),
  step(MOVES.addTestament, who, topic),
  step(MOVES.leave, who, fc.boolean()),
);
