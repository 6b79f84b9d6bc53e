import { brokerFeatures } from "./features/broker.ts";
import { dealerFeatures } from "./features/dealer.ts";
import { REALMS, type Suite } from "./features/suite.ts";
import { startParties } from "./support/party.ts";

// One describe for each feature that WELCOME announces; docs/reference/features.md leads here.

let router: Awaited<ReturnType<typeof startParties>>;
beforeAll(async () => {
  router = await startParties(REALMS);
});
afterAll(() => router.close());

const exercised = new Set<string>();
const suite: Suite = {
  join: (options) => router.join(options),
  feature(name, tests) {
    exercised.add(name);
    describe(name, tests);
  },
};

describe("broker", () => brokerFeatures(suite));
describe("dealer", () => dealerFeatures(suite));

it("every feature that WELCOME announces is exercised here, and no other", async () => {
  const { welcome } = await router.join();
  const roles = welcome["roles"] as Record<string, { features: Record<string, unknown> }>;
  const announced = Object.entries(roles).flatMap(([role, { features }]) =>
    Object.entries(features).map(([name, value]) => {
      expect(value).toBe(true);
      return `${role}.${name}`;
    }),
  );
  expect(announced.sort()).toEqual([...exercised].sort());
});
