import { z } from "zod";
import type { AuthMethod } from "../contract/method.ts";
import type { PluginDefinition } from "../contract/plugin.ts";
import type { Strategy } from "../contract/strategy.ts";
import { definePlugin } from "../plugins/define.ts";
import { checkPlugins, loadedAlone } from "./check-plugins.ts";
import { Issues } from "./issues.ts";

async function check(raw: unknown, running?: Parameters<typeof checkPlugins>[3]) {
  const issues = new Issues();
  const folder = import.meta.dirname;
  const from = { folder, cwd: folder };
  const checked = await checkPlugins(raw, from, { issues, fromEnvironment: () => false }, running);
  return {
    ...checked,
    names: checked.plugins.map(({ plugin }) => plugin.name),
    problems: issues.found.map(({ path, message }) => `${path.join(".")}: ${message}`),
  };
}

const named = (over: Partial<PluginDefinition> = {}) => definePlugin({ name: "p", core: "*", ...over });
const strategy: Strategy = { type: "s", block: z.object({}), resolve: () => undefined as never };
const method = (name: string): AuthMethod => ({
  name,
  at: "hello",
  credential: z.object({}),
  challenge: () => undefined as never,
  decoy: () => undefined as never,
});

describe("a plugin's claims", () => {
  it("two claims of one name are a problem that names both owners", async () => {
    const { problems } = await check([
      named({ name: "one", strategies: [strategy] }),
      named({ name: "two", strategies: () => [strategy] }),
    ]);
    expect(problems).toEqual(['plugins.1: plugin "two" claims the strategy "s", as "one" does; keep one of them']);
  });

  it("one plugin listed twice is a problem", async () => {
    const { problems } = await check([named(), named()]);
    expect(problems).toEqual(['plugins.1: plugin "p" claims the name "p" twice, or is listed twice']);
  });
});

describe("a plugin that requires others", () => {
  const needy = named({ name: "needy", requires: ["base"] });

  it("is loaded if the config has them, wherever they stand", async () => {
    expect(await check([needy, named({ name: "base" })])).toMatchObject({ names: ["needy", "base"], problems: [] });
  });

  it("is told which one to add", async () => {
    expect((await check([named(), needy])).problems).toEqual([
      'plugins.1: plugin "needy" needs "base"; add it to plugins',
    ]);
  });

  it("is told only why another one could not be loaded, which may be the one that it requires", async () => {
    expect((await check(["./base.mjs", needy])).problems).toEqual([expect.stringMatching(/^plugins\.0: /)]);
  });
});

describe("methods and strategies made from the plugin's options", () => {
  const options = z.strictObject({ word: z.string().default("open") });
  const made = named({ options, methods: (given) => [method((given as { word: string }).word)] });

  it("get them as the schema gives them, the same object as apply", async () => {
    const given: unknown[] = [];
    const seen = named({
      options,
      methods: (now) => (given.push(now), []),
      strategies: (now) => (given.push(now), []),
    });
    const { plugins, problems } = await check([[seen, {}]]);
    expect(problems).toEqual([]);
    expect(given).toEqual([{ word: "open" }, { word: "open" }]);
    for (const one of given) expect(one).toBe(plugins[0]?.options);
  });

  it("belong to one router", async () => {
    const [first, second] = [await check([[made, { word: "one" }]]), await check([made])];
    const namesIn = ({ plugins }: typeof first) =>
      plugins.flatMap(({ plugin }) => plugin.methods).map(({ name }) => name);
    expect([namesIn(first), namesIn(second)]).toEqual([["one"], ["open"]]);
  });

  it("are not made if the options are wrong, and what they may have provided is excused", async () => {
    const { plugins, notLoaded, problems } = await check([[made, { word: 5 }]]);
    expect(plugins.map(({ plugin }) => plugin.methods)).toEqual([[]]);
    expect(notLoaded).toEqual(["p"]);
    expect(problems).toEqual([expect.stringContaining("plugins.0.1.word")]);
  });

  it.each<[string, Partial<PluginDefinition>, string]>([
    [
      "that throws",
      {
        strategies: () => {
          throw new Error("no database is named");
        },
      },
      'plugins.0: plugin "p" failed to make its strategies: no database is named',
    ],
    [
      "that gives no list",
      { methods: () => undefined as never },
      'plugins.0: plugin "p": its methods gave nothing, expected a list',
    ],
    [
      "that gives a wrong one",
      { strategies: () => [{ ...strategy, decoi: 1 } as Strategy] },
      'plugins.0: plugin "p": strategies[0] has the unknown key "decoi"; did you mean "decoy"?',
    ],
  ])("by a function %s are a problem that names the plugin", async (_what, over, expected) => {
    const { notLoaded, problems } = await check([named(over)]);
    expect(problems).toEqual([expected]);
    expect(notLoaded).toEqual(["p"]);
  });

  it("stay as they are at a reload, which makes none for a plugin that runs", async () => {
    let runs = 0;
    const counted = named({ methods: () => [method(`made ${++runs}`)] });
    const running = (await check([counted])).plugins.map(({ plugin }) => plugin);
    const { usable, plugins } = await check([counted, named({ name: "new" })], running);
    expect(usable.map(({ plugin }) => plugin)).toEqual(running);
    expect(plugins).toHaveLength(2);
    expect(runs).toBe(1);
  });

  it("are known without a config as far as their options have defaults", async () => {
    const needsWord = named({ options: z.strictObject({ word: z.string() }), methods: () => [method("m")] });
    expect((await loadedAlone(made)).methods).toHaveLength(1);
    expect((await loadedAlone(needsWord)).methods).toEqual([]);
  });
});
