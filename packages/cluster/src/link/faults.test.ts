import { acceptAs, Code, definePlugin } from "@wampgate/core";
import { type FakeClient, startTestRouter, type TestRouter, type WireMessage } from "@wampgate/plugin-testkit";
import { MemoryCarriers, type MemoryCarriersOptions } from "../memory/memory-carriers.ts";
import { VERSION } from "./envelope.ts";

// What no link between nodes can prevent: nodes that do not reach each other, lost messages, slow nodes.

const open = definePlugin({
  name: "open",
  core: "*",
  apply(api) {
    api.hooks.hello.tap("open", ({ realm }) =>
      acceptAs({ realm, authid: "joe", role: "user" }, { authmethod: "test", provider: "test" }),
    );
  },
});

const clusters: Cluster[] = [];
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.close();
});

/** Routers over one network in memory. */
class Cluster {
  readonly network: MemoryCarriers;
  readonly routers: TestRouter[] = [];

  constructor(network: MemoryCarriers) {
    this.network = network;
    clusters.push(this);
  }

  async start(node: string): Promise<TestRouter> {
    const { default: anonymous } = await import("@wampgate/auth-anonymous");
    const router = await startTestRouter({
      plugins: [open, anonymous, this.network.plugin],
      auth: { anonymous: { type: "static" } },
      cluster: this.network.entry(node),
    });
    this.routers.push(router);
    return router;
  }

  async close(): Promise<void> {
    this.network.part();
    for (const router of this.routers) await router.close();
  }
}

async function startCluster(nodes: readonly string[], options: MemoryCarriersOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(new MemoryCarriers(options));
  for (const node of nodes) await cluster.start(node);
  return cluster;
}

const FEATURES = { registration_revocation: true, call_canceling: true };

async function joined(router: TestRouter | undefined, features: object = FEATURES): Promise<FakeClient> {
  const client = (router as TestRouter).connect();
  client.hello({ roles: { caller: { features }, callee: { features }, publisher: {}, subscriber: {} } });
  await client.welcomed();
  return client;
}

let requests = 0;
async function ask(client: FakeClient, code: number, ...fields: unknown[]): Promise<WireMessage> {
  client.send(code, ++requests, ...fields);
  return client.next();
}

const register = async (client: FakeClient, procedure: string): Promise<unknown> => {
  const [code, , id] = await ask(client, Code.REGISTER, {}, procedure);
  expect(code).toBe(Code.REGISTERED);
  return id;
};

/** The count of sessions that a client's node knows, once it is `wanted`. */
async function untilCounted(client: FakeClient, wanted: number): Promise<void> {
  for (;;) {
    const [, , , args] = await ask(client, Code.CALL, {}, "wamp.session.count");
    if ((args as number[])[0] === wanted) return;
  }
}

/** Resolves when the nodes of all sessions answer a client's node. */
async function untilReached(client: FakeClient): Promise<void> {
  for (;;) {
    const [, , , [ids]] = (await ask(client, Code.CALL, {}, "wamp.session.list")) as [0, 0, 0, [number[]]] &
      WireMessage;
    const codes: unknown[] = [];
    for (const id of ids) codes.push((await ask(client, Code.CALL, {}, "wamp.session.get", [id]))[0]);
    if (codes.every((code) => code === Code.RESULT)) return;
  }
}

describe("nodes that do not reach each other", () => {
  const QUICK = { link: { "dead-after": 150 } };

  it("end the calls between them with canceled and INTERRUPT, and each goes on for its own clients", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [caller, callee] = [await joined(routers[0]), await joined(routers[1])];
    await register(callee, "com.example.far");
    await register(caller, "com.example.near");
    caller.send(Code.CALL, 1000, {}, "com.example.far");
    const [, invocation] = await callee.expect(Code.INVOCATION);
    network.part(["a"], ["b"]);
    expect((await caller.next()).slice(0, 5)).toEqual([Code.ERROR, Code.CALL, 1000, {}, "wamp.error.canceled"]);
    expect((await callee.expect(Code.INTERRUPT))[1]).toBe(invocation);
    expect((await ask(caller, Code.CALL, {}, "com.example.far"))[4]).toBe("wamp.error.no_such_procedure");
    caller.send(Code.CALL, 1001, {}, "com.example.near");
    const [, near] = await caller.expect(Code.INVOCATION);
    caller.send(Code.YIELD, near, {}, ["near"]);
    expect(await caller.next()).toEqual([Code.RESULT, 1001, {}, ["near"]]);
  });

  it("know all of each other again when they do reach each other", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [one, other] = [await joined(routers[0]), await joined(routers[1])];
    await register(other, "com.example.far");
    network.part(["a"], ["b"]);
    await untilCounted(one, 1);
    const late = await joined(routers[1]);
    await ask(late, Code.SUBSCRIBE, {}, "com.example.topic");
    network.part();
    await untilCounted(one, 3);
    one.send(Code.PUBLISH, 1000, {}, "com.example.topic", ["news"]);
    expect((await late.expect(Code.EVENT))[4]).toEqual(["news"]);
    one.send(Code.CALL, 1001, {}, "com.example.far");
    const [, invocation] = await other.expect(Code.INVOCATION);
    other.send(Code.YIELD, invocation, {}, ["back"]);
    expect(await one.next()).toEqual([Code.RESULT, 1001, {}, ["back"]]);
  });

  it("tell each subscriber once that the other's sessions left, and once that they are back", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [watcher, other] = [await joined(routers[0]), await joined(routers[1])];
    for (const topic of ["on_leave", "on_join"]) await ask(watcher, Code.SUBSCRIBE, {}, `wamp.session.${topic}`);
    await untilCounted(other, 2);
    network.part(["a"], ["b"]);
    const [session] = (await watcher.expect(Code.EVENT))[4] as [number, string, string];
    await untilCounted(watcher, 1);
    network.part();
    const [back] = (await watcher.expect(Code.EVENT))[4] as [unknown];
    expect(back).toMatchObject({ session, authid: "joe", authrole: "user" });
    await untilCounted(watcher, 2);
  });

  it("publish a testament of a session out of reach once, however it ends later", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [watcher, lost] = [await joined(routers[0]), await joined(routers[1])];
    await ask(watcher, Code.SUBSCRIBE, {}, "com.example.will");
    const [code] = await ask(lost, Code.CALL, {}, "wamp.session.add_testament", ["com.example.will", ["last"], {}]);
    expect(code).toBe(Code.RESULT);
    for (const isLast of [false, true]) {
      network.part(["a"], ["b"]);
      if (!isLast) expect((await watcher.expect(Code.EVENT))[4]).toEqual(["last"]);
      await untilCounted(watcher, 1);
      network.part();
      await untilCounted(watcher, 2);
    }
    lost.close();
    await untilCounted(watcher, 1);
    await network.quiet();
    await untilCounted(watcher, 1);
  });

  it("a procedure that others took meanwhile is theirs: its callee gets UNREGISTERED with the reason", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [winner, loser] = [await joined(routers[0]), await joined(routers[1])];
    const old = await register(loser, "com.example.taken");
    await register(loser, "com.example.kept");
    network.part(["a"], ["b"]);
    await untilCounted(winner, 1);
    await untilCounted(loser, 1);
    await register(winner, "com.example.taken");
    network.part();
    const reason = "wamp.error.procedure_already_exists";
    expect(await loser.next()).toEqual([Code.UNREGISTERED, 0, { registration: old, reason }]);
    await untilCounted(loser, 2);
    loser.send(Code.CALL, 1000, {}, "com.example.taken");
    const [, invocation] = await winner.expect(Code.INVOCATION);
    winner.send(Code.YIELD, invocation, {}, ["taken"]);
    expect(await loser.next()).toEqual([Code.RESULT, 1000, {}, ["taken"]]);
    winner.send(Code.CALL, 1001, {}, "com.example.kept");
    expect((await loser.expect(Code.INVOCATION))[0]).toBe(Code.INVOCATION);
  });

  it("a callee that cannot be told that its procedure was taken gets GOODBYE with a sentence", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [winner, loser] = [await joined(routers[0]), await joined(routers[1], {})];
    await register(loser, "com.example.taken");
    network.part(["a"], ["b"]);
    await untilCounted(winner, 1);
    await register(winner, "com.example.taken");
    network.part();
    expect(await loser.next()).toEqual([
      Code.GOODBYE,
      { message: expect.stringMatching(/^another session holds a procedure now.*: "?com\.example\.taken/) as string },
      "wamp.close.killed",
    ]);
  });

  it("a node that does not reach the arbiter registers nothing new, and says so", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const cut = await joined(routers[1]);
    network.part(["a"], ["b"]);
    expect((await ask(cut, Code.REGISTER, {}, "com.example.new"))[4]).toBe("wamp.error.network_failure");
    network.part();
    await register(cut, "com.example.new");
  });

  it("a session that left while its node was cut off holds nothing afterwards", async () => {
    const { routers, network } = await startCluster(["a", "b"], QUICK);
    const [other, gone] = [await joined(routers[0]), await joined(routers[1])];
    await register(gone, "com.example.free");
    network.part(["a"], ["b"]);
    await untilCounted(other, 1);
    gone.close();
    await gone.closed;
    network.part();
    await untilCounted(other, 1);
    for (;;) {
      const [code] = await ask(other, Code.REGISTER, {}, "com.example.free");
      if (code === Code.REGISTERED) break;
    }
  });
});

describe("retained events", () => {
  const retained = async (client: FakeClient, topic: string): Promise<unknown> => {
    await ask(client, Code.SUBSCRIBE, { get_retained: true }, topic);
    return (await client.expect(Code.EVENT))[4];
  };
  const retain = (client: FakeClient, topic: string, value: unknown): Promise<WireMessage> =>
    ask(client, Code.PUBLISH, { acknowledge: true, retain: true }, topic, [value]);

  it("are there on a node that came later, the newest of each topic", async () => {
    const cluster = await startCluster(["a", "b"], { maxBytes: 100 });
    const [one, other] = [await joined(cluster.routers[0]), await joined(cluster.routers[1])];
    await retain(one, "com.example.state", "old");
    await untilCounted(other, 2);
    await retain(other, "com.example.state", "x".repeat(1000));
    const late = await joined(await cluster.start("c"));
    expect(await retained(late, "com.example.state")).toEqual(["x".repeat(1000)]);
  });

  it("of nodes that were parted are the newer ones on all of them, when they reach each other again", async () => {
    const { routers, network } = await startCluster(["a", "b"], { link: { "dead-after": 150 } });
    const [one, other] = [await joined(routers[0]), await joined(routers[1])];
    network.part(["a"], ["b"]);
    await untilCounted(one, 1);
    await untilCounted(other, 1);
    await retain(one, "com.example.first", "older");
    await retain(other, "com.example.second", "older");
    // Nodes that do not reach each other have their clocks alone.
    for (const now = Date.now(); Date.now() < now + 5;) await new Promise(setImmediate);
    await retain(other, "com.example.first", "newer");
    await retain(one, "com.example.second", "newer");
    network.part();
    await untilCounted(one, 2);
    await untilCounted(other, 2);
    await network.quiet();
    for (const router of routers)
      for (const topic of ["com.example.first", "com.example.second"])
        expect(await retained(await joined(router), topic)).toEqual(["newer"]);
  });
});

describe("a node that loses its carrier, and knows it", () => {
  const LINK = { link: { "dead-after": 150 } };

  it("goes on for its own clients, and refuses at once what must cross", async () => {
    const { routers, network } = await startCluster(["a", "b"], LINK);
    const [here, there] = [await joined(routers[0]), await joined(routers[1])];
    await register(there, "com.example.far");
    for (const client of [here, there]) expect((await ask(client, Code.SUBSCRIBE, {}, "com.example.both"))[0]).toBe(33);
    const goesOnAlone = async (): Promise<void> => {
      expect((await ask(here, Code.CALL, {}, "com.example.far"))[4]).toBe("wamp.error.network_failure");
      const all = { acknowledge: true, exclude_me: false };
      expect((await ask(here, Code.PUBLISH, all, "com.example.both"))[4]).toBe("wamp.error.network_failure");
      expect((await ask(here, Code.PUBLISH, all, "com.example.none"))[0]).toBe(Code.PUBLISHED);
      await ask(here, Code.SUBSCRIBE, {}, "com.example.own");
      here.send(Code.PUBLISH, ++requests, { exclude_me: false }, "com.example.own", ["own"]);
      expect((await here.expect(Code.EVENT))[4]).toEqual(["own"]);
    };
    network.cutOff("a");
    await goesOnAlone();
    await untilCounted(there, 1); // the others have given it up
    await goesOnAlone();
    network.reconnect("a");
    await untilReached(here);
    await untilCounted(there, 2);
    here.send(Code.CALL, ++requests, {}, "com.example.far");
    expect((await there.next())[0]).toBe(Code.INVOCATION);
  });

  it("gives nobody up: its own subscribers are told of what differs on its return, and of nothing else", async () => {
    const { routers, network } = await startCluster(["a", "b"], LINK);
    const [watcher, stays, leaves] = [await joined(routers[0]), await joined(routers[1]), await joined(routers[1])];
    await untilCounted(watcher, 3);
    await ask(watcher, Code.SUBSCRIBE, {}, "wamp.session.on_join");
    await ask(watcher, Code.SUBSCRIBE, {}, "wamp.session.on_leave");
    network.cutOff("a");
    await untilCounted(stays, 2);
    leaves.close();
    await untilCounted(stays, 1);
    await joined(routers[1]);
    expect((await ask(watcher, Code.CALL, {}, "wamp.session.count"))[3]).toEqual([3]);
    network.reconnect("a");
    const events = [await watcher.expect(Code.EVENT), await watcher.expect(Code.EVENT)];
    expect(events.map(([, , , , args]) => typeof (args as unknown[])[0]).sort()).toEqual(["number", "object"]);
    await untilCounted(watcher, 3);
  });
});

describe("messages that get lost", () => {
  it("tell no subscriber that a session has left, as long as it is there", async () => {
    let drops = false;
    const { routers } = await startCluster(["a", "b"], {
      drop: () => drops && Math.trunc(performance.now()) % 3 === 0,
    });
    const [watcher, other] = [await joined(routers[0]), await joined(routers[1])];
    await untilCounted(watcher, 2);
    for (const topic of ["wamp.session.on_join", "wamp.session.on_leave"])
      await ask(watcher, Code.SUBSCRIBE, {}, topic);
    drops = true;
    while (!(routers[0]?.log.text() ?? "").includes("calls between this node and another one were ended"))
      await ask(watcher, Code.CALL, {}, "wamp.session.count");
    drops = false;
    await untilReached(watcher);
    await untilReached(other);
    expect((await ask(watcher, Code.CALL, {}, "wamp.session.count"))[3]).toEqual([2]);
  });

  it("end the calls between the nodes, which then go on: no call hangs, and the order is kept", async () => {
    let count = 0;
    const { routers } = await startCluster(["a", "b"], { drop: () => ++count % 50 === 0 });
    const [caller, callee] = [await joined(routers[0]), await joined(routers[1])];
    await register(callee, "com.example.echo");
    const answer = async (): Promise<void> => {
      for (;;) {
        const [code, request, , , args] = await callee.next();
        if (code === Code.INVOCATION) callee.send(Code.YIELD, request, {}, args);
      }
    };
    answer().catch(() => undefined);
    const ends = new Map<unknown, number>();
    for (let i = 0; i < 500; i++) {
      const [code, , , args, uri] = await ask(caller, Code.CALL, {}, "com.example.echo", [i]);
      if (code === Code.RESULT) expect(args).toEqual([i]);
      const end = code === Code.RESULT ? "result" : uri;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    expect(
      [...ends.keys()].filter(
        (end) => !["result", "wamp.error.canceled", "wamp.error.network_failure"].includes(String(end)),
      ),
    ).toEqual([]);
    expect(ends.get("result")).toBeGreaterThan(50);
  }, 30_000);

  it("never change the order of events, nor bring one twice", async () => {
    let count = 0;
    const { routers } = await startCluster(["a", "b"], { drop: () => ++count % 97 === 0 });
    const [publisher, subscriber] = [await joined(routers[0]), await joined(routers[1])];
    await ask(subscriber, Code.SUBSCRIBE, { match: "prefix" }, "com.example.");
    for (let i = 0; i < 2000; i++) {
      publisher.send(Code.PUBLISH, ++requests, {}, `com.example.topic${i % 10}`, [i]);
      if (i % 20 === 0) await ask(publisher, Code.CALL, {}, "wamp.session.count");
    }
    const got: (number | "end")[] = [];
    const listen = async (): Promise<void> => {
      for (;;) got.push(((await subscriber.expect(Code.EVENT))[4] as [number | "end"])[0]);
    };
    listen().catch(() => undefined);
    // The pair may have to be made whole before it comes.
    while (got.at(-1) !== "end") {
      publisher.send(Code.PUBLISH, ++requests, {}, "com.example.end", ["end"]);
      await ask(publisher, Code.CALL, {}, "wamp.session.count");
    }
    const numbers = got.filter((value) => value !== "end");
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(numbers.length).toBeGreaterThan(0);
  }, 30_000);
});

describe("a slow node", () => {
  it("gets no more events than the window has room for, and slows nobody; what is dropped is logged", async () => {
    let isSlow = false;
    const { routers } = await startCluster(["a", "b", "c"], {
      delay: (from, to) => (isSlow && (from === "b" || to === "b") ? 100 : 0),
      link: { window: 65_536, "dead-after": 5000 },
    });
    const [publisher, slow, quick] = [await joined(routers[0]), await joined(routers[1]), await joined(routers[2])];
    for (const client of [slow, quick]) await ask(client, Code.SUBSCRIBE, {}, "com.example.topic");
    isSlow = true;
    const text = "x".repeat(4000);
    for (let i = 0; i < 100; i++) {
      publisher.send(Code.PUBLISH, ++requests, {}, "com.example.topic", [i, text]);
      expect(((await quick.expect(Code.EVENT))[4] as [number])[0]).toBe(i);
    }
    expect((routers[0] as TestRouter).log.text()).toContain("events for another node were dropped: it is too slow");
    const first = ((await slow.expect(Code.EVENT))[4] as [number])[0];
    expect(first).toBe(0);
  });

  it("gets no new calls past its window: they fail with network_failure at once", async () => {
    let isSlow = false;
    const { routers } = await startCluster(["a", "b"], {
      delay: () => (isSlow ? 100 : 0),
      link: { window: 65_536, "dead-after": 5000 },
    });
    const [caller, callee] = [await joined(routers[0]), await joined(routers[1])];
    await register(callee, "com.example.echo");
    isSlow = true;
    const text = "x".repeat(30_000);
    for (let i = 0; i < 5; i++) caller.send(Code.CALL, ++requests, {}, "com.example.echo", [text]);
    for (let i = 0; i < 2; i++) expect((await caller.expect(Code.ERROR))[4]).toBe("wamp.error.network_failure");
    for (let i = 0; i < 3; i++) {
      const [, invocation] = await callee.expect(Code.INVOCATION);
      callee.send(Code.YIELD, invocation, {}, []);
      await caller.expect(Code.RESULT);
    }
  });
});

it("answers for which there is no room end all calls between the nodes: none hangs, and then all goes on", async () => {
  let isSlow = false;
  const { routers } = await startCluster(["a", "b"], {
    delay: (from) => (isSlow && from === "a" ? 200 : 0),
    link: { window: 65_536, "dead-after": 5000 },
  });
  const [caller, callee] = [await joined(routers[0]), await joined(routers[1])];
  await register(callee, "com.example.long");
  const calls = 6;
  for (let i = 0; i < calls; i++) caller.send(Code.CALL, ++requests, {}, "com.example.long");
  const invocations: unknown[] = [];
  for (let i = 0; i < calls; i++) invocations.push((await callee.expect(Code.INVOCATION))[1]);
  isSlow = true; // b gets no acknowledgements for a while
  for (const invocation of invocations) callee.send(Code.YIELD, invocation, {}, ["x".repeat(40_000)]);
  const ends = new Set<unknown>();
  for (let i = 0; i < calls; i++) {
    const [code, , , , uri] = await caller.next();
    ends.add(code === Code.RESULT ? "result" : uri);
  }
  expect(ends).toContain("wamp.error.canceled");
  isSlow = false;
  await untilReached(caller);
  caller.send(Code.CALL, ++requests, {}, "com.example.long");
  for (;;) {
    const [code, invocation] = await callee.next();
    if (code !== Code.INVOCATION) continue; // INTERRUPT
    callee.send(Code.YIELD, invocation, {}, ["short"]);
    break;
  }
  expect((await caller.expect(Code.RESULT))[3]).toEqual(["short"]);
});

describe("nodes that start", () => {
  it("after the arbiter has lost all, a node learns from the others how ids are made", async () => {
    const cluster = await startCluster(["a", "b"], { forgets: true });
    const subscribed = async (router: TestRouter | undefined): Promise<unknown> =>
      (await ask(await joined(router), Code.SUBSCRIBE, {}, "com.example.topic"))[2];
    const id = await subscribed(cluster.routers[0]);
    cluster.network.forget();
    expect(await subscribed(await cluster.start("c"))).toBe(id);
    expect(await subscribed(cluster.routers[1])).toBe(id);
  });

  it("two of one name: the second one does not start, and says why", async () => {
    const cluster = await startCluster(["a"]);
    await expect(cluster.start("a")).rejects.toThrow('there is a node "a" already');
  });

  it("one that speaks another version does not start, and names both versions", async () => {
    const cluster = new Cluster(new MemoryCarriers());
    const carrier = cluster.network.open("old");
    await carrier.arbiter.create("n.old", JSON.stringify({ incarnation: "1", versions: [7, 8] }));
    await expect(cluster.start("a")).rejects.toThrow(
      `the node old speaks the versions 7 to 8, and this one speaks ${VERSION}`,
    );
    await carrier.close();
  });

  it("one that finds a node in the list that is gone starts all the same", async () => {
    const cluster = new Cluster(new MemoryCarriers());
    const carrier = cluster.network.open("gone");
    await carrier.arbiter.create("n.gone", JSON.stringify({ incarnation: "1", versions: [VERSION, VERSION] }));
    await carrier.close();
    const client = await joined(await cluster.start("a"));
    await untilCounted(client, 1);
  });

  it("one that is started again under its name is another one: what the first one held is free", async () => {
    const cluster = await startCluster(["a", "b"]);
    const [other, lost] = [await joined(cluster.routers[0]), await joined(cluster.routers[1])];
    await register(lost, "com.example.held");
    cluster.network.kill("b");
    const again = await joined(await cluster.start("b"));
    await register(again, "com.example.held");
    await untilCounted(other, 2);
  });

  it("a pair of which the answers take long is not reset, and a node that leaves is gone at once", async () => {
    const cluster = await startCluster(["a", "b"], { delay: () => 30 });
    const client = await joined(cluster.routers[0]);
    await joined(cluster.routers[1]);
    await untilCounted(client, 2);
    await (cluster.routers[1] as TestRouter).close();
    await untilCounted(client, 1);
    expect((cluster.routers[0] as TestRouter).log.text()).not.toContain(
      "calls between this node and another one were ended",
    );
  });
});
