import fc from "fast-check";
import { z } from "zod";
import { runs } from "../../../../jest/runs.ts";
import {
  config,
  load,
  PIN,
  plugin,
  problems,
  REALMS,
  realmWith,
  ruleWith,
} from "../../../../test/support/pin-config.ts";
import { ConfigError } from "../errors/config-error.ts";
import { credential } from "../hooks/answers.ts";
import { definePlugin, defineStrategy } from "../plugins/define.ts";

it("a valid config is accepted without a warning", async () => {
  const loaded = await load(config());
  expect(loaded).toMatchObject({ file: "/etc/wampgate.json", warnings: [] });
  expect(loaded.transports[0]?.auth.get("pin")?.blocks).toHaveLength(1);
});

it("all problems are reported at once, each with its path", async () => {
  const found = await problems({
    plugins: [plugin, 5],
    realmz: [],
    realms: [{ name: "realm..1", roles: [] }],
    transports: [{ type: "websockets", auth: { pin: { type: "static", principals: { joe: { pin: "1" } } } } }],
  });
  expect(found.map((line) => line.split(": ")[0])).toEqual([
    "realmz",
    "plugins[1]",
    "realms[0].name",
    "realms[0].roles",
    "transports[0].auth.pin.principals.joe.pin",
    "transports[0].type",
  ]);
});

describe("a problem says what was expected", () => {
  it.each<[string, unknown, string | RegExp]>([
    ["no mapping", [], "expected a dictionary, found a list"],
    ["an unknown key", config({ realm: [] }), 'realm: unknown key; did you mean "realms"?'],
    ["no realms", config({ realms: undefined }), "realms: expected a list with at least one member, found nothing"],
    ["no transports", config({ transports: [] }), /^transports: expected a list .* found an empty one/],
    [
      "a transport without auth",
      config({}, null),
      /to let all clients in, write auth: { anonymous: { type: static } }$/,
    ],
    ["a key of a role", config(realmWith({ permision: [] })), /permision: unknown key; did you mean "permissions"/],
    [
      "a type",
      config(realmWith({ "allow-by-default": 1 })),
      /allow-by-default: expected true or false, found an integer/,
    ],
    [
      "a word",
      config(ruleWith({ uri: "a", match: "prefx" })),
      /"prefix" or "wildcard", found a string; did you mean "prefix"/,
    ],
    [
      "a URI of a rule",
      config(ruleWith({ uri: "a..b" })),
      /permissions\[0\]\.uri: expected a URI that is legal with match: exact/,
    ],
    ["payload validation", config(ruleWith({ uri: "a", validate: {} })), /validate is not supported/],
    [
      "the reserved role",
      config({ realms: [{ name: "realm1", roles: [{ name: "user" }, { name: "trusted" }] }] }),
      /the role trusted is the router's own/,
    ],
    [
      "a role twice",
      config({ realms: [{ name: "realm1", roles: [{ name: "user" }, { name: "user" }] }] }),
      /roles\[1\]\.name: a role "user" exists already/,
    ],
    ["a realm twice", config({ realms: [...REALMS, ...REALMS] }), 'realms[1].name: a realm "realm1" exists already'],
    [
      "an unknown method",
      config({}, { pinn: PIN }),
      /auth\.pinn: no loaded plugin provides the method "pinn"; did you mean "pin"/,
    ],
    ["an official method", config({}, { ticket: PIN }), /run: npm install @wampgate\/auth-ticket/],
    [
      "a method that is left out",
      config({}, { "anonymous-proxy": PIN }),
      /anonymous-proxy is left out: it lets a client name its own/,
    ],
    [
      "an unknown strategy",
      config({}, { pin: { type: "askin" } }),
      /pin\.type: no loaded plugin provides the strategy "askin"; did you mean "asking"/,
    ],
    ["the official strategy", config({}, { pin: { type: "dynamic" } }), /npm install @wampgate\/auth-dynamic/],
    ["a function", config({}, { pin: { type: "function" } }), /npm install @wampgate\/auth-function/],
    [
      "a method without principals",
      config({}, { gate: { type: "static" } }),
      /gate\.type: the method gate has no static principals; type must be that of a strategy: asking/,
    ],
    ["an empty list of blocks", config({}, { pin: [] }), /pin: expected at least one block/],
    [
      "a key of a block",
      config({}, { pin: { ...PIN, prinzipals: {} } }),
      /pin\.prinzipals: unknown key; did you mean "principals"/,
    ],
    [
      "a key a lax schema drops",
      config({}, { pin: { type: "asking", procedure: "a.b", "asked-relm": "realm1" } }),
      /asked-relm: unknown key; did you mean "asked-realm"/,
    ],
    [
      "a principal's role",
      config({}, { pin: { type: "static", principals: { joe: { pin: "1234", role: "usr" } } } }),
      /principals\.joe\.role: no realm has a role "usr"; did you mean "user"/,
    ],
    [
      "a principal's realm",
      config({}, { pin: { type: "static", principals: { joe: { pin: "1234", role: "user", realm: "realm2" } } } }),
      /joe\.realm: no realm "realm2" is in realms; did you mean "realm1"/,
    ],
    [
      "a default role",
      config({}, { pin: { ...PIN, "default-role": "nobody" } }),
      /default-role: no realm has a role "nobody"/,
    ],
    [
      "a called realm",
      config({}, { pin: { type: "asking", procedure: "a.b", "asked-realm": "nowhere" } }),
      /asked-realm: no realm "nowhere"/,
    ],
    [
      "a deadline",
      config({ transports: [{ type: "memory", auth: { pin: PIN }, "auth-timeout": 0 }] }),
      "transports[0].auth-timeout: expected a whole number of milliseconds, at least 1, found a smaller one",
    ],
    [
      "a key that every transport has",
      config({ transports: [{ type: "memory", auth: { pin: PIN }, "auth-timout": 1 }] }),
      'transports[0].auth-timout: unknown key; did you mean "auth-timeout"?',
    ],
    [
      "a key that every block has",
      config({}, { pin: { ...PIN, "default-rol": "user" } }),
      'transports[0].auth.pin.default-rol: unknown key; did you mean "default-role"?',
    ],
    [
      "a transport without a type",
      config({ transports: [{ auth: { pin: PIN } }] }),
      "transports[0].type: expected the type of a transport, found nothing; there are: websocket, memory",
    ],
    [
      "a block without a type",
      config({}, { pin: {} }),
      "transports[0].auth.pin.type: expected where its principals come from, found nothing; write type: static or asking",
    ],
    [
      "a transport that is no dictionary",
      config({ transports: [5] }),
      "transports[0]: expected a dictionary, found an integer",
    ],
    [
      "an empty auth",
      config({}, {}),
      "transports[0].auth: a transport needs auth with at least one method, found none; to let all clients in, write auth: { anonymous: { type: static } }",
    ],
    [
      "a transport's key",
      config({ transports: [{ type: "memory", auth: { pin: PIN }, prt: 1 }] }),
      /transports\[0\]\.prt: unknown key/,
    ],
    [
      "a component's realm",
      config({ components: [{ module: () => undefined, realm: "realm9", role: "user" }] }),
      /components\[0\]\.realm: no realm "realm9"/,
    ],
    [
      "a component's role",
      config({ components: [{ module: () => undefined, realm: "realm1", role: "boss" }] }),
      /components\[0\]\.role: realm "realm1" has no role "boss"/,
    ],
    [
      "a component's module",
      config({ components: [{ module: "./nothing.js", realm: "realm1", role: "user" }] }),
      /components\[0\]\.module: .*\.\/nothing\.js/,
    ],
    ["components that are no list", config({ components: {} }), "components: expected a list, found a dictionary"],
    [
      "options for a plugin that takes none",
      config({ plugins: [[plugin, { a: 1 }]] }),
      'plugins[0][1]: the plugin "test-plugin" takes no options',
    ],
  ])("%s", async (_what, raw, expected) => {
    const found = await problems(raw);
    expect(found).toEqual([typeof expected === "string" ? expected : (expect.stringMatching(expected) as string)]);
  });
});

it("what is wrong in a transport is told at once: its own keys, those of all, and auth", async () => {
  const transport = { type: "memory", auth: { pin: {} }, "auth-timeout": "30s", nme: "a" };
  const found = await problems(config({ transports: [transport] }));
  expect(found.map((line) => line.split(": ")[0])).toEqual([
    "transports[0].auth.pin.type",
    "transports[0].auth-timeout",
    "transports[0].nme",
  ]);
});

describe("what follows from one mistake is not told as well", () => {
  it.each<[string, unknown, RegExp]>([
    [
      "a plugin that is misspelt",
      config({ plugins: [plugin, "@wampgate/auth-tickt"] }, { pin: PIN, ticket: { type: "static" } }),
      /^plugins\[1\]: .*; did you mean "@wampgate\/auth-ticket"/,
    ],
    [
      "a plugin that does not load",
      config({ plugins: [plugin, "./nowhere.js"] }, { pin: { type: "ldap" }, mine: { type: "static" } }),
      /^plugins\[1\]: the file "\.\/nowhere\.js" does not exist/,
    ],
    [
      "a role without its name",
      config({ realms: [{ name: "realm1", roles: [{ nam: "user" }] }] }),
      /roles\[0\]\.nam: /,
    ],
    [
      "a list of roles with a hole in it",
      config(
        { realms: [{ name: "realm1", roles: Object.assign([], { 1: { name: "user" } }) }] },
        { pin: { type: "static", "default-role": "usr", principals: {} } },
      ),
      /^realms\[0\]\.roles\[0\]: /,
    ],
    [
      "a list of blocks with a hole in it",
      config({}, { pin: Object.assign([], { 1: { type: "static", principals: {} } }) }),
      /^transports\[0\]\.auth\.pin\[0\]: expected a dictionary, found nothing/,
    ],
    [
      "a realm without its name",
      config({ realms: [{ nme: "realm1", roles: [{ name: "user" }] }] }),
      /^realms\[0\]\.nme: /,
    ],
    [
      "variables that are not set",
      config({ "shutdown-timeout": "${WG_NOT_SET}", log: { buffer: "${WG_NOT_SET}" } }),
      /^(shutdown-timeout|log\.buffer): the environment variable WG_NOT_SET is not set/,
    ],
  ])("%s", async (_what, raw, expected) => {
    const found = await problems(raw);
    expect(found.filter((line) => !expected.test(line))).toEqual([]);
    expect(found.length).toBeGreaterThan(0);
  });
});

it("a secret is in no message", async () => {
  const secret = "a-very-secret-pin";
  const block = { type: "static", principals: { joe: { pin: { nested: secret }, role: "user" }, ann: secret } };
  const found = await problems(config({ [secret]: undefined, realms: secret }, { pin: block }));
  expect(found.filter((line) => !line.startsWith(secret)).join("\n")).not.toContain(secret);
});

describe("a value from the environment", () => {
  const { env } = process;
  beforeEach(() => {
    process.env = { ...env, WG_NUMBER: "5", WG_YES: "true", WG_TEXT: "1234" };
  });
  afterEach(() => {
    process.env = env;
  });

  it("becomes a number or a boolean if one is expected, else stays a string", async () => {
    const block = {
      type: "static",
      attempts: "${WG_NUMBER}",
      loud: "${WG_YES}",
      principals: { joe: { pin: "${WG_TEXT}", role: "user" } },
    };
    const loaded = await load(config({}, { pin: block }));
    expect(loaded.transports[0]?.auth.get("pin")?.blocks[0]?.value).toEqual({
      attempts: 5,
      loud: true,
      principals: { joe: { pin: "1234", role: "user" } },
    });
  });

  it("does not become a number if it is a literal string", async () => {
    const found = await problems(config({}, { pin: { ...PIN, attempts: "5" } }));
    expect(found).toEqual([expect.stringMatching(/attempts: expected a whole number|attempts: expected a number/)]);
  });
});

it.each([
  ["a.b.c", "a.b.c", "exact"],
  ["*", "", "prefix"],
  ["a.b.*", "a.b.", "prefix"],
  ["a.*.c", "a..c", "wildcard"],
  ["*.b.*", ".b.", "wildcard"],
])("a rule for %s without match is read as Crossbar reads it", async (written, uri, match) => {
  const loaded = await load(config(ruleWith({ uri: written })));
  expect(loaded.realms[0]?.roles[0]?.permissions?.[0]).toMatchObject({ uri, match });
});

it("a plugin that fails at its block is reported with the block's path", async () => {
  const broken = definePlugin({
    name: "broken",
    core: "*",
    strategies: [
      defineStrategy({
        type: "broken",
        block: z.object({}),
        resolve: () => credential({}),
        calls: () => {
          throw new Error("out of order");
        },
      }),
    ],
  });
  const found = await problems(config({ plugins: [plugin, broken] }, { pin: { type: "broken" } }));
  expect(found).toEqual(["transports[0].auth.pin: the plugin failed to read it: out of order"]);
});

it("any JSON as a config is refused with a ConfigError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (raw) => {
      await expect(load(raw)).rejects.toBeInstanceOf(ConfigError);
    }),
    runs(200),
  );
});

it("any JSON at a key of a valid config is accepted, or refused with a ConfigError", async () => {
  const places = [
    (value: unknown) => config({ realms: value }),
    (value: unknown) => config({ transports: value }),
    (value: unknown) => config({ components: [value] }),
    (value: unknown) => config({ plugins: [plugin, value] }),
    (value: unknown) => config({}, value),
    (value: unknown) => config({}, { pin: value }),
    (value: unknown) => config(realmWith({ permissions: value })),
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), fc.jsonValue(), async (place, value) => {
      const outcome: unknown = await load(place(value)).catch((error: unknown) => error);
      expect(outcome instanceof ConfigError || !(outcome instanceof Error)).toBe(true);
    }),
    runs(300),
  );
});
