import { MemoryNetwork } from "@wampgate/plugin-testkit";
import { brokerFeatures } from "./features/broker.ts";
import { dealerFeatures } from "./features/dealer.ts";
import { REALMS, type Suite } from "./features/suite.ts";
import { type Parties, startParties } from "./support/party.ts";

// What a client of one router may rely on, it may rely on with three linked ones: the same tests, and each party of a test
// is on another node.

const nodes: Parties[] = [];
beforeAll(async () => {
  const network = new MemoryNetwork();
  for (const name of ["a", "b", "c"]) nodes.push(await startParties(REALMS, undefined, { network, name }));
});
afterAll(() => Promise.all(nodes.map((node) => node.close())));

let joined = 0;
const suite: Suite = {
  join: (options) => (nodes[joined++ % nodes.length] as Parties).join(options),
  feature: (name, tests) => describe(name, tests),
};

describe("broker of three nodes", () => brokerFeatures(suite));
describe("dealer of three nodes", () => dealerFeatures(suite));
