import { join, resolve } from "node:path";
import { definePlugin, type LocalSession, type PluginApi, type WampgateConfig } from "@wampgate/core";
import { makeRouter, OFFICIAL } from "./support/router.ts";

// `api.session` and `api.resolve` of a plugin.

const realms = [
  {
    name: "realm1",
    roles: [
      { name: "user", "allow-by-default": true },
      { name: "clock", permissions: [{ uri: "com.clock.", match: "prefix", allow: { register: true, call: true } }] },
    ],
  },
  { name: "realm2", roles: [{ name: "clock", "allow-by-default": true }] },
];
const transports = [{ type: "memory", auth: { anonymous: { type: "static", role: "user" } } }];

let close = (): Promise<void> => Promise.resolve();
afterEach(() => close());

/** A router whose plugin is ready to be asked: what it may do, and the router. */
async function started(apply: (api: PluginApi) => void = () => undefined) {
  let api: PluginApi | undefined;
  const plugin = definePlugin({
    name: "clock-plugin",
    core: "*",
    apply(given) {
      api = given;
      apply(given);
    },
  });
  const plugins = [...OFFICIAL, plugin];
  const made = await makeRouter({ plugins, realms, transports });
  close = () => made.router.close();
  await made.router.start();
  const reload = (changed: readonly object[]) =>
    made.router.reload({ plugins, realms: changed, transports } as unknown as WampgateConfig);
  return { ...made, api: api as PluginApi, reload };
}

it("a plugin's session joins a realm with the role and the authid that it names; others see it as any session", async () => {
  const { api, router } = await started();
  const joined: unknown[] = [];
  const watcher = router.session("realm1", { role: "user" });
  await watcher.subscribe("wamp.session.on_join", ([details]) => void joined.push(details));
  const { info } = api.session("realm1", { role: "clock", authid: "big-ben" });
  expect(info).toMatchObject({ realm: "realm1", authid: "big-ben", authrole: "clock", authprovider: "plugin" });
  await watcher.call("wamp.session.count");
  expect(joined).toMatchObject([{ session: info.session, authid: "big-ben", authrole: "clock" }]);
  expect(api.session("realm1", { role: "clock" }).info.authid).toBe("clock-plugin");
});

it("the rules of its role hold for it", async () => {
  const { api, router } = await started();
  const session = api.session("realm1", { role: "clock" });
  await session.register("com.clock.now", () => "noon");
  await expect(session.register("com.other", () => "noon")).rejects.toMatchObject({ uri: "wamp.error.not_authorized" });
  expect(await router.session("realm1", { role: "user" }).call("com.clock.now")).toBe("noon");
});

it("it may join in the hook `starting`, before the first client can come", async () => {
  const { router } = await started((api) =>
    api.hooks.starting.tapPromise("clock-plugin", async () => {
      await api.session("realm1", { role: "clock" }).register("com.clock.now", () => "noon");
    }),
  );
  expect(await router.session("realm1", { role: "user" }).call("com.clock.now")).toBe("noon");
});

it("in apply, and after the end, none can join: it would never be ended", async () => {
  const plugin = definePlugin({
    name: "hasty",
    core: "*",
    apply: (api) => void api.session("realm1", { role: "user" }),
  });
  await expect(makeRouter({ plugins: [...OFFICIAL, plugin], realms, transports })).rejects.toThrow(
    'plugin "hasty" asked for a session in process before the router started, or after it had closed',
  );
  const { api, router } = await started();
  await router.close();
  expect(() => api.session("realm1", { role: "user" })).toThrow(
    expect.objectContaining({ code: "WG_PLUGIN_SESSION" }) as Error,
  );
});

it.each([
  ["realm9", "user", "WG_NO_REALM"],
  ["realm1", "king", "WG_NO_ROLE"],
])("a realm or a role that the config does not have is an error: %s, %s", async (realm, role, code) => {
  const { api } = await started();
  expect(() => api.session(realm, { role })).toThrow(expect.objectContaining({ code }) as Error);
});

/** Makes a call that is never answered. @returns `outcome()`: what it rejects with */
async function pendingCall(session: LocalSession): Promise<{ outcome: () => Promise<unknown> }> {
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((done) => (asked = done));
  await session.register("com.clock.never", () => (asked(), new Promise(() => undefined)));
  const outcome = session.call("com.clock.never").catch((error: unknown) => error);
  await isAsked;
  return { outcome: () => outcome };
}

it("a reload that removes its realm ends it, with its pending calls; one that brings the realm back lets it join again", async () => {
  const { api, router, reload } = await started();
  const session = api.session("realm2", { role: "clock" });
  const others = api.session("realm1", { role: "clock" });
  const { outcome } = await pendingCall(session);
  expect(await reload(realms.slice(0, 1))).toMatchObject({ closed: 1 });
  expect(await outcome()).toMatchObject({ uri: "wamp.error.canceled" });
  expect([session.isOpen, others.isOpen]).toEqual([false, true]);
  expect(() => api.session("realm2", { role: "clock" })).toThrow('no realm "realm2"');
  await reload(realms);
  expect(api.session("realm2", { role: "clock" }).isOpen).toBe(true);
  expect(router.sessionCount.local).toBe(2);
});

it("a reload that removes its role ends it", async () => {
  const { api, reload } = await started();
  const session = api.session("realm1", { role: "clock" });
  const [{ roles, ...realm1 }, realm2] = realms as [(typeof realms)[0], (typeof realms)[0]];
  await reload([{ ...realm1, roles: roles.slice(0, 1) }, realm2]);
  expect(session.isOpen).toBe(false);
});

it("the end of the router ends it, with its pending calls", async () => {
  const { api, router } = await started();
  const session = api.session("realm2", { role: "clock" });
  const { outcome } = await pendingCall(session);
  await router.close();
  expect(await outcome()).toMatchObject({ uri: "wamp.error.canceled" });
  expect(session.isOpen).toBe(false);
});

it("what its handlers throw is logged in the plugin's name", async () => {
  const { api, router, log } = await started();
  await api.session("realm1", { role: "clock" }).register("com.clock.now", () => {
    throw new Error("the spring is broken");
  });
  await router
    .session("realm1", { role: "user" })
    .call("com.clock.now")
    .catch(() => undefined);
  expect(log.lines.find(({ message }) => message === "a procedure failed")?.fields).toMatchObject({
    plugin: "clock-plugin",
    procedure: "com.clock.now",
  });
});

it.each<[string, object, string]>([
  ["the config's file", { cwd: "/srv/app", file: "etc/wampgate.config.yaml" }, "/srv/app/etc/keys/router.key"],
  ["the working directory of a config in code", { cwd: "/srv/app" }, "/srv/app/keys/router.key"],
])("paths of a plugin's options are relative to %s", async (_what, options, expected) => {
  const found: string[] = [];
  const plugin = definePlugin({
    name: "p",
    core: "*",
    apply: ({ resolve: resolved }) =>
      void found.push(resolved(join("keys", "router.key")), resolved("/etc/router.key")),
  });
  const { router } = await makeRouter({ plugins: [...OFFICIAL, plugin], realms, transports }, options);
  await router.close();
  expect(found).toEqual([resolve(expected), resolve("/etc/router.key")]);
});
