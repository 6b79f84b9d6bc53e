import { Code, type Component, ConfigError, type RealmConfig, type Router, type WampgateConfig } from "@wampgate/core";
import { FakeClient } from "@wampgate/plugin-testkit";
import { makeRouter, OFFICIAL } from "./support/router.ts";

// `router.update`: a program changes the config at run time.

const role = (name: string) => ({ name, "allow-by-default": true });
const shop = { name: "shop", roles: [role("user")] };
const component: Component = () => undefined;

let router: Router;
afterEach(() => router.close());

async function start(more: object = {}): Promise<void> {
  ({ router } = await makeRouter({
    realms: [{ name: "realm1", roles: [role("user")] }],
    components: [{ module: component, realm: "realm1", role: "user" }],
    transports: [{ type: "memory", auth: { anonymous: { type: "static", role: "user" } } }],
    ...more,
  }));
  await router.start();
}

const added = (...realms: WampgateConfig["realms"]) =>
  router.update((config) => ({ ...config, realms: [...config.realms, ...realms] }));

/** The config in effect. */
async function current(): Promise<WampgateConfig> {
  let seen: WampgateConfig | undefined;
  await router.update((config) => (seen = config));
  return seen as WampgateConfig;
}

async function login(realm: string): Promise<unknown> {
  const client = new FakeClient(router.connect());
  client.hello({ realm, authmethods: ["anonymous"] });
  const [code, ...rest] = await client.next();
  client.close();
  return code === Code.WELCOME ? "welcome" : rest[1];
}

it("a realm that is added lets clients in, without a restart, and the sessions that are there stay", async () => {
  await start();
  const there = router.session("realm1", { role: "user" });
  expect(await login("shop")).toBe("wamp.error.no_such_realm");
  expect(await added(shop)).toEqual({
    realms: { added: 1, removed: 0, changed: 0 },
    transports: { opened: 0, closed: 0 },
    closed: 0,
    revoked: 0,
    restart: [],
    problems: [],
  });
  expect(await login("shop")).toBe("welcome");
  expect(there.isOpen).toBe(true);
});

it("a role that is removed ends its sessions, and a changed rule takes away what it forbids", async () => {
  await start({ realms: [{ name: "realm1", roles: [role("user"), role("guest")] }] });
  const [user, guest] = ["user", "guest"].map((name) => router.session("realm1", { role: name }));
  await user?.register("com.example.a", () => 1);
  const changed = await router.update((config) => ({
    ...config,
    realms: [{ name: "realm1", roles: [{ name: "user", permissions: [] }] }],
  }));
  expect(changed).toMatchObject({ realms: { changed: 1 }, closed: 1, revoked: 1 });
  expect([user?.isOpen, guest?.isOpen]).toEqual([true, false]);
});

it("updates at the same time follow one another, each with what the one before it has made", async () => {
  await start();
  await Promise.all([added({ ...shop, name: "a" }), added({ ...shop, name: "b" }), added({ ...shop, name: "c" })]);
  expect((await current()).realms.map(({ name }) => name)).toEqual(["realm1", "a", "b", "c"]);
});

it("a mistake changes nothing, whatever was written into the copy, and the next update begins at the old config", async () => {
  await start();
  const wrong = router.update((config) => {
    (config.realms as RealmConfig[]).push({ ...shop, roles: [{ name: "user", "allow-by-defualt": true } as never] });
    return config;
  });
  await expect(wrong).rejects.toThrow(ConfigError);
  await expect(wrong).rejects.toThrow(
    'realms[1].roles[0].allow-by-defualt: unknown key; did you mean "allow-by-default"?',
  );
  await expect(router.update(() => undefined as never)).rejects.toThrow(ConfigError);
  const thrown = router.update(() => {
    throw new Error("no such tenant");
  });
  await expect(thrown).rejects.toThrow("no such tenant");
  expect((await current()).realms.map(({ name }) => name)).toEqual(["realm1"]);
  expect(await login("shop")).toBe("wamp.error.no_such_realm");
});

it("what was given before cannot change the config later: each change goes through an update", async () => {
  await start();
  const old = await current();
  const given = { ...old, realms: [...old.realms, shop] };
  await router.update(() => given);
  given.realms.pop();
  expect((await current()).realms.map(({ name }) => name)).toEqual(["realm1", "shop"]);
});

it("the config is as it was written: with its variables, plugins and functions, and as a reload has left it", async () => {
  process.env["SHOP_TICKET"] = "sesame";
  const transports = [
    {
      type: "memory",
      auth: { ticket: { type: "static", principals: { joe: { ticket: "${SHOP_TICKET}", role: "user" } } } },
    },
  ];
  await start({ transports });
  const written = await current();
  expect(written.transports).toEqual(transports);
  expect(written.plugins).toEqual(OFFICIAL);
  (written.plugins ?? []).forEach((plugin, i) => expect(plugin).toBe(OFFICIAL[i]));
  expect(written.components?.[0]?.module).toBe(component);
  await router.reload({ ...written, realms: [...written.realms, shop] });
  expect((await current()).realms.map(({ name }) => name)).toEqual(["realm1", "shop"]);
});

it("what needs a restart is told, at each update until then", async () => {
  await start();
  const sentence = "components has changed; the components stay as they are until a restart";
  expect((await router.update((config) => ({ ...config, components: [] }))).restart).toEqual([sentence]);
  expect((await added(shop)).restart).toEqual([sentence]);
});

it("a router that does not run is not changed", async () => {
  ({ router } = await makeRouter({
    realms: [shop],
    transports: [{ type: "memory", auth: { anonymous: { type: "static", role: "user" } } }],
  }));
  await expect(added({ ...shop, name: "more" })).rejects.toMatchObject({ code: "WG_NOT_RUNNING" });
});
