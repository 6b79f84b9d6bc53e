import { setTimeout as wait } from "node:timers/promises";
import { jest } from "@jest/globals";
import { jetstream } from "@nats-io/jetstream";
import { type KvEntry, Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import nats from "@wampgate/cluster-nats";
import { Code } from "@wampgate/core";
import { DEFAULT_REALMS } from "@wampgate/plugin-testkit";
import { BusyClient } from "./support/busy-client.ts";
import { type CliRouter, folderWith, startCli } from "./support/cli.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";
import { type Parties, type Party, startParties } from "./support/party.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

// One process at a time has the name of a node.

jest.setTimeout(60_000);

describeWithNats("the name of a node of a cluster over NATS", () => {
  let server: NatsServer;
  const routers: Parties[] = [];
  const proxies: TcpProxy[] = [];
  beforeEach(async () => {
    server = await NatsServer.start();
  });
  afterEach(async () => {
    await Promise.all(routers.splice(0).map((router) => router.close()));
    for (const proxy of proxies.splice(0)) await proxy.close();
    await server.close();
  });

  const clusterOf = (name: string, port: number, node = "a"): object => ({
    type: "nats",
    name,
    node,
    servers: [`nats://127.0.0.1:${port}`],
    heartbeat: 50,
    "dead-after": 1000,
  });

  const start = async (name: string, port = server.port, node = "a"): Promise<Parties> => {
    const network = { plugin: nats, entry: () => clusterOf(name, port, node) };
    const router = await startParties(DEFAULT_REALMS, undefined, { network, name: node });
    routers.push(router);
    return router;
  };

  /** What the bucket of a cluster says of the name. */
  const claimIn = async (name: string): Promise<KvEntry | null> => {
    const nc = await connect({ servers: server.url });
    const entry = await (await new Kvm(jetstream(nc)).create(`wampgate-${name}`)).get("name.a");
    await nc.close();
    return entry;
  };

  const startBehindProxy = async (name: string): Promise<{ router: Parties; proxy: TcpProxy }> => {
    const proxy = await TcpProxy.start(server.port);
    proxies.push(proxy);
    return { router: await start(name, proxy.port), proxy };
  };

  /** A node that is cut off: to the others it looks as if its process were killed. */
  const startAndLose = async (name: string): Promise<Parties> => {
    const { router, proxy } = await startBehindProxy(name);
    proxy.cut();
    return router;
  };

  /** Starts three nodes of one name in one moment. One must start, and the others say who has the name. */
  const race = async (name: string): Promise<void> => {
    const ends = await Promise.allSettled([start(name), start(name), start(name)]);
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
    const sentence = `the cluster "${name}" has a node "a" already, the process`;
    expect(refused).toEqual([expect.stringContaining(sentence), expect.stringContaining(sentence)]);
  };

  it("of three that start in one moment one starts, and the others tell who has the name, a hundred times", async () => {
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 10 }, (_, i) => race(`new${round}-${i}`)));
  });

  it("of three that start in one moment after the node was killed one starts, twenty times", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `killed${i}`);
    for (const name of names) await startAndLose(name);
    for (const name of names) await race(name);
  });

  it("a node that was killed starts again, and one that is cut off goes on", async () => {
    const lost = await startAndLose("again");
    await start("again");
    const party = await lost.join();
    await party.subscribe("com.example.own");
  });

  it("a node that comes back stays cut off if another process has taken its name, and says which one and what to do", async () => {
    const other = await start("twins", server.port, "b");
    const { router: lost, proxy } = await startBehindProxy("twins");
    const [subscriber, ofLost] = [await other.join(), await lost.join()];
    await subscriber.subscribe("com.example.news");
    const tell = async (party: Party, text: string): Promise<void> => {
      await party.publish("com.example.news", {}, [text]);
      expect((await subscriber.event()).args).toEqual([text]);
    };
    await tell(ofLost, "lost");

    proxy.cut();
    const ofSecond = await (await start("twins")).join();
    await tell(ofSecond, "second");
    const linesOfOthers = (): number => other.log.text().split("another node").length;
    const before = linesOfOthers();
    proxy.heal();
    while (!lost.log.text().includes("already")) await wait(5);
    expect(lost.log.lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the cluster "twins" has a node "a" already, the process \d+ on \S+, and this is the process \d+ on \S+: end that one, or set node in cluster to another name\. Until it is started again, this process serves its own clients alone$/,
      ),
    ]);

    // Its clients have what a node that is cut off can give, and the others hear nothing of it.
    const request = ofLost.request(Code.PUBLISH, { acknowledge: true }, "com.example.news", ["lost"]);
    expect(await ofLost.error()).toMatchObject({ request, uri: "wamp.error.network_failure" });
    await tell(ofSecond, "second again");
    expect(linesOfOthers()).toBe(before);
  });

  it("a process that stood still while another one took its name finds that out, and /readyz tells it", async () => {
    const cluster = await NatsCluster.start(["a", "b"], { server, cluster: { heartbeat: 50, "dead-after": 1000 } });
    const [first, other] = [cluster.get("a"), cluster.get("b")];
    first.kill("SIGSTOP");
    await other.logged(/another node is gone/);
    const second = await cluster.node("a");
    first.kill("SIGCONT");
    await first.logged(/has a node "a" already.*Until it is started again/);
    const readyz = async ({ url }: CliRouter): Promise<number> =>
      (await fetch(new URL("/readyz", url.replace("ws:", "http:")))).status;
    expect(await Promise.all([first, second, other].map(readyz))).toEqual([503, 200, 200]);
    const [caller, callee] = [await BusyClient.join(second.url), await BusyClient.join(other.url)];
    await callee.register("com.example.hello", () => ["hello"]);
    expect(await caller.call("com.example.hello")).toEqual(["result", ["hello"]]);
    first.kill("SIGKILL");
    await cluster.close();
  });

  it("a node that runs keeps its name if NATS has lost all that it had stored", async () => {
    const first = await start("lost");
    await server.kill(true);
    await server.run();
    while (!first.log.text().includes("this node is back")) await wait(5);
    // It goes on at once, and claims its name again as soon as NATS can keep the claim.
    let claim = await claimIn("lost");
    while (claim === null) claim = await wait(20).then(() => claimIn("lost"));
    expect(claim.string()).toMatch(/^running /);
    await expect(start("lost")).rejects.toThrow('the cluster "lost" has a node "a" already');
  });

  it("a node that ends gives its name back", async () => {
    await (await start("ends")).close();
    expect((await claimIn("ends"))?.operation ?? "DEL").toBe("DEL");
  });

  it("of two processes that start in one moment one exits, and names both places", async () => {
    const auth = { anonymous: { type: "static", role: "user" } };
    const folder = await folderWith({
      "wampgate.config.json": JSON.stringify({
        plugins: ["@wampgate/auth-anonymous", "@wampgate/cluster-nats"],
        realms: [{ name: "realm1", roles: [{ name: "user" }] }],
        transports: [{ type: "websocket", endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth }],
        cluster: clusterOf("processes", server.port),
      }),
    });
    for (let round = 0; round < 3; round++) {
      const ends = await Promise.allSettled([startCli(folder), startCli(folder)]);
      const started = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      const refused = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
      expect(refused).toEqual([
        expect.stringMatching(
          /the cluster "processes" has a node "a" already, the process \d+ on \S+, and this is the process \d+ on/,
        ),
      ]);
      for (const node of started) {
        node.kill(round === 1 ? "SIGTERM" : "SIGKILL");
        await node.ended;
      }
    }
  });
});
