import { Code } from "@wampgate/core";
import nats from "@wampgate/cluster-nats";
import { DEFAULT_REALMS } from "@wampgate/plugin-testkit";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";
import { type Parties, startParties } from "./support/party.ts";

// PUBLISHED says that NATS has the event, for the nodes that want it.

describeWithNats("two nodes over NATS", () => {
  let server: NatsServer;
  let nodes: [Parties, Parties];
  beforeAll(async () => {
    server = await NatsServer.start();
    const times = { heartbeat: 100, "dead-after": 1000 };
    const entry = (node: string) => ({ type: "nats", name: "test", node, servers: [server.url], ...times });
    const start = (name: string): Promise<Parties> =>
      startParties(DEFAULT_REALMS, undefined, { network: { plugin: nats, entry }, name });
    nodes = [await start("a"), await start("b")];
  });
  afterAll(async () => {
    server.resume();
    await Promise.all(nodes.map((node) => node.close()));
    await server.close();
  });

  it("three thousand acknowledged events of one moment are PUBLISHED in their order, once each, and all arrive", async () => {
    const [publisher, subscriber] = [await nodes[0].join(), await nodes[1].join()];
    await subscriber.subscribe("com.example.many");
    const numbers = Array.from({ length: 3000 }, (_, i) => i);
    const requests = numbers.map((i) =>
      publisher.request(Code.PUBLISH, { acknowledge: true }, "com.example.many", [i]),
    );
    for (const request of requests) expect((await publisher.next(Code.PUBLISHED))[0]).toBe(request);
    for (const i of numbers) expect((await subscriber.event()).args).toEqual([i]);
    await publisher.hearsNothing();
    [publisher, subscriber].forEach((party) => party.vanish());
  });

  it("while NATS stands still no event that another node wants is PUBLISHED: it gets ERROR, and what else the session does goes on", async () => {
    const [publisher, subscriber] = [await nodes[0].join(), await nodes[1].join()];
    await subscriber.subscribe("com.example.news");
    const publish = (topic: string): number => publisher.request(Code.PUBLISH, { acknowledge: true }, topic, [topic]);
    publish("com.example.news");
    await publisher.next(Code.PUBLISHED);
    await subscriber.event();

    await server.pause();
    const wanted = publish("com.example.news");
    const onlyHere = publish("com.example.only-here");
    expect((await publisher.next(Code.PUBLISHED))[0]).toBe(onlyHere);
    await publisher.ask("wamp.session.count");
    expect(await publisher.error()).toMatchObject({ request: wanted, uri: "wamp.error.network_failure" });
    // Now the node knows that it is cut off.
    const later = publish("com.example.news");
    expect(await publisher.error()).toMatchObject({ request: later, uri: "wamp.error.network_failure" });

    server.resume();
    const heard: unknown[] = [];
    void subscriber.event().then(({ args }) => heard.push(args));
    while (heard.length === 0) {
      const request = publish("com.example.news");
      const [code, one, two] = await publisher.client.next();
      expect([one, two]).toContain(request);
      expect([Code.PUBLISHED, Code.ERROR]).toContain(code);
    }
    expect(heard).toEqual([["com.example.news"]]);
    [publisher, subscriber].forEach((party) => party.vanish());
  });
});
