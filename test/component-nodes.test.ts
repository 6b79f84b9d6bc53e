import { MemoryCarriers } from "@wampgate/cluster";
import type { Component } from "@wampgate/core";
import { type Parties, startParties } from "./support/party.ts";
import { startRouter } from "./support/router.ts";

// On which nodes of a cluster components run.

const REALMS = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
const component: Component = async (session) => {
  await session.register("com.example.procedure", () => "done");
};
const entry = { module: component, realm: "realm1", role: "user" };

const nodes: Parties[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

it("a component runs on the nodes that it names, and clients of all nodes reach it", async () => {
  const network = new MemoryCarriers();
  const components = [{ ...entry, nodes: ["b"] }];
  for (const name of ["a", "b", "c"]) nodes.push(await startParties(REALMS, components, { network, name }));
  expect(nodes.map(({ router }) => router.sessionCount.local)).toEqual([0, 1, 0]);
  for (const node of nodes) expect(await (await node.join()).ask("com.example.procedure")).toBe("done");
});

it("one that each node runs, and that registers what one session may, is an error that says what to do", async () => {
  const network = new MemoryCarriers();
  nodes.push(await startParties(REALMS, [entry], { network, name: "a" }));
  await expect(startParties(REALMS, [entry], { network, name: "b" })).rejects.toThrow(
    "each node runs it: name the one that shall in its nodes",
  );
});

it("nodes without a cluster are an error of the config", async () => {
  await expect(
    startRouter({ realms: REALMS, components: [{ ...entry, nodes: ["a"] }], transports: [] }),
  ).rejects.toThrow("components[0].nodes: there is no cluster in the config");
});
