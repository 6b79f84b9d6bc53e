import assert from "node:assert/strict";
import { Code, createRouter, type Plugin, type Router, type WampgateConfig } from "@wampgate/core";
import { CapturedLog } from "./captured-log.ts";
import { FakeClient } from "./fake-client.ts";
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
  /** Connects a client that joins at a node. */
  readonly join: (node: Node) => Promise<LinkedClient>;
}

const REALMS = [
  {
    name: "realm1",
    roles: [
      {
        name: "user",
        permissions: [
          { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
          { uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } },
        ],
      },
    ],
  },
];

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
    const join = async (node: Node): Promise<LinkedClient> => {
      const client = new LinkedClient(new FakeClient(routers[node].connect(), patience));
      clients.push(client.fake);
      client.fake.hello({ authmethods: Object.keys(OPEN), roles: ROLES });
      client.session = (await client.fake.welcomed()).session;
      return client;
    };
    try {
      for (const node of NODES) {
        const plugins = [openMethod, network.plugin];
        const transports = [{ type: "memory", auth: OPEN }];
        const config = { plugins, realms: REALMS, transports, cluster: network.entry(node) };
        routers[node] = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
        await routers[node].start();
      }
      await test({ network, routers, join });
    } finally {
      // The clients hang up first, since none of them answers GOODBYE by itself.
      for (const client of clients) client.close();
      await Promise.all(Object.values(routers).map((router) => router.close()));
    }
  };

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

  describe("a link between nodes: faults", () => {
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
