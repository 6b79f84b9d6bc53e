import { MemoryCarriers } from "@wampgate/cluster";
import { MemoryNetwork } from "@wampgate/plugin-testkit";
import { brokerFeatures } from "./features/broker.ts";
import { dealerFeatures } from "./features/dealer.ts";
import { REALMS, type Suite } from "./features/suite.ts";
import { type NodeNetwork, type Parties, startParties } from "./support/party.ts";

// What a client of one router may rely on, it may rely on with three linked ones: the same tests, and each party of a test
// is on another node.

describe.each<[string, () => NodeNetwork]>([
  ["a link in memory", () => new MemoryNetwork()],
  ["a cluster over carriers, in parts of 300 bytes", () => new MemoryCarriers({ maxBytes: 300 })],
])("three nodes over %s", (_name, made) => {
  const nodes: Parties[] = [];
  beforeAll(async () => {
    const network = made();
    for (const name of ["a", "b", "c"]) nodes.push(await startParties(REALMS, undefined, { network, name }));
  });
  afterAll(() => Promise.all(nodes.map((node) => node.close())));

  let joined = 0;
  const suite: Suite = {
    join: (options) => (nodes[joined++ % nodes.length] as Parties).join(options),
    feature: (name, tests) => describe(name, tests),
  };

  describe("broker", () => brokerFeatures(suite));
  describe("dealer", () => dealerFeatures(suite));
});
