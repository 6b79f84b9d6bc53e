import { randomBytes } from "node:crypto";
import nats from "@wampgate/cluster-nats";
import { brokerFeatures } from "./features/broker.ts";
import { dealerFeatures } from "./features/dealer.ts";
import { REALMS, type Suite } from "./features/suite.ts";
import { Barrier } from "./support/barrier.ts";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";
import { type Parties, startParties } from "./support/party.ts";

// What a client of one router may rely on, it may rely on with three of them over NATS: the same tests as for one router, all
// of them, and each party of a test is on another node. What one node tells the others comes there a moment later: between a
// step of a test and the next one the nodes settle.

for (const [title, seal] of [
  ["three nodes over NATS", {}],
  ["three nodes of a sealed cluster over NATS", { seal: randomBytes(32).toString("hex") }],
] as const)
  describeWithNats(title, () => {
    let server: NatsServer;
    const nodes: Parties[] = [];
    beforeAll(async () => {
      server = await NatsServer.start();
      const barrier = new Barrier();
      const entry = (node: string) => ({ type: "nats", name: "test", node, servers: [server.url], ...seal });
      for (const name of ["a", "b", "c"])
        nodes.push(await startParties(REALMS, undefined, { network: { plugin: nats, entry }, name, barrier }));
    });
    afterAll(async () => {
      await Promise.all(nodes.map((node) => node.close()));
      await server.close();
    });

    let joined = 0;
    const suite: Suite = {
      join: (options) => (nodes[joined++ % nodes.length] as Parties).join(options),
      feature: (name, tests) => describe(name, tests),
    };

    describe("broker", () => brokerFeatures(suite));
    describe("dealer", () => dealerFeatures(suite));
  });
