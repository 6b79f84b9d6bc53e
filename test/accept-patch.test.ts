import {
  accept,
  acceptAs,
  credential,
  defineMethod,
  definePlugin,
  deny,
  type Router,
  unknown,
  type Verdict,
  type AuthConfig,
  type WampgateConfig,
  z,
} from "@wampgate/core";
import { type CapturedLog, FakeClient } from "@wampgate/plugin-testkit";
import { makeRouter, startRouter } from "./support/router.ts";

// What a method makes of the principal that was found: accept() changes it, acceptAs() names another one.

type Users = Record<string, { role: string }>;

let router: Router;
let log: CapturedLog;
let client: FakeClient;

/** A method that knows its users by name alone, a client without one as guest, and then answers as told. */
function methodThat(answers: () => Verdict, asks = true) {
  return definePlugin({
    name: "by-name",
    core: "*",
    methods: [
      defineMethod<unknown, { users: Users }>({
        name: "name",
        at: "hello",
        credential: z.unknown(),
        challenge: async (attempt) => {
          if (asks) await attempt.resolvePrincipal();
          return answers();
        },
        static: {
          schema: z.object({ users: z.record(z.string(), z.object({ role: z.string() })) }),
          find: ({ authid }, { users }) => {
            const name = (authid ?? "guest").replace(/-1$/, "");
            const user = users[name];
            if (user === undefined) return unknown();
            return credential(null, {
              realm: "realm1",
              authid: `${name}-1`,
              role: user.role,
              extra: { found: 1, both: 1 },
            });
          },
          assignments: ({ users }) =>
            Object.entries(users).map(([authid, { role }]) => ({ path: ["users", authid], role })),
        },
        decoy: () => credential(null),
      }),
    ],
  });
}

function configOf(plugin: ReturnType<typeof methodThat>, users: Users): WampgateConfig {
  const everything = { "allow-by-default": true };
  return {
    plugins: [plugin],
    realms: [
      {
        name: "realm1",
        roles: [
          { name: "user", ...everything },
          { name: "admin", ...everything },
        ],
      },
      { name: "realm2", roles: [{ name: "user", ...everything }] },
    ],
    transports: [{ type: "memory", auth: { name: { type: "static", users } } as AuthConfig }],
  };
}

async function logIn(plugin: ReturnType<typeof methodThat>, authid: string | null = "joe"): Promise<FakeClient> {
  ({ router, log } = await startRouter({ ...configOf(plugin, { joe: { role: "user" }, guest: { role: "user" } }) }));
  client = new FakeClient(router.connect());
  client.hello({ realm: "realm2", authid, authmethods: ["name"] });
  return client;
}

afterEach(async () => {
  client.close();
  await router.close();
});

it("accept() with extra keeps the realm, authid and role that were found, and merges extra by key", async () => {
  client = await logIn(methodThat(() => accept({ extra: { both: 2, added: 2 } })));
  expect(await client.welcomed()).toMatchObject({
    realm: "realm1",
    authid: "joe-1",
    authrole: "user",
    authprovider: "static",
    authextra: { found: 1, both: 2, added: 2 },
  });
});

it("accept() with a role, realm or authid replaces just that", async () => {
  client = await logIn(methodThat(() => accept({ role: "admin" })));
  expect(await client.welcomed()).toMatchObject({ realm: "realm1", authid: "joe-1", authrole: "admin" });
});

it.each([
  ["with extra", { extra: { added: 2 } }],
  ["with another role", { role: "admin" }],
])(
  "a session that was let in by accept() %s stays at a reload, until its user is gone from the config",
  async (_, patch) => {
    const plugin = methodThat(() => accept(patch));
    client = await logIn(plugin);
    await client.welcomed();
    expect(await router.reload(configOf(plugin, { joe: { role: "user" }, ann: { role: "user" } }))).toMatchObject({
      closed: 0,
    });
    expect(await router.reload(configOf(plugin, { ann: { role: "user" } }))).toMatchObject({ closed: 1 });
  },
);

it("a session whose authid the method changed is looked for by the one that its user was assigned", async () => {
  const plugin = methodThat(() => accept({ authid: "changed" }));
  client = await logIn(plugin, null);
  expect(await client.welcomed()).toMatchObject({ authid: "changed" });
  const users = { guest: { role: "user" } };
  expect(await router.reload(configOf(plugin, { ...users, ann: { role: "user" } }))).toMatchObject({ closed: 0 });
  expect(await router.reload(configOf(plugin, { guest: { role: "admin" } }))).toMatchObject({ closed: 1 });
});

it("acceptAs() lets a method that asks no strategy name the principal itself", async () => {
  const plugin = methodThat(() => acceptAs({ authid: "ann", role: "user" }, { provider: "mine" }), false);
  client = await logIn(plugin);
  expect(await client.welcomed()).toMatchObject({ realm: "realm2", authid: "ann", authprovider: "mine" });
});

it.each([
  ["acceptAs() after a principal was found", () => acceptAs({ role: "user" }), true, /answered acceptAs\(\) though/],
  [
    "accept() with a key that core does not know",
    () => accept({ rolle: "admin" } as never),
    true,
    /expected accept\(\)/,
  ],
  ["accept() where no strategy was asked", () => accept({ role: "user" }), false, /acceptAs\(\) names one/],
])("%s denies the login, and the log says what to write instead", async (_, answers, asks, said) => {
  client = await logIn(methodThat(answers, asks));
  expect(await client.aborted()).toMatchObject({ reason: "wamp.error.authentication_failed" });
  expect(log.text()).toMatch(said);
});

it("accept() from the hook hello denies the login, and the log says what to write instead", async () => {
  const plugin = methodThat(() => deny());
  ({ router, log } = await makeRouter({ ...configOf(plugin, { joe: { role: "user" } }) }));
  router.hooks.hello.tap("hasty", () => accept({ role: "user" }));
  await router.start();
  client = new FakeClient(router.connect());
  client.hello({ authid: "joe", authmethods: ["name"] });
  expect(await client.aborted()).toMatchObject({ reason: "wamp.error.authentication_failed" });
  expect(log.text()).toMatch(/plugin "hasty" answered accept\(\) in hello.*acceptAs\(\) names one/);
});
