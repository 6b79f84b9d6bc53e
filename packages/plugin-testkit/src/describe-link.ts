import assert from "node:assert/strict";
import {
  Code,
  createRouter,
  definePlugin,
  type Plugin,
  type Router,
  type SharedState,
  type WampgateConfig,
} from "@wampgate/core";
import { CapturedLog } from "./captured-log.ts";
import { FakeClient } from "./fake-client.ts";
import { OPEN_REALM } from "./open-realm.ts";
import { OPEN, openMethod } from "./probes.ts";
import type { Runner } from "./runner.ts";

/** Where the routers of one test meet. */
export interface LinkNetwork {
  /** The plugin that has the link. */
  readonly plugin: Plugin;
  /** `cluster` in the config of a node. */
  entry(node: string): { readonly type: string; readonly [key: string]: unknown };
  /** A node is gone without a word, as when its process is killed. Resolves when the others have found out. */
  kill(node: string): void | Promise<void>;
  /** Sends bytes to a node as if they came from another one. */
  sendFrame(from: string, to: string, bytes: Uint8Array): void | Promise<void>;
}

/** A link, and what the suite must know to use it. */
export interface LinkSpec {
  /** A network that no other test uses. */
  readonly network: () => LinkNetwork | Promise<LinkNetwork>;
  /** How long a message may take before a test fails, in milliseconds. Default: 4000. */
  readonly patience?: number;
}

const NODES = ["a", "b", "c"] as const;
type Node = (typeof NODES)[number];

interface Linked {
  readonly network: LinkNetwork;
  readonly routers: Readonly<Record<Node, Router>>;
  /** What a plugin of each node shares, and what it heard of the topic "news". */
  readonly sharing: Readonly<Record<Node, { readonly shared: SharedState; readonly heard: unknown[] }>>;
  /** Connects a client that joins at a node. */
  readonly join: (node: Node) => Promise<LinkedClient>;
}

const REALMS = [OPEN_REALM];

const ROLES = {
  caller: { features: { progressive_call_results: true, call_canceling: true } },
  callee: { features: { progressive_call_results: true, call_canceling: true, registration_revocation: true } },
  publisher: {},
  subscriber: {},
};

/** A client that counts its requests. */
class LinkedClient {
  readonly fake: FakeClient;
  session = 0;
  #request = 0;

  constructor(fake: FakeClient) {
    this.fake = fake;
  }

  /** Sends a request. @returns its id */
  ask(code: number, ...fields: unknown[]): number {
    this.fake.send(code, ++this.#request, ...fields);
    return this.#request;
  }

  async subscribe(topic: string, options: object = {}): Promise<unknown> {
    this.ask(Code.SUBSCRIBE, options, topic);
    return (await this.fake.expect(Code.SUBSCRIBED))[2];
  }

  /** Publishes, and waits until the router has it. @returns the publication's id */
  async publish(topic: string, args: unknown[], options: object = {}): Promise<unknown> {
    this.ask(Code.PUBLISH, { acknowledge: true, ...options }, topic, args);
    return (await this.fake.expect(Code.PUBLISHED))[2];
  }

  async register(procedure: string, options: object = {}): Promise<unknown> {
    this.ask(Code.REGISTER, options, procedure);
    return (await this.fake.expect(Code.REGISTERED))[2];
  }

  /** Calls a procedure. @returns the request */
  call(procedure: string, args: unknown[] = [], options: object = {}): number {
    return this.ask(Code.CALL, options, procedure, args);
  }

  /** The next message, which must be an INVOCATION. */
  async invocation(): Promise<{ request: number; details: unknown; args: unknown }> {
    const [, request, , details, args] = await this.fake.expect(Code.INVOCATION);
    return { request: request as number, details, args };
  }

  /** Answers an invocation. */
  yield(request: number, args: unknown[], options: object = {}): void {
    this.fake.send(Code.YIELD, request, options, args);
  }

  /** The next message, which must be the RESULT of a call. */
  async result(request: number): Promise<unknown> {
    const [, answered, , args] = await this.fake.expect(Code.RESULT);
    assert.equal(answered, request);
    return args;
  }

  /** The next message, which must be the ERROR of a request. @returns its URI */
  async error(request: number): Promise<unknown> {
    const [, , answered, , uri] = await this.fake.expect(Code.ERROR);
    assert.equal(answered, request);
    return uri;
  }

  /** The next message, which must be an EVENT. */
  async event(): Promise<{ subscription: unknown; publication: unknown; details: unknown; args: unknown }> {
    const [, subscription, publication, details, args] = await this.fake.expect(Code.EVENT);
    return { subscription, publication, details, args };
  }

  /** That nothing else has come: an answer of the router itself is the next message. */
  async isQuiet(): Promise<void> {
    const request = this.ask(Code.CALL, {}, "wamp.session.count");
    assert.deepEqual((await this.fake.next()).slice(0, 2), [Code.RESULT, request]);
  }
}

/** Resolves when each client's node knows what the others' nodes have told so far. */
async function meet(clients: readonly LinkedClient[]): Promise<void> {
  for (const client of clients) await client.subscribe("com.example.meeting");
  for (const client of clients) client.ask(Code.PUBLISH, { exclude_me: false }, "com.example.meeting");
  for (const client of clients) for (let i = 0; i < clients.length; i++) await client.event();
}

/**
 * Says in tests of `runner` what every link between nodes must do, and that this one does. Each test has three routers.
 *
 * @example describeLink({ describe, it }, { network: () => new MemoryNetwork() });
 */
export function describeLink({ describe, it }: Runner, { network: made, patience = 4000 }: LinkSpec): void {
  const use = async (test: (linked: Linked) => Promise<void>): Promise<void> => {
    const network = await made();
    const clients: FakeClient[] = [];
    const routers = {} as Record<Node, Router>;
    const sharing = {} as Record<Node, Linked["sharing"][Node]>;
    const join = async (node: Node): Promise<LinkedClient> => {
      const client = new LinkedClient(new FakeClient(routers[node].connect(), patience));
      clients.push(client.fake);
      client.fake.hello({ authmethods: Object.keys(OPEN), roles: ROLES });
      client.session = (await client.fake.welcomed()).session;
      return client;
    };
    try {
      for (const node of NODES) {
        const sharer = definePlugin({
          name: "testkit-sharer",
          core: "*",
          apply({ shared }) {
            const heard: unknown[] = [];
            shared.on("news", (value) => heard.push(value));
            sharing[node] = { shared, heard };
          },
        });
        const plugins = [openMethod, sharer, network.plugin];
        const transports = [{ type: "memory", auth: OPEN }];
        const config = { plugins, realms: REALMS, transports, cluster: network.entry(node) };
        routers[node] = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
        await routers[node].start();
      }
      await test({ network, routers, sharing, join });
    } finally {
      // The clients hang up first, since none of them answers GOODBYE by itself.
      for (const client of clients) client.close();
      await Promise.all(Object.values(routers).map((router) => router.close()));
    }
  };

  describe("a link between nodes: what plugins share", () => {
    it("tells all nodes what one of them announces, once and in order", () =>
      use(async ({ sharing: { a, b, c } }) => {
        const numbers = Array.from({ length: 50 }, (_, i) => i);
        const told = numbers.map((i) => a.shared.announce("news", i));
        await Promise.all([...told, c.shared.announce("news", "of c")]);
        for (const { heard } of [a, b, c]) {
          assert.deepEqual(
            heard.filter((value) => value !== "of c"),
            numbers,
          );
          assert.equal(heard.length, numbers.length + 1);
        }
      }));

    it("lets a number be spent once, also if all nodes do it at the same moment", () =>
      use(async ({ sharing }) => {
        const nodes = NODES.map((node) => sharing[node].shared);
        for (let number = 1; number <= 20; number++) {
          const outcomes = await Promise.all(nodes.map((shared) => shared.spend("key", number, { keepFor: 60 })));
          assert.deepEqual(outcomes.sort(), [false, false, true]);
          assert.equal(await nodes[number % 3]?.spend("key", number - 1, { keepFor: 60 }), false);
        }
      }));
  });

  describe("a link between nodes: events", () => {
    it("brings an event to the subscribers on all nodes, once each, with one publication id", () =>
      use(async ({ join }) => {
        const [publisher, ...subscribers] = [await join("a"), await join("a"), await join("b"), await join("c")];
        const ids = await Promise.all(subscribers.map((subscriber) => subscriber.subscribe("com.example.news")));
        assert.equal(new Set(ids).size, 1, "the subscription has the same id on all nodes");
        const publication = await publisher.publish("com.example.news", ["hello"]);
        for (const subscriber of subscribers) {
          const event = await subscriber.event();
          assert.deepEqual({ ...event }, { subscription: ids[0], publication, details: {}, args: ["hello"] });
          await subscriber.isQuiet();
        }
      }));

    it("brings an event to prefix and wildcard subscriptions, once for each subscription", () =>
      use(async ({ join }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        const ids = [
          await subscriber.subscribe("com.example.news"),
          await subscriber.subscribe("com.example.", { match: "prefix" }),
          await subscriber.subscribe("com..news", { match: "wildcard" }),
        ];
        await publisher.publish("com.example.news", [1]);
        const events = [await subscriber.event(), await subscriber.event(), await subscriber.event()];
        assert.deepEqual(new Set(events.map(({ subscription }) => subscription)), new Set(ids));
        assert.equal(new Set(events.map(({ publication }) => publication)).size, 1);
        await subscriber.isQuiet();
      }));

    it("does not bring a publisher its own event back, unless it asks for it with exclude_me: false", () =>
      use(async ({ join }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        for (const client of [publisher, subscriber]) await client.subscribe("com.example.news");
        await publisher.publish("com.example.news", [1]);
        await subscriber.event();
        await publisher.isQuiet();
        publisher.ask(Code.PUBLISH, { exclude_me: false }, "com.example.news", [2]);
        assert.deepEqual((await publisher.event()).args, [2]);
        assert.deepEqual((await subscriber.event()).args, [2]);
        await publisher.isQuiet();
      }));

    it("keeps the order of a publisher's events, over all topics", () =>
      use(async ({ join }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        await subscriber.subscribe("com.example.", { match: "prefix" });
        const count = 1000;
        for (let i = 0; i < count; i++) publisher.ask(Code.PUBLISH, {}, `com.example.topic${i % 10}`, [i]);
        for (let i = 0; i < count; i++) assert.deepEqual((await subscriber.event()).args, [i]);
      }));

    it("brings all that is published on any node after SUBSCRIBED", () =>
      use(async ({ join }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        for (let i = 0; i < 200; i++) {
          await subscriber.subscribe(`com.example.topic${i}`);
          publisher.ask(Code.PUBLISH, {}, `com.example.topic${i}`, [i]);
          assert.deepEqual((await subscriber.event()).args, [i]);
        }
      }));

    it("brings nothing for a subscription that has ended", () =>
      use(async ({ join }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        const id = await subscriber.subscribe("com.example.old");
        await subscriber.subscribe("com.example.new");
        subscriber.ask(Code.UNSUBSCRIBE, id);
        await subscriber.fake.expect(Code.UNSUBSCRIBED);
        await publisher.publish("com.example.old", []);
        await publisher.publish("com.example.new", ["last"]);
        assert.deepEqual((await subscriber.event()).args, ["last"]);
      }));

    it("judges eligible and exclude lists alike on every node, and discloses the right session", () =>
      use(async ({ join }) => {
        const [publisher, one, other] = [await join("a"), await join("b"), await join("c")];
        for (const client of [one, other]) await client.subscribe("com.example.news");
        await publisher.publish("com.example.news", [1], { eligible: [one.session], disclose_me: true });
        await publisher.publish("com.example.news", [2], { exclude: [one.session] });
        const { args, details } = await one.event();
        assert.deepEqual([args, (details as { publisher: number }).publisher], [[1], publisher.session]);
        await one.isQuiet();
        assert.deepEqual((await other.event()).args, [2]);
      }));

    it("keeps a retained event on every node", () =>
      use(async ({ join }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        await subscriber.subscribe("com.example.marker");
        await publisher.publish("com.example.state", ["kept"], { retain: true });
        await publisher.publish("com.example.marker", []);
        await subscriber.event();
        await subscriber.subscribe("com.example.state", { get_retained: true });
        assert.deepEqual((await subscriber.event()).args, ["kept"]);
      }));
  });

  describe("a link between nodes: calls", () => {
    it("brings a call to its callee on another node, right after REGISTERED, and the result back", () =>
      use(async ({ join }) => {
        const [caller, callee] = [await join("a"), await join("b")];
        for (let i = 0; i < 50; i++) {
          await callee.register(`com.example.procedure${i}`);
          const request = caller.call(`com.example.procedure${i}`, [i]);
          const { request: invocation, args } = await callee.invocation();
          assert.deepEqual(args, [i]);
          callee.yield(invocation, [i, "done"]);
          assert.deepEqual(await caller.result(request), [i, "done"]);
        }
      }));

    it("brings the error of a callee back", () =>
      use(async ({ join }) => {
        const [caller, callee] = [await join("a"), await join("b")];
        await callee.register("com.example.fails");
        const request = caller.call("com.example.fails");
        const { request: invocation } = await callee.invocation();
        callee.fake.send(Code.ERROR, Code.INVOCATION, invocation, {}, "com.example.error", ["why"]);
        const [, , , , uri, args] = await caller.fake.expect(Code.ERROR);
        assert.deepEqual([uri, args], ["com.example.error", ["why"]]);
        await caller.isQuiet();
        assert.equal(request, 1);
      }));

    it("lets one node alone hold a procedure, whoever comes at once", () =>
      use(async ({ join }) => {
        const clients = [await join("a"), await join("b"), await join("c")];
        for (let i = 0; i < 50; i++) {
          for (const client of clients) client.ask(Code.REGISTER, {}, `com.example.procedure${i}`);
          const codes = await Promise.all(clients.map(async ({ fake }) => (await fake.next())[0]));
          assert.deepEqual(
            codes.sort((x, y) => x - y),
            [Code.ERROR, Code.ERROR, Code.REGISTERED],
          );
        }
      }));

    it("frees a procedure that its callee has unregistered, for every node", () =>
      use(async ({ join }) => {
        const [one, other] = [await join("a"), await join("b")];
        for (let i = 0; i < 20; i++) {
          const id = await one.register("com.example.procedure");
          one.ask(Code.UNREGISTER, id);
          await one.fake.expect(Code.UNREGISTERED);
          const later = await other.register("com.example.procedure");
          other.ask(Code.UNREGISTER, later);
          await other.fake.expect(Code.UNREGISTERED);
        }
        const request = one.call("com.example.procedure");
        assert.equal(await one.error(request), "wamp.error.no_such_procedure");
      }));

    it("shares a procedure over nodes, and all use its callees in one order", () =>
      use(async ({ join }) => {
        const callees = [await join("b"), await join("c"), await join("a")];
        const ids = [];
        for (const callee of callees) ids.push(await callee.register("com.example.first", { invoke: "first" }));
        for (const callee of callees) ids.push(await callee.register("com.example.last", { invoke: "last" }));
        assert.equal(new Set(ids).size, 2, "a registration has the same id on all nodes");
        const other = await join("a");
        assert.equal(
          await other.error(other.ask(Code.REGISTER, { invoke: "random" }, "com.example.first")),
          "wamp.error.procedure_already_exists",
        );
        for (const node of NODES) {
          const caller = await join(node);
          for (const [procedure, callee] of [
            ["com.example.first", callees[0]],
            ["com.example.last", callees[2]],
          ] as const) {
            const request = caller.call(procedure);
            callee?.yield((await callee.invocation()).request, [node]);
            assert.deepEqual(await caller.result(request), [node]);
          }
        }
      }));

    it("asks the next callee if one has as many calls as it takes, and then refuses the call", () =>
      use(async ({ join }) => {
        const [caller, one, other] = [await join("a"), await join("b"), await join("c")];
        for (const callee of [one, other])
          await callee.register("com.example.slow", { invoke: "first", concurrency: 1 });
        const first = caller.call("com.example.slow");
        const ofFirst = await one.invocation();
        const second = caller.call("com.example.slow");
        const ofSecond = await other.invocation();
        assert.equal(await caller.error(caller.call("com.example.slow")), "wamp.error.no_available_callee");
        one.yield(ofFirst.request, [1]);
        assert.deepEqual(await caller.result(first), [1]);
        other.yield(ofSecond.request, [2]);
        assert.deepEqual(await caller.result(second), [2]);
      }));

    it("keeps the order of a caller's calls, and of progressive results", () =>
      use(async ({ join }) => {
        const [caller, callee] = [await join("a"), await join("b")];
        await callee.register("com.example.progress");
        const request = caller.call("com.example.progress", [], { receive_progress: true });
        const { request: invocation, details } = await callee.invocation();
        assert.deepEqual(details, { receive_progress: true });
        for (let i = 0; i < 100; i++) callee.yield(invocation, [i], { progress: true });
        callee.yield(invocation, ["end"]);
        for (let i = 0; i < 100; i++) assert.deepEqual(await caller.result(request), [i]);
        assert.deepEqual(await caller.result(request), ["end"]);
        for (let i = 0; i < 100; i++) caller.call("com.example.progress", [i]);
        for (let i = 0; i < 100; i++) assert.deepEqual((await callee.invocation()).args, [i]);
      }));

    it("brings CANCEL to the callee, in each mode", () =>
      use(async ({ join }) => {
        const [caller, callee] = [await join("a"), await join("b")];
        await callee.register("com.example.long");
        const request = caller.call("com.example.long");
        const first = await callee.invocation();
        caller.fake.send(Code.CANCEL, request, { mode: "kill" });
        assert.deepEqual((await callee.fake.expect(Code.INTERRUPT)).slice(1, 2), [first.request]);
        callee.fake.send(Code.ERROR, Code.INVOCATION, first.request, {}, "com.example.stopped");
        assert.equal(await caller.error(request), "com.example.stopped");
        const second = caller.call("com.example.long");
        const ofSecond = await callee.invocation();
        caller.fake.send(Code.CANCEL, second, { mode: "killnowait" });
        assert.equal(await caller.error(second), "wamp.error.canceled");
        assert.deepEqual((await callee.fake.expect(Code.INTERRUPT)).slice(1, 2), [ofSecond.request]);
        callee.yield(ofSecond.request, ["late"]);
        const third = caller.call("com.example.long");
        const ofThird = await callee.invocation();
        caller.fake.send(Code.CANCEL, third, { mode: "skip" });
        assert.equal(await caller.error(third), "wamp.error.canceled");
        callee.yield(ofThird.request, ["late"]);
        await caller.isQuiet();
        await callee.isQuiet();
      }));

    it("tells the caller if its callee leaves, and the callee if its caller does", () =>
      use(async ({ join }) => {
        const [caller, callee] = [await join("a"), await join("b")];
        await callee.register("com.example.long");
        const request = caller.call("com.example.long");
        await callee.invocation();
        callee.fake.close();
        assert.equal(await caller.error(request), "wamp.error.canceled");
        const other = await join("c");
        await other.register("com.example.other");
        caller.call("com.example.other");
        const { request: invocation } = await other.invocation();
        caller.fake.close();
        assert.deepEqual((await other.fake.expect(Code.INTERRUPT)).slice(1, 2), [invocation]);
      }));

    it("chooses another callee for a call that crosses UNREGISTER", () =>
      use(async ({ join }) => {
        const [caller, goes, stays] = [await join("a"), await join("b"), await join("c")];
        await stays.register("com.example.shared", { invoke: "last" });
        for (let i = 0; i < 50; i++) {
          const id = await goes.register("com.example.shared", { invoke: "last" });
          goes.ask(Code.UNREGISTER, id);
          const request = caller.call("com.example.shared", [i]);
          await goes.fake.expect(Code.UNREGISTERED);
          const { request: invocation, args } = await stays.invocation();
          assert.deepEqual(args, [i]);
          stays.yield(invocation, [i]);
          assert.deepEqual(await caller.result(request), [i]);
        }
      }));
  });

  describe("a link between nodes: callees that come and go", () => {
    it("answers each call, once, while other callees of the procedure register and unregister", () =>
      use(async ({ routers }) => {
        const sessions = NODES.map((node) => routers[node].session("realm1", { role: "user" }));
        const [one, other, stays] = sessions;
        const procedure = "com.example.busy";
        const offer = (session: (typeof sessions)[number]) =>
          session.register(procedure, ([number]) => number, { invoke: "roundrobin" });
        await offer(stays as (typeof sessions)[number]);
        let isDone = false;
        const flaps = [one, other].map(async (session) => {
          while (!isDone && session !== undefined) await (await offer(session)).unregister();
        });
        for (let i = 0; i < 50; i++) {
          const results = await Promise.all(sessions.map((session) => session.call(procedure, [i])));
          assert.deepEqual(results, [i, i, i]);
        }
        isDone = true;
        await Promise.all(flaps);
      }));
  });

  describe("a link between nodes: the meta API", () => {
    it("counts, lists and shows the sessions of all nodes", () =>
      use(async ({ join }) => {
        const clients = [await join("a"), await join("b"), await join("c")];
        await meet(clients);
        const ids = clients.map(({ session }) => session).sort();
        for (const client of clients) {
          assert.deepEqual(await client.result(client.call("wamp.session.count")), [3]);
          const [listed] = (await client.result(client.call("wamp.session.list"))) as [number[]];
          assert.deepEqual(listed.sort(), ids);
          for (const session of ids) {
            const [shown] = (await client.result(client.call("wamp.session.get", [session]))) as [{ session: number }];
            assert.equal(shown.session, session);
          }
        }
      }));

    it("tells each subscriber once of a session that joins and leaves on another node", () =>
      use(async ({ join }) => {
        const watcher = await join("a");
        await watcher.subscribe("wamp.session.on_join");
        await watcher.subscribe("wamp.session.on_leave");
        const other = await join("b");
        assert.equal(((await watcher.event()).args as { session: number }[])[0]?.session, other.session);
        other.fake.close();
        assert.deepEqual(((await watcher.event()).args as number[])[0], other.session);
        await watcher.isQuiet();
      }));

    it("ends sessions of other nodes", () =>
      use(async ({ join }) => {
        const [one, other, third] = [await join("a"), await join("b"), await join("c")];
        await meet([one, other, third]);
        await one.result(one.call("wamp.session.kill", [other.session]));
        assert.equal((await other.fake.expect(Code.GOODBYE))[2], "wamp.close.killed");
        const request = one.call("wamp.session.kill_by_authid", ["joe"]);
        const [killed] = (await one.result(request)) as [number[]];
        assert.ok(killed.includes(third.session) && !killed.includes(one.session));
        assert.equal((await third.fake.expect(Code.GOODBYE))[2], "wamp.close.killed");
      }));

    it("lists the subscribers and callees of all nodes, and ends theirs", () =>
      use(async ({ join }) => {
        const [one, other, third] = [await join("a"), await join("b"), await join("c")];
        const subscription = await other.subscribe("com.example.news");
        await third.subscribe("com.example.news");
        const registration = await other.register("com.example.shared", { invoke: "roundrobin" });
        await third.register("com.example.shared", { invoke: "roundrobin" });
        await meet([one, other, third]);
        const ids = [other.session, third.session].sort();
        for (const [procedure, id] of [
          ["wamp.subscription.list_subscribers", subscription],
          ["wamp.registration.list_callees", registration],
        ] as const) {
          const [listed] = (await one.result(one.call(procedure, [id]))) as [number[]];
          assert.deepEqual(listed.sort(), ids);
        }
        await one.result(one.call("wamp.registration.remove_callee", [registration, other.session]));
        assert.deepEqual((await other.fake.expect(Code.UNREGISTERED)).slice(1, 2), [0]);
        assert.deepEqual(await one.result(one.call("wamp.registration.count_callees", [registration])), [1]);
        await one.result(one.call("wamp.subscription.remove_subscriber", [subscription, third.session]));
        assert.deepEqual(await one.result(one.call("wamp.subscription.count_subscribers", [subscription])), [1]);
      }));

    it("gives a procedure to a session that takes it from one of another node", () =>
      use(async ({ join }) => {
        const [caller, holder, taker] = [await join("a"), await join("b"), await join("c")];
        await holder.register("com.example.taken");
        await taker.register("com.example.taken", { force_reregister: true });
        assert.deepEqual((await holder.fake.expect(Code.UNREGISTERED)).slice(1, 2), [0]);
        const request = caller.call("com.example.taken");
        taker.yield((await taker.invocation()).request, ["taken"]);
        assert.deepEqual(await caller.result(request), ["taken"]);
      }));

    it("tells of the sessions of a node that is gone, and publishes their testaments, to each subscriber once", () =>
      use(async ({ join, network }) => {
        const [watcher, other, lost] = [await join("a"), await join("c"), await join("b")];
        for (const client of [watcher, other]) {
          await client.subscribe("wamp.session.on_leave");
          await client.subscribe("com.example.will");
        }
        await lost.result(lost.call("wamp.session.add_testament", ["com.example.will", ["last"], {}]));
        await meet([watcher, other, lost]);
        await network.kill("b");
        const publications = [];
        for (const client of [watcher, other]) {
          const [will, left] = [await client.event(), await client.event()];
          assert.deepEqual([will.args, (left.args as number[])[0]], [["last"], lost.session]);
          publications.push([will.publication, left.publication]);
          await client.isQuiet();
        }
        assert.deepEqual(publications[0], publications[1]);
        assert.deepEqual(await watcher.result(watcher.call("wamp.session.count")), [2]);
      }));

    it("publishes a testament once if its session alone is gone", () =>
      use(async ({ join }) => {
        const [watcher, other, leaver] = [await join("a"), await join("c"), await join("b")];
        for (const client of [watcher, other]) await client.subscribe("com.example.will");
        await leaver.result(leaver.call("wamp.session.add_testament", ["com.example.will", ["last"], {}]));
        leaver.fake.close();
        for (const client of [watcher, other]) {
          assert.deepEqual((await client.event()).args, ["last"]);
          await client.isQuiet();
        }
      }));
  });

  describe("a link between nodes: faults", () => {
    it("ends the calls of a node that is gone: its callers, its callees, and what it held", () =>
      use(async ({ join, network }) => {
        const [caller, lost, callee] = [await join("a"), await join("b"), await join("c")];
        await lost.register("com.example.lost");
        await callee.register("com.example.kept");
        const requests = [caller.call("com.example.lost"), caller.call("com.example.lost")];
        await lost.invocation();
        await lost.invocation();
        lost.call("com.example.kept");
        const { request: invocation } = await callee.invocation();
        await network.kill("b");
        for (const request of requests) assert.equal(await caller.error(request), "wamp.error.canceled");
        assert.deepEqual((await callee.fake.expect(Code.INTERRUPT)).slice(1, 2), [invocation]);
        assert.equal(await caller.error(caller.call("com.example.lost")), "wamp.error.no_such_procedure");
        await callee.register("com.example.lost");
        const request = caller.call("com.example.lost");
        callee.yield((await callee.invocation()).request, ["here"]);
        assert.deepEqual(await caller.result(request), ["here"]);
      }));

    it("survives frames that are none: no session is harmed, and what comes next is read", () =>
      use(async ({ join, network }) => {
        const [publisher, subscriber] = [await join("a"), await join("b")];
        await subscriber.subscribe("com.example.news");
        const frames = ["", "\0", "{}", "[1,2", "\xff".repeat(100)].map((text) => Buffer.from(text, "latin1"));
        for (const frame of frames) await network.sendFrame("a", "b", frame);
        await publisher.publish("com.example.news", ["after"]);
        assert.deepEqual((await subscriber.event()).args, ["after"]);
      }));
  });
}
