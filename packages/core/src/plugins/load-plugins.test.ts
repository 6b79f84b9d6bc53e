import { z } from "zod";
import type { Serializer } from "../serializers/serializer.ts";
import { folderOf } from "../../../../jest/folder.ts";
import { definePlugin } from "./define.ts";
import type { PluginDefinition } from "../contract/plugin.ts";
import { CORE_VERSION, loadPlugins, type PluginEntry } from "./load-plugins.ts";

async function load(entries: PluginEntry[], from?: { folder: string; cwd: string }) {
  const complaints: string[] = [];
  const cwd = import.meta.dirname;
  const found = await loadPlugins(entries, from ?? { folder: cwd, cwd }, (index, message) =>
    complaints.push(`${index}: ${message}`),
  );
  return { names: found.map(({ plugin }) => plugin.name), complaints };
}

const BRAND = 'Symbol.for("wampgate.plugin")';
const source = (name: string): string => `export default { [${BRAND}]: true, name: "${name}", core: "*" };`;
const named = (over: Partial<PluginDefinition> = {}) => definePlugin({ name: "p", core: "*", ...over });

describe("a plugin that is named", () => {
  it("is looked for beside the config first, then in the working directory", async () => {
    const beside = await folderOf({ "both.mjs": source("beside the config") });
    const cwd = await folderOf({ "both.mjs": source("in cwd"), "only.mjs": source("only in cwd") });
    const { names, complaints } = await load(["./both.mjs", "./only.mjs"], { folder: beside, cwd });
    expect({ names, complaints }).toEqual({ names: ["beside the config", "only in cwd"], complaints: [] });
  });

  it("can be a package", async () => {
    const home = await folderOf({
      "node_modules/my-auth/package.json": '{ "name": "my-auth", "type": "module", "exports": "./main.js" }',
      "node_modules/my-auth/main.js": source("my-auth"),
    });
    expect(await load(["my-auth"], { folder: home, cwd: home })).toEqual({ names: ["my-auth"], complaints: [] });
  });

  it("can be exported as plugin, beside a default that is something else", async () => {
    const home = await folderOf({ "p.mjs": `${source("x").replace("default", "const plugin =")} export default 5;` });
    expect(await load(["./p.mjs"], { folder: home, cwd: home })).toEqual({ names: ["x"], complaints: [] });
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    ["is not installed", {}, "my-auth-nothing", /no plugin "my-auth-nothing" is installed .*; is its name right\?$/],
    ["is misspelt", {}, "@wampgate/auth-tiket", /; did you mean "@wampgate\/auth-ticket"\?$/],
    ["lacks its scope", {}, "auth-ticket", /; did you mean "@wampgate\/auth-ticket"\?$/],
    ["is official and not installed", {}, "@wampgate/metrics", /not installed; run: npm install @wampgate\/metrics$/],
    ["is a file that does not exist", {}, "./nothing.mjs", /the file "\.\/nothing\.mjs" does not exist/],
    [
      "is no plugin",
      { "p.mjs": "export default {}" },
      "./p.mjs",
      /not a wampgate plugin: its default export must be made/,
    ],
    ["throws while it loads", { "p.mjs": 'throw new Error("boom")' }, "./p.mjs", /failed to load: boom/],
    ["throws no Error", { "p.mjs": 'throw "boom"' }, "./p.mjs", /failed to load: boom/],
    [
      "lacks a dependency of its own",
      { "p.mjs": 'import "wampgate-no-such-dependency";' },
      "./p.mjs",
      /failed to load: .*wampgate-no-such-dependency/,
    ],
    ["has a broken package.json", { "node_modules/bad/package.json": "{" }, "bad", /"bad" cannot be resolved/],
  ])("and %s is told so", async (_what, files, name, expected) => {
    const home = await folderOf(files);
    const { names, complaints } = await load([name], { folder: home, cwd: home });
    expect(names).toEqual([]);
    expect(complaints).toEqual([expect.stringMatching(expected)]);
  });

  it("and fails leaves the others loaded", async () => {
    const home = await folderOf({ "good.mjs": source("good") });
    const { names, complaints } = await load(["./bad.mjs", "./good.mjs"], { folder: home, cwd: home });
    expect(names).toEqual(["good"]);
    expect(complaints).toHaveLength(1);
  });
});

describe("a plugin's range of core", () => {
  it.each([["*"], [`^${CORE_VERSION}`], [CORE_VERSION]])("%s fits", async (core) => {
    expect(await load([named({ core })])).toEqual({ names: ["p"], complaints: [] });
  });

  it("of another version is a problem that names both versions", async () => {
    const { complaints } = await load([named({ core: "^99.0.0" })]);
    expect(complaints).toEqual([expect.stringMatching(new RegExp(`core \\^99\\.0\\.0, but this is ${CORE_VERSION}`))]);
  });

  it("that is not a range is a problem", async () => {
    expect((await load([named({ core: "latest" })])).complaints).toEqual([
      expect.stringContaining("must be a semver range"),
    ]);
  });
});

describe("a key that core does not know is refused, with the one that was probably meant,", () => {
  const method = {
    name: "m",
    at: "hello",
    credential: z.object({}),
    challenge: () => undefined,
    decoy: () => undefined,
    client: { answer: () => "" },
    static: { schema: z.object({}), find: () => undefined, assignments: () => [] },
  };
  const serializer = { name: "s", binary: true, decode: () => 0, encode: () => 0, encodeTail: () => 0 };
  const transport = { type: "t", schema: z.object({}), open: () => undefined };

  it.each<[string, object, string]>([
    ["in a plugin", { strategys: [] }, 'the plugin has the unknown key "strategys"; did you mean "strategies"?'],
    [
      "in a method",
      { methods: [{ ...method, decoi: 1 }] },
      'methods[0] has the unknown key "decoi"; did you mean "decoy"?',
    ],
    [
      "in a method's static principals",
      { methods: [{ ...method, static: { ...method.static, prepar: 1 } }] },
      'methods[0].static has the unknown key "prepar"; did you mean "prepare"?',
    ],
    [
      "in the client's half",
      { methods: [{ ...method, client: { ...method.client, zzz: 1 } }] },
      'methods[0].client has the unknown key "zzz"',
    ],
    [
      "in a strategy",
      { strategies: [{ type: "s", block: z.object({}), resolve: () => undefined, call: 1 }] },
      'strategies[0] has the unknown key "call"; did you mean "calls"?',
    ],
    [
      "in a serializer",
      { serializers: [{ ...serializer, rawsocketId: 5 }] },
      'serializers[0] has the unknown key "rawsocketId"; did you mean "rawSocketId"?',
    ],
    ["in a transport", { transports: [{ ...transport, live: [] }] }, 'transports[0] has the unknown key "live"'],
  ])("%s", async (_where, over, expected) => {
    const { names, complaints } = await load([named(over)]);
    expect(names).toEqual([]);
    expect(complaints).toEqual([`0: plugin "p": ${expected}`]);
  });

  it("but an object of a class may have fields of its own", async () => {
    const made = Object.assign(Object.create(serializer) as Serializer, { cache: new Map() });
    expect(await load([named({ serializers: [made] })])).toEqual({ names: ["p"], complaints: [] });
  });
});

const command = { name: "make-key", description: "make a key", run: () => undefined };

it.each<[string, unknown, string]>([
  ["name", "", "the plugin needs name: expected a string, found a string"],
  ["apply", 5, "the plugin has a wrong apply: expected a function, found an integer"],
  ["methods", {}, "the plugin has a wrong methods: expected a list or function, found a dictionary"],
  ["methods", [5], "methods[0] must be an object, found an integer"],
  ["commands", [{ ...command, name: "start" }], 'commands[0] has the name "start", which is core\'s own'],
  ["commands", [{ ...command, name: "Make Key" }], 'commands[0] has the name "Make Key": expected small letters'],
  ["commands", [{ ...command, flags: { config: { description: "d" } } }], 'commands[0].flags has the name "config"'],
  ["commands", [{ ...command, flags: { a: { descr: "d" } } }], "commands[0].flags.a needs description"],
  ["commands", [{ ...command, arguments: [{ name: "a" }] }], "commands[0].arguments[0] needs description"],
  ["requires", [""], "requires[0] must be the name of a plugin, found a string"],
  [
    "strategies",
    [{ type: "static", block: z.object({}), resolve: () => undefined }],
    "strategies[0] claims the type static, which belongs to the methods",
  ],
  ["strategies", [{ type: "s", block: z.object({}) }], "strategies[0] needs resolve: expected a function"],
  ["serializers", [{ name: "s" }], "serializers[0] needs decode"],
  ["transports", [{ type: "t", schema: {}, start: () => undefined }], "transports[0] needs schema: expected a schema"],
])("a plugin with a wrong %s (%j) is refused with what is missing", async (key, value, expected) => {
  const { names, complaints } = await load([named({ [key]: value })]);
  expect(names).toEqual([]);
  expect(complaints.join("\n")).toContain(expected);
});
