import { ConfigError, isDict } from "@wampgate/core";
import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { type LoadedConfig, loadConfig } from "../packages/core/src/config/load.ts";
import { NAMED } from "../packages/core/src/router/builtin.ts";
import { FUZZ_TIME } from "./support/fuzz.ts";
import { OFFICIAL } from "./support/router.ts";

// Whatever a config holds, it is accepted, or refused by a ConfigError that shows none of its secrets.

const SECRETS = ["sesame-ticket", "sesame-secret", "sesame-password"] as const;

/** A config that uses most of what there is. */
const SOUND = {
  plugins: OFFICIAL,
  realms: [
    {
      name: "realm1",
      roles: [
        {
          name: "user",
          permissions: [
            { uri: "com.example.", match: "prefix", allow: { call: true, publish: true }, disclose: { caller: true } },
            { uri: "com.*.b", allow: { subscribe: true } },
          ],
          "trust-level": 1,
        },
        { name: "asked", authorizer: "com.example.authorize", "authorizer-realm": "realm2" },
      ],
      options: { "uri-check": "strict", "event-history": [{ uri: "com.example.news", limit: 5 }] },
    },
    {
      name: "realm2",
      roles: [
        {
          name: "authenticator",
          permissions: ["authenticate", "authorize"].map((name) => ({
            uri: `com.example.${name}`,
            allow: { register: true },
          })),
        },
      ],
    },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      path: "/ws",
      serializers: ["json"],
      "max-message-size": 4096,
      "auth-timeout": 1000,
      auth: {
        anonymous: { type: "static", role: "user" },
        ticket: [
          { type: "static", principals: { joe: { ticket: SECRETS[0], role: "user" } } },
          { type: "dynamic", authenticator: "com.example.authenticate", "authenticator-realm": "realm2", wait: 10 },
        ],
        wampcra: {
          type: "static",
          "default-role": "user",
          users: {
            joe: { secret: SECRETS[1] },
            pia: { password: SECRETS[2], salt: "salt", iterations: 10, keylen: 16, extra: { a: [1] } },
          },
        },
      },
    },
    {
      type: "rawsocket",
      endpoint: { type: "unix", path: "/tmp/fuzz" },
      auth: { anonymous: { type: "static", role: "user" } },
    },
  ],
  components: [{ module: () => undefined, realm: "realm2", role: "authenticator", config: { a: 1 }, timeout: 10 }],
};

type Place = readonly (string | number)[];

/** Where something stands in the config; what a plugin holds is its own. */
function places(value: unknown, at: Place = []): Place[] {
  const inner = Array.isArray(value) || isPlain(value) ? Object.entries(value) : [];
  return [at, ...inner.flatMap(([key, item]) => places(item, [...at, Array.isArray(value) ? Number(key) : key]))];
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  isDict(value) && Object.getOwnPropertySymbols(value).length === 0;

/** A copy of `root` in which `change` was done to what stands at `at`. */
function changedAt(root: unknown, [key, ...rest]: Place, change: (value: unknown) => unknown): unknown {
  if (key === undefined) return change(root);
  if (Array.isArray(root)) return root.map((item, i): unknown => (i === key ? changedAt(item, rest, change) : item));
  if (!isPlain(root)) return root;
  const entries = Object.entries(root).map(([name, item]) => [
    name,
    name === key ? changedAt(item, rest, change) : item,
  ]);
  return Object.fromEntries(entries) as unknown;
}

const names = ["__proto__", "constructor", "prototype", "toString", "type", "realm", "", "0", "then"];
const anything = fc.oneof(
  fc.anything({
    key: fc.oneof(fc.string(), fc.constantFrom(...names)),
    maxDepth: 3,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
  fc.constantFrom<unknown>(...names, "${HOME}", "${nobody sets this}", "$${x}", "*", -1, 2 ** 31, NaN, Infinity),
  fc.constantFrom<unknown>(Symbol("name"), () => 1, Map, new Error("error"), /regex/, Promise.resolve(1)),
  fc.nat(120).map((depth) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ a: [inner] }), null)),
);

/** Something that is done to the value at one place. */
const change: fc.Arbitrary<(value: unknown) => unknown> = fc.oneof(
  anything.map((value) => () => value),
  fc.constant((value: unknown) =>
    Array.isArray(value) ? [...(value as unknown[]), ...(value as unknown[])] : [value],
  ),
  fc.constant((value: unknown) => ({ value, held: value })),
  fc.tuple(fc.oneof(fc.string(), fc.constantFrom(...names)), anything).map(([key, item]) => (value: unknown) => {
    if (!isPlain(value)) return item;
    const copy = { ...value };
    Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
    return copy;
  }),
  fc.nat(20).map((n) => (value: unknown) => {
    if (!isPlain(value)) return undefined;
    return Object.fromEntries(Object.entries(value).filter((_entry, i, all) => i !== n % all.length));
  }),
);

const load = (raw: unknown): Promise<LoadedConfig> => {
  const from = import.meta.dirname;
  return loadConfig({ file: "/etc/fuzz.json", folder: from, raw }, { cwd: from, ...NAMED });
};

/** Loads, and expects nothing but an answer. */
async function expectAnswer(raw: unknown): Promise<void> {
  try {
    await load(raw);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const secret of SECRETS) expect(error.message).not.toContain(secret);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect({}).not.toHaveProperty("a");
}

it("the config that all others are made of is sound", async () => {
  await expect(load(SOUND)).resolves.toMatchObject({ warnings: [] });
});

it(
  "a sound config that was changed is loaded, or refused by a ConfigError without its secrets",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 4 }), async (changes) => {
        let raw: unknown = SOUND;
        for (const [n, alter] of changes) {
          const all = places(raw);
          raw = changedAt(raw, all[n % all.length] ?? [], alter);
        }
        await expectAnswer(raw);
      }),
      runs(300),
    );
  },
  FUZZ_TIME,
);

it(
  "so is a config that is anything at all",
  async () => {
    await fc.assert(fc.asyncProperty(anything, expectAnswer), runs(500));
  },
  FUZZ_TIME,
);

it("a config that holds itself is refused", async () => {
  const round: Record<string, unknown> = { ...SOUND };
  round["realms"] = [{ name: "realm1", roles: [round] }];
  round["components"] = round;
  await expectAnswer(round);
  await expect(load(round)).rejects.toThrow("goes in a circle");
});
