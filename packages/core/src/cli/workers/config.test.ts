import { configOfWorker } from "./config.ts";

const NAME = "@wampgate/cluster";

it.each([
  [{}, { plugins: [NAME], cluster: { type: "workers" } }],
  [{ plugins: ["other"] }, { plugins: ["other", NAME], cluster: { type: "workers" } }],
  [{ plugins: [NAME] }, { plugins: [NAME], cluster: { type: "workers" } }],
  [{ plugins: [[NAME, {}]] }, { plugins: [[NAME, {}]], cluster: { type: "workers" } }],
  [{ plugins: [{ name: NAME }] }, { plugins: [{ name: NAME }], cluster: { type: "workers" } }],
  [
    { plugins: [], cluster: { type: "workers", heartbeat: 50 } },
    { plugins: [NAME], cluster: { type: "workers", heartbeat: 50 } },
  ],
  [
    { plugins: [], cluster: { type: "another" } },
    { plugins: [], cluster: { type: "another" } },
  ],
  [
    { plugins: "wrong", cluster: 5 },
    { plugins: "wrong", cluster: 5 },
  ],
])("a worker has the cluster, and the plugin that it needs: %j", (raw, expected) => {
  expect(configOfWorker(raw, true, "vm-1")).toEqual(expected);
});

it("the components run in the first worker alone", () => {
  const raw = { plugins: [NAME], components: [{ module: "./component.js" }] };
  expect(configOfWorker(raw, true, "vm-1")).toMatchObject({ components: raw.components });
  expect(configOfWorker(raw, false, "vm-2")).toMatchObject({ components: [] });
});

it("components that name their nodes are for these", () => {
  const raw = { components: [{ module: "./component.js", nodes: ["vm-2"] }, { module: "./other.js" }] };
  expect(configOfWorker(raw, false, "vm-2")).toMatchObject({ components: [raw.components[0]] });
});

it("what is no config is left for the check of the config", () => {
  expect(configOfWorker([1], true, "vm-1")).toEqual([1]);
});
