import { setTimeout as wait } from "node:timers/promises";
import { jest } from "@jest/globals";
import { BusyClient, type End } from "./support/busy-client.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats } from "./support/nats-server.ts";

// Each row of docs/guides/cluster.md that tells of a fault, with nodes in processes of their own and a real nats-server.

jest.setTimeout(60_000);

const NAMES = ["a", "b", "c"] as const;

/** Resolves when `isSo` does to true, asked again and again. @returns how long it took, in milliseconds */
async function until(isSo: () => boolean | Promise<boolean>, limit = 20_000): Promise<number> {
  const start = performance.now();
  while (!(await isSo())) {
    if (performance.now() - start > limit) throw new Error(`it is not so after ${limit} ms: ${String(isSo)}`);
    await wait(5);
  }
  return performance.now() - start;
}

const countIs = async (client: BusyClient, count: number): Promise<boolean> =>
  (await client.call("wamp.session.count"))[1][0] === count;

function tally(ends: readonly End[]): Record<End, number> {
  const counts: Record<End, number> = {};
  for (const end of ends) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

describeWithNats("three nodes over NATS", () => {
  let cluster: NatsCluster;
  let clients: BusyClient[] = [];
  beforeAll(async () => {
    cluster = await NatsCluster.start(NAMES);
  });
  afterAll(() => cluster.close());
  afterEach(async () => {
    for (const client of clients) expect(client.problems).toEqual([]);
    for (const client of clients) client.vanish();
    clients = [];
    for (const name of NAMES) {
      const watcher = await BusyClient.join(cluster.get(name).url);
      await until(() => countIs(watcher, 1));
      watcher.vanish();
    }
    for (const name of NAMES)
      expect(cluster.get(name).lines.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });

  const join = async (node: string): Promise<BusyClient> => {
    const client = await BusyClient.join(cluster.get(node).url);
    clients.push(client);
    return client;
  };
  /** One client at each node, who know of each other. */
  const joinAll = async (): Promise<[BusyClient, BusyClient, BusyClient]> => {
    const all = [await join("a"), await join("b"), await join("c")] as [BusyClient, BusyClient, BusyClient];
    for (const client of all) await until(() => countIs(client, 3));
    return all;
  };

  it("the node of a callee is killed: each of a thousand callers gets canceled once, within two seconds, and the procedure is free", async () => {
    const [a, b, c] = await joinAll();
    expect((await c.register("com.example.long", null))[0]).toBe("result");
    const calls = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? a : b).call("com.example.long", [i]));
    await until(async () => (await c.call("com.example.none"))[0] === "wamp.error.no_such_procedure");
    cluster.get("c").kill("SIGKILL");
    const start = performance.now();
    const ends = await Promise.all(calls);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(tally(ends.map(([end]) => end))).toEqual({ "wamp.error.canceled": 1000 });
    expect((await b.register("com.example.long"))[0]).toBe("result");
    expect((await a.call("com.example.long", ["again"]))[1]).toEqual(["again"]);
    await cluster.node("c");
  });

  it("the node of a caller is killed: its callee is interrupted within two seconds", async () => {
    const [a, , c] = await joinAll();
    let invoked = 0;
    expect((await a.register("com.example.long", () => [++invoked]))[0]).toBe("result");
    await a.register("com.example.endless", null);
    void c.call("com.example.endless");
    expect((await c.call("com.example.long"))[1]).toEqual([1]);
    cluster.get("c").kill("SIGKILL");
    expect(await until(() => a.interrupted.size === 1)).toBeLessThan(2000);
    await cluster.node("c");
  });

  it("a node that stands still for five seconds is whole again two seconds later, and its sessions leave and join once", async () => {
    const [a, b, c] = await joinAll();
    const told: unknown[] = [];
    await a.subscribe("wamp.session.on_leave", ({ args }) => told.push(["left", args[0]]));
    await a.subscribe("wamp.session.on_join", ({ args: [who] }) =>
      told.push(["joined", (who as { session: number }).session]),
    );
    expect((await c.register("com.example.still"))[0]).toBe("result");
    expect((await b.register("com.example.mine"))[0]).toBe("result");
    cluster.get("c").kill("SIGSTOP");
    const stopped = performance.now();
    const [end] = await a.call("com.example.still");
    expect(end).toBe("wamp.error.canceled");
    expect(performance.now() - stopped).toBeLessThan(4500);
    expect((await a.call("com.example.mine", [1]))[1]).toEqual([1]);
    await wait(5000 - (performance.now() - stopped)); // how long it stands still is what the test is about
    cluster.get("c").kill("SIGCONT");
    expect(await until(async () => (await a.call("com.example.still", [2]))[0] === "result")).toBeLessThan(2000);
    await until(() => told.length >= 2);
    expect((await c.call("com.example.mine", [3]))[1]).toEqual([3]);
    expect(told).toEqual([
      ["left", c.session],
      ["joined", c.session],
    ]);
    expect(c.revoked).toEqual([]);
  });

  it.each([
    ["with what it has stored", false],
    ["empty", true],
  ])(
    "nats-server is killed and comes back %s: all registrations work, no call hangs, and no callee is told anything",
    async (_how, forgets) => {
      const [a, b, c] = await joinAll();
      const left: unknown[] = [];
      await a.subscribe("wamp.session.on_leave", ({ args }) => left.push(args[0]));
      for (const [i, client] of [a, b, c].entries()) {
        expect((await client.register(`com.example.of${i}`))[0]).toBe("result");
        expect((await client.register("com.example.shared", undefined, { invoke: "roundrobin" }))[0]).toBe("result");
      }
      await c.register("com.example.long", null);
      const across = a.call("com.example.long");
      await a.subscribe("com.example.news", () => undefined);
      await b.subscribe("com.example.news", () => undefined);
      await cluster.server.kill(forgets);
      // Local clients go on.
      const locals = await Promise.all(Array.from({ length: 20 }, (_, i) => a.call("com.example.of0", [i])));
      expect(tally(locals.map(([end]) => end))).toEqual({ result: 20 });
      await until(async () => (await a.call("com.example.of1"))[0] === "wamp.error.network_failure");
      expect(await a.publish("com.example.news", [1], { exclude_me: false })).toBe("wamp.error.network_failure");
      expect(await a.publish("com.example.only-here", [1])).toBe("result");
      const refused = b.register("com.example.new");
      await cluster.server.run();
      await until(async () => (await a.call("com.example.of1", [1]))[0] === "result");
      for (const [at, client] of [a, b, c].entries())
        for (let i = 0; i < 3; i++)
          await until(async () => (await client.call(`com.example.of${i}`, [at]))[0] === "result");
      expect(["result", "wamp.error.canceled"]).toContain((await Promise.race([across, wait(100, ["result"])]))[0]);
      expect((await refused)[0]).toBe("result"); // it was tried again
      expect((await c.register("com.example.of0"))[0]).toBe("wamp.error.procedure_already_exists");
      expect((await b.register("com.example.shared"))[0]).toBe("wamp.error.procedure_already_exists");
      expect((await a.register("com.example.later"))[0]).toBe("result");
      expect((await c.call("com.example.later", [4]))[1]).toEqual([4]);
      expect(left).toEqual([]);
      for (const client of [a, b, c])
        expect([client.revoked, client.goodbye, client.isClosed]).toEqual([[], null, false]);
    },
  );

  it.each([
    ["is cut off", "cut"],
    ["is parted from NATS without a word", "hang"],
  ] as const)(
    "a node %s, its procedure is taken over, it returns: its callee gets UNREGISTERED",
    async (_how, fault) => {
      const [a, b, c] = await joinAll();
      const [, registration] = await c.register("com.example.moves");
      await c.register("com.example.stays");
      cluster.get("c").proxy[fault]();
      await until(async () => (await b.register("com.example.moves", () => ["b"]))[0] === "result");
      expect((await a.call("com.example.moves"))[1]).toEqual(["b"]);
      expect((await c.call("com.example.stays", ["own"]))[1]).toEqual(["own"]);
      cluster.get("c").proxy.heal();
      await until(() => c.revoked.length > 0);
      expect(c.revoked).toEqual([[registration, "wamp.error.procedure_already_exists"]]);
      await until(async () => (await a.call("com.example.stays", [1]))[0] === "result");
      expect((await c.call("com.example.moves"))[1]).toEqual(["b"]);
    },
  );

  it("a node that stands still slows nobody: the others' events come as before, and what was for it is dropped past the window", async () => {
    const [a, b, c] = await joinAll();
    let heard = 0;
    await b.subscribe("com.example.flood", () => heard++);
    await c.subscribe("com.example.flood", () => undefined);
    const text = "x".repeat(50_000);
    const flood = async (): Promise<number> => {
      const start = performance.now();
      const before = heard;
      for (let i = 0; i < 100; i++) a.tell("com.example.flood", [text]);
      await until(() => heard === before + 100);
      return performance.now() - start;
    };
    await flood();
    const usual = await flood();
    cluster.get("c").kill("SIGSTOP");
    const slow: number[] = [];
    for (let i = 0; i < 6; i++) slow.push(await flood());
    // NATS has it, though the node that stands still has not.
    const before = performance.now();
    expect(await a.publish("com.example.flood", [text])).toBe("result");
    slow.push(performance.now() - before);
    cluster.get("c").kill("SIGCONT");
    expect(Math.max(...slow)).toBeLessThan(Math.max(3 * usual, 1500));
    await cluster.get("a").logged(/events for another node were dropped: it is too slow/);
    await until(async () => (await c.call("wamp.session.count"))[1][0] === 3);
  });

  it("SIGTERM at each node in turn, under load: no call is canceled, and each callee registers elsewhere at once", async () => {
    const [a] = [await join("a")];
    await a.register("com.example.work", undefined, { invoke: "roundrobin" });
    const ends: End[] = [];
    let isDone = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!isDone) ends.push((await a.call("com.example.work", [1]))[0]);
    });
    for (const name of ["b", "c"]) {
      const callee = await join(name);
      expect((await callee.register("com.example.work", undefined, { invoke: "roundrobin" }))[0]).toBe("result");
      const node = cluster.get(name);
      const before = ends.length;
      await until(() => ends.length > before + 200);
      node.kill("SIGTERM");
      expect(await node.ended).toBe(0);
      await cluster.node(name);
    }
    isDone = true;
    await Promise.all(load);
    expect(tally(ends)).toEqual({ result: ends.length });
  });
});
