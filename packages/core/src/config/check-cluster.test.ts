import { z } from "zod";
import { config, load, plugin, problems } from "../../../../test/support/pin-config.ts";
import { configJsonSchema } from "./json-schema.ts";
import type { LoadedPlugin } from "../contract/plugin.ts";
import { definePlugin, defineLink } from "../plugins/define.ts";

const wire = defineLink({
  type: "wire",
  schema: z.strictObject({ node: z.string(), colour: z.string().default("red") }),
  start: () => Promise.reject(new Error("not in this test")),
});
const wired = definePlugin({ name: "wired", core: "*", links: [wire] });
const cluster = (entry: unknown, plugins: readonly unknown[] = [plugin, wired]) => config({ plugins, cluster: entry });

it("cluster chooses a plugin's link by its type, and is checked by the link's schema", async () => {
  const loaded = await load(cluster({ type: "wire", node: "a" }));
  expect(loaded.cluster).toEqual({ plugin: "wired", link: wire, options: { node: "a", colour: "red" } });
});

it("a config without cluster is a router that stands alone", async () => {
  expect((await load(config({ plugins: [plugin, wired] }))).cluster).toBeNull();
});

it.each<[string, unknown, string]>([
  ["no dictionary", cluster("wire"), "cluster: expected a dictionary, found a string"],
  ["no type", cluster({ node: "a" }), "cluster.type: expected the type of a cluster, found nothing; there are: wire"],
  [
    "a misspelt type",
    cluster({ type: "wier", node: "a" }),
    'cluster.type: no loaded plugin provides a cluster of type "wier"; did you mean "wire"?; there are: wire',
  ],
  [
    "a type without a plugin",
    cluster({ type: "nats" }, [plugin]),
    'cluster.type: no loaded plugin provides a cluster of type "nats"; run: npm install @wampgate/cluster-nats, and list it in plugins',
  ],
  [
    "no plugin that is official",
    cluster({ type: "workers" }, [plugin]),
    'cluster.type: no loaded plugin provides a cluster of type "workers"; run: npm install @wampgate/cluster, and list it in plugins',
  ],
  ["a misspelt key", cluster({ type: "wire", nod: "a" }), 'cluster.nod: unknown key; did you mean "node"?'],
  [
    "a wrong value",
    cluster({ type: "wire", node: 1 }),
    "cluster.node: expected a string, found an integer; write it in quotes",
  ],
])("%s in cluster is told with what to do", async (_what, wrong, expected) => {
  expect(await problems(wrong)).toEqual([expected]);
});

it("the JSON Schema has the keys of each link", () => {
  const loaded: LoadedPlugin = { ...wired, methods: [], strategies: [] };
  const { properties } = configJsonSchema([loaded], []) as { properties: Record<string, unknown> };
  expect(properties["cluster"]).toMatchObject({
    anyOf: [{ properties: { type: { const: "wire" }, node: { type: "string" } }, required: ["type", "node"] }],
  });
});

it("two plugins with a link of one type are refused", async () => {
  const other = definePlugin({ name: "other", core: "*", links: [wire] });
  expect(await problems(cluster({ type: "wire", node: "a" }, [plugin, wired, other]))).toEqual([
    'plugins[2]: plugin "other" claims the link "wire", as "wired" does; keep one of them',
  ]);
});

it("a link without start is told by its shape", async () => {
  const broken = definePlugin({ name: "broken", core: "*", links: [{ type: "wire", schema: z.any() }] as never });
  expect(await problems(cluster({ type: "wire" }, [plugin, broken]))).toContain(
    'plugins[1]: plugin "broken": links[0] needs start: expected a function, found nothing',
  );
});
