import fc from "fast-check";
import { Code } from "@wampgate/core";
import { runs } from "../jest/runs.ts";
import { type Invoke, type Match, Model } from "./model/model.ts";
import { type Party, startParties } from "./support/party.ts";

// Random sequences of all messages, from several clients: after each, every client must have got what the model says.

const CLIENTS = [0, 1, 2];
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

type Step = (world: World) => Promise<void> | void;
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

/** The router's clients, and the model of what they should see. */
class World {
  readonly model = new Model();
  readonly parties: Party[] = [];
  /** What the router calls a subscription or a registration, once it has said so. */
  readonly ids = new Map<string, number>();
  readonly join: () => Promise<Party>;

  constructor(join: () => Promise<Party>) {
    this.join = join;
  }

  party(client: number): Party {
    return this.parties[client] as Party;
  }

  /** Waits until all clients have got all that was meant for them, and compares. */
  async settle(): Promise<void> {
    const expected = this.model.take();
    for (const client of CLIENTS) {
      const got = await this.#received(client);
      const wanted = expected.filter(([to]) => to === client).map(([, message]) => this.#withIds(message, got));
      expect(sorted(got)).toEqual(sorted(wanted));
    }
  }

  /** What a client has got, less the answer that ends the waiting. */
  async #received(client: number): Promise<unknown[][]> {
    const party = this.party(client);
    const request = party.call("wamp.session.count");
    const got: unknown[][] = [];
    for (;;) {
      const message = [...(await party.client.next())];
      if (message[0] === Code.RESULT && message[1] === request) return got;
      got.push(message[0] === Code.ERROR ? message.slice(0, 5) : message);
    }
  }

  /** A message of the model with the router's ids: those already known, or those that are now told. */
  #withIds(message: readonly unknown[], got: readonly unknown[][]): unknown[] {
    const copy = [...message];
    const [code, request] = message;
    if (code === Code.SUBSCRIBED || code === Code.REGISTERED) {
      const name = `${String(code)} ${String(message[2])}`;
      const told = got.find((other) => other[0] === code && other[1] === request)?.[2] as number;
      if (!this.ids.has(name)) this.ids.set(name, told);
      copy[2] = this.ids.get(name);
    }
    if (code === Code.EVENT) copy[1] = this.ids.get(`${Code.SUBSCRIBED} ${String(message[1])}`);
    if (code === Code.INVOCATION) copy[2] = this.ids.get(`${Code.REGISTERED} ${String(message[2])}`);
    return copy.map((value, i) => (value === null && i > 0 ? (expect.any(Number) as unknown) : value));
  }

  /** Ids of what is gone mean nothing any more: the next one of that name gets a new one. */
  forgetTheGone(): void {
    const held = new Set([
      ...this.model.subscriptions.map(({ match, uri }) => `${Code.SUBSCRIBED} ${match} ${uri}`),
      ...this.model.registrations.map(({ uri }) => `${Code.REGISTERED} ${uri}`),
    ]);
    for (const name of this.ids.keys()) if (!held.has(name)) this.ids.delete(name);
  }
}

/** In an order of its own, since nothing is promised about events of several subscriptions. */
function sorted(messages: readonly unknown[][]): unknown[][] {
  const key = (message: unknown[]): string =>
    JSON.stringify(
      message[0] === Code.EVENT || message[0] === Code.PUBLISHED ? [...message.slice(0, 2), message[3]] : message,
    );
  return [...messages].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const pick = <T>(list: readonly T[], index: number): T | null => list[index % Math.max(1, list.length)] ?? null;

const steps: fc.Arbitrary<Step> = fc.oneof(
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
  step<[number, boolean]>([which, fc.boolean()], "answer", (world, index, good) => {
    const call = pick(world.model.calls, index);
    if (call === null) return;
    const callee = world.party(call.callee);
    if (good) callee.yield(call.invocation, {}, ["done"]);
    else callee.send(Code.ERROR, Code.INVOCATION, call.invocation, {}, "com.failed");
    if (good) world.model.yield(call, ["done"]);
    else world.model.fail(call, "com.failed");
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
    world.parties[client] = await world.join();
  }),
);

it("whatever clients do in whatever order, each sees what the model says, and nothing is left of those who are gone", async () => {
  const router = await startParties([
    { name: "realm1", roles: [{ name: "user", "allow-by-default": true }], options: { "request-ids": "strict" } },
  ]);
  const world0 = (): World => new World(() => router.join());
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (sequence) => {
        const world = world0();
        for (const client of CLIENTS) world.parties[client] = await world.join();
        try {
          for (const run of sequence) {
            await run(world);
            await world.settle();
            world.forgetTheGone();
          }
        } finally {
          for (const party of world.parties) party.vanish();
        }
        const last = await router.join();
        expect(await last.ask("wamp.session.count")).toBe(1);
        for (const api of ["subscription", "registration"])
          expect(await last.ask(`wamp.${api}.list`)).toEqual({ exact: [], prefix: [], wildcard: [] });
        last.vanish();
      }),
      runs(300),
    );
  } finally {
    await router.close();
  }
}, 60_000);
