import {
  acceptAs,
  Code,
  type Component,
  ConfigError,
  definePlugin,
  type Reloaded,
  type Router,
  type WampgateConfig,
} from "@wampgate/core";
import { type CapturedLog, FakeClient } from "@wampgate/plugin-testkit";
import { authenticatorOf, AUTHENTICATOR, dynamicBlock } from "./support/dynamic.ts";
import { Party } from "./support/party.ts";
import { makeRouter, OFFICIAL, startRouter } from "./support/router.ts";

const everything = { "allow-by-default": true };

/** Lets in by the hook `hello` who asks for the authid `guest`. */
const hookPlugin = definePlugin({
  name: "hook",
  core: "*",
  apply(api) {
    api.hooks.hello.tap("hook", ({ realm, authid }) =>
      authid === "guest" ? acceptAs({ realm, authid, role: "user" }, { authmethod: "hook" }) : undefined,
    );
  },
});

interface Principal {
  ticket: string;
  role: string;
  realm?: string;
  authid?: string;
}

/**
 * A config, with names for the parts of it that tests change: `joe` and `ann` come in by ticket, others too if the
 * authenticator says so, and anybody by `anonymous`.
 */
function draft() {
  const joe: Principal = { ticket: "secret", role: "user" };
  const ann: Principal = { ticket: "secret", role: "user" };
  const principals: Record<string, Principal> = { joe, ann };
  const user: Record<string, unknown> = { name: "user", ...everything };
  const other: Record<string, unknown> = { name: "other", ...everything };
  const realm1 = { name: "realm1", roles: [user, other], options: {} as Record<string, unknown> };
  const auth: Record<string, unknown> = {
    ticket: [{ type: "static", principals }, dynamicBlock],
    anonymous: { type: "static", role: "user" },
  };
  const entry: Record<string, unknown> = { type: "memory", auth };
  const config = {
    plugins: [...OFFICIAL, hookPlugin],
    realms: [
      { name: "realm-auth", roles: [authenticator] },
      realm1,
      { name: "realm2", roles: [{ name: "user", ...everything }] },
    ],
    components: [{ module: authenticatorOf(() => ({ role: "user" })), realm: "realm-auth", role: "authenticator" }],
    transports: [entry],
  };
  return { config, realm1, entry, user, auth, principals, joe };
}
type Draft = ReturnType<typeof draft>;

const authenticator = { name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] };

let router: Router;
let log: CapturedLog;
const clients: FakeClient[] = [];

function drafted(change: (changed: Draft) => unknown): WampgateConfig {
  const made = draft();
  change(made);
  return made.config as unknown as WampgateConfig;
}

/** Starts a router of the draft, changed before. */
async function start(change: (changed: Draft) => unknown = () => undefined): Promise<void> {
  ({ router, log } = await startRouter({ ...drafted(change) }));
}

function reload(change: (changed: Draft) => unknown = () => undefined): Promise<Reloaded> {
  return router.reload(drafted(change));
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await router.close();
});

function connect(): FakeClient {
  const client = new FakeClient(router.connect());
  clients.push(client);
  return client;
}

const WAYS = {
  ticket: async (client: FakeClient, authid: string): Promise<void> => {
    client.hello({ authid, authmethods: ["ticket"], roles: ROLES });
    await client.expect(Code.CHALLENGE);
    client.authenticate("secret");
  },
  anonymous: (client: FakeClient): void => client.hello({ authmethods: ["anonymous"], roles: ROLES }),
  hook: (client: FakeClient): void => client.hello({ authid: "guest", roles: ROLES }),
};
const ROLES = {
  caller: {},
  publisher: {},
  callee: { features: { registration_revocation: true } },
  subscriber: { features: { subscription_revocation: true } },
};

async function joined(way: keyof typeof WAYS = "ticket", authid = "joe"): Promise<Party> {
  const client = connect();
  await WAYS[way](client, authid);
  return new Party(client, await client.welcomed());
}

describe("after a reload a session stays", () => {
  it.each<[string, keyof typeof WAYS, string, (changed: Draft) => unknown]>([
    ["nothing has changed", "ticket", "joe", () => undefined],
    ["its ticket has, which it has shown already", "ticket", "joe", ({ joe }) => (joe.ticket = "another")],
    ["another principal is gone", "ticket", "joe", ({ principals }) => delete principals["ann"]],
    [
      "its principal gets the realm by name that it asked for",
      "ticket",
      "joe",
      ({ joe }) => Object.assign(joe, { realm: "realm1", authid: "joe" }),
    ],
    [
      "the authenticator's block is another, of the same type",
      "ticket",
      "max",
      ({ auth }) => (auth["ticket"] = { ...dynamicBlock, timeout: 1 }),
    ],
    ["its authid is one that the router chose", "anonymous", "", () => undefined],
    [
      "a hook let it in, of which the config says nothing",
      "hook",
      "guest",
      ({ config }) => (config.transports = [{ type: "memory", auth: { ticket: dynamicBlock } }]),
    ],
  ])("where %s", async (_what, way, authid, change) => {
    await start();
    const session = await joined(way, authid);
    expect(await reload(change)).toMatchObject({ closed: 0 });
    await session.hearsNothing();
  });
});

describe("after a reload a session is closed, and told why", () => {
  const here = "any more where this session came in";
  it.each<[string, keyof typeof WAYS, string, (changed: Draft) => unknown, string]>([
    [
      "its realm is gone",
      "ticket",
      "joe",
      ({ config }) => config.realms.splice(1, 1),
      "the realm realm1 is not there any more",
    ],
    [
      "its role is gone",
      "hook",
      "guest",
      ({ realm1 }) => realm1.roles.shift(),
      "the role user is not in the realm realm1 any more",
    ],
    [
      "its method is gone",
      "ticket",
      "joe",
      ({ auth }) => delete auth["ticket"],
      `the method ticket is not offered ${here}`,
    ],
    [
      "its method has no block of the type any more",
      "ticket",
      "max",
      ({ principals, auth }) => (auth["ticket"] = { type: "static", principals }),
      `logins by ticket are not decided by "dynamic" ${here}`,
    ],
    [
      "its principal is gone",
      "ticket",
      "joe",
      ({ principals }) => delete principals["joe"],
      "its principal is not there any more",
    ],
    [
      "its principal has another role",
      "ticket",
      "joe",
      ({ joe }) => (joe.role = "other"),
      "its principal has another role now",
    ],
    [
      "its principal has another realm",
      "ticket",
      "joe",
      ({ joe }) => (joe.realm = "realm2"),
      "its principal has another realm now",
    ],
    [
      "its principal has another authid",
      "ticket",
      "joe",
      ({ joe }) => (joe.authid = "joseph"),
      "its principal has another authid now",
    ],
    [
      "anonymous ones have another role",
      "anonymous",
      "",
      ({ auth }) => (auth["anonymous"] = { type: "static", role: "other" }),
      "its principal has another role now",
    ],
  ])("where %s", async (_what, way, authid, change, message) => {
    await start();
    const session = await joined(way, authid);
    expect(await reload(change)).toMatchObject({ closed: 1 });
    expect(await session.client.next()).toEqual([Code.GOODBYE, { message }, "wamp.close.killed"]);
    const left = log.lines.find(({ message: text }) => text === "session left")?.fields;
    expect(left).toMatchObject({ left: "closed", reason: "wamp.close.killed", message });
  });
});

it("a static block that fails to say whether it knows a principal costs the session, not the router", async () => {
  let fails = false;
  const broken = definePlugin({
    name: "broken",
    core: "*",
    apply(api) {
      api.hooks.principal.for("static").tap({ name: "broken", stage: -1 }, () => {
        if (fails) throw new Error("the disk is full");
        return undefined;
      });
    },
  });
  const withBroken = ({ config }: Draft): unknown => config.plugins.push(broken);
  await start(withBroken);
  const session = await joined();
  fails = true;
  expect(await reload(withBroken)).toMatchObject({ closed: 1 });
  const message = "whether it may stay could not be decided";
  expect(await session.client.next()).toEqual([Code.GOODBYE, { message }, "wamp.close.killed"]);
  expect(log.text()).toContain("the disk is full");
});

it("a component whose realm is gone leaves it, and is not started anew", async () => {
  let isOpen = (): boolean => false;
  const module: Component = (session) => void (isOpen = () => session.isOpen);
  await start(({ config }) => config.components.push({ module, realm: "realm2", role: "user" }));
  expect(isOpen()).toBe(true);
  const reloaded = await reload(({ config }) => config.realms.pop());
  expect(reloaded.closed).toBe(1);
  expect(reloaded.restart).toEqual(["components has changed; the components stay as they are until a restart"]);
  expect(isOpen()).toBe(false);
});

it("logins are decided by the new principals, realms and authenticators", async () => {
  await start();
  await reload(({ principals, config, auth }) => {
    delete principals["joe"];
    principals["eve"] = { ticket: "secret", role: "user", realm: "realm3" };
    config.realms.push({ name: "realm3", roles: [{ name: "user", ...everything }] });
    auth["ticket"] = { type: "static", principals };
  });
  expect((await joined("ticket", "eve")).welcome["realm"]).toBe("realm3");
  const client = connect();
  await WAYS.ticket(client, "joe");
  expect((await client.aborted()).reason).toBe("wamp.error.authentication_denied");
});

it("a realm that was gone and is there again has its authenticator called, once somebody registers it", async () => {
  const withoutComponents = ({ config }: Draft): unknown => (config.components = []);
  await start(withoutComponents);
  const register = (): Promise<void> | void =>
    authenticatorOf(() => ({ role: "user" }))(router.session("realm-auth", { role: "authenticator" }), undefined);
  await register();
  await joined("ticket", "max"); // the router's own session is in realm-auth by now
  await reload((changed) => {
    withoutComponents(changed);
    changed.config.realms.shift();
    changed.auth["ticket"] = { type: "static", principals: changed.principals };
  });
  await reload(withoutComponents);
  await register();
  expect((await joined("ticket", "max")).welcome["authrole"]).toBe("user");
});

describe("new permissions", () => {
  const withRules =
    (...uris: string[]) =>
    ({ realm1 }: Draft): void => {
      const rules = uris.map((uri) => ({ uri, allow: { subscribe: true, register: true, call: true } }));
      realm1.roles[0] = { name: "user", permissions: rules };
    };

  it("judge what a session asks from then on, and take away what it holds against them", async () => {
    await start(withRules("com.a", "com.b"));
    const session = await joined();
    const forbidden = [await session.subscribe("com.a"), await session.register("com.a")];
    const kept = await session.subscribe("com.b");

    expect(await reload(withRules("com.b", "com.c"))).toMatchObject({ closed: 0, revoked: 2 });
    const reason = "wamp.error.not_authorized";
    expect(await session.next(Code.UNSUBSCRIBED)).toEqual([0, { subscription: forbidden[0], reason }]);
    expect(await session.next(Code.UNREGISTERED)).toEqual([0, { registration: forbidden[1], reason }]);
    session.request(Code.SUBSCRIBE, {}, "com.a");
    expect(await session.error()).toMatchObject({ uri: "wamp.error.not_authorized" });
    expect(await session.subscribe("com.b")).toBe(kept);
    await session.register("com.c");
  });

  it("make the router forget what an authorizer has said; what it has allowed stays until the session ends", async () => {
    let answers = 0;
    const module: Component = async (session) => {
      await session.register("com.authorize", () => {
        answers++;
        return { allow: true, cache: true };
      });
    };
    const withAuthorizer = ({ realm1, config }: Draft): void => {
      realm1.roles = [
        { name: "user", authorizer: "com.authorize" },
        { name: "other", permissions: [{ uri: "com.authorize", allow: { register: true } }] },
      ];
      config.components.push({ module, realm: "realm1", role: "other" });
    };
    await start(withAuthorizer);
    const session = await joined();
    for (let n = 0; n < 2; n++) await session.publish("com.topic");
    expect(answers).toBe(1);
    const subscription = await session.subscribe("com.topic");
    expect(await reload(withAuthorizer)).toMatchObject({ closed: 0, revoked: 0, restart: [] });
    await session.publish("com.topic");
    expect(answers).toBe(3);
    expect(await session.subscribe("com.topic")).toBe(subscription);
  });
});

it("a realm's options hold from then on: limits, retained events, history, trust levels", async () => {
  await start(({ realm1 }) => {
    realm1.options = { "event-history": [{ uri: "com.old" }, { uri: "com.kept", limit: 5 }] };
  });
  const session = await joined();
  for (const topic of ["com.kept", "com.kept", "com.a", "com.b"]) await session.publish(topic, { retain: true });
  const kept = await session.ask("wamp.subscription.lookup", ["com.kept"]);
  await reload(({ realm1, user }) => {
    realm1.options = {
      "event-history": [{ uri: "com.kept", limit: 1 }, { uri: "com.new" }],
      "max-subscriptions": 1,
      "retained-topics": 1,
    };
    user["trust-level"] = 7;
  });
  expect(await session.ask("wamp.subscription.get_events", [kept])).toHaveLength(1);
  expect(await session.ask("wamp.subscription.lookup", ["com.old"])).toBeNull();
  expect(await session.ask("wamp.subscription.lookup", ["com.new"])).toEqual(expect.any(Number));
  const receiver = await joined("ticket", "ann");
  // Of the topics with a retained event the last one is left.
  await receiver.subscribe("com.", { match: "prefix", get_retained: true });
  expect((await receiver.event()).details).toMatchObject({ topic: "com.b" });
  receiver.request(Code.SUBSCRIBE, {}, "com.more");
  expect(await receiver.error()).toMatchObject({ uri: "wampgate.error.limit_exceeded" });
  await session.publish("com.c");
  expect((await receiver.event()).details).toMatchObject({ topic: "com.c", trustlevel: 7 });
});

it("an entry's limits hold for connections to come, and its realm's for sessions to come", async () => {
  await start();
  await joined();
  await reload(({ realm1, entry }) => {
    realm1.options["max-sessions-per-authid"] = 1;
    entry["max-connections"] = 3;
  });
  const again = connect();
  await WAYS.ticket(again, "joe");
  expect((await again.aborted()).reason).toBe("wampgate.error.limit_exceeded");
  await joined("ticket", "ann");
  await joined("anonymous");
  expect((await connect().aborted()).reason).toBe("wampgate.error.limit_exceeded");
});

it("a config that is wrong changes nothing, and all that is wrong in it is told", async () => {
  await start();
  const session = await joined();
  const failed = reload(({ principals, realm1, auth }) => {
    delete principals["joe"];
    realm1.options = { "uri-check": "sloppy" };
    auth["magic"] = {};
  });
  await expect(failed).rejects.toThrow(ConfigError);
  await expect(failed).rejects.toThrow(/uri-check[^]*magic/);
  await session.hearsNothing();
  await joined();
});

it("a block of a plugin that was not there at the start is refused, with the reason", async () => {
  await start();
  const magic = definePlugin({ name: "magic", core: "*" });
  const failed = reload(({ config, auth }) => {
    config.plugins.push(magic);
    auth["magic"] = { type: "static" };
  });
  await expect(failed).rejects.toThrow('the plugin "magic" was not loaded at the start; a restart loads it');
});

it("reloads that come at once happen one after the other, and the last one holds", async () => {
  await start();
  const withRealm =
    (name: string) =>
    ({ config }: Draft): unknown =>
      config.realms.push({ name, roles: [{ name: "user", ...everything }] });
  await Promise.all([reload(withRealm("realm3")), reload(withRealm("realm4"))]);
  expect(() => router.session("realm3", { role: "user" })).toThrow("no realm");
  expect(router.session("realm4", { role: "user" }).isOpen).toBe(true);
});

it("a login that was under way during the reload is judged by what the config says then", async () => {
  let welcome = (): void => undefined;
  let reached = (): void => undefined;
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  const slow = definePlugin({
    name: "slow",
    core: "*",
    apply(api) {
      api.hooks.welcome.tapPromise("slow", async () => {
        reached();
        await new Promise<void>((resolve) => (welcome = resolve));
      });
    },
  });
  const withSlow = ({ config }: Draft): unknown => config.plugins.push(slow);
  await start(withSlow);
  const client = connect();
  await WAYS.ticket(client, "joe");
  await isReached;
  await reload((changed) => {
    withSlow(changed);
    delete changed.principals["joe"];
  });
  welcome();
  expect(await client.aborted()).toEqual({
    reason: "wamp.error.authentication_failed",
    message: "its principal is not there any more",
  });
});

it("a router that has not started, or is stopping, does not reload", async () => {
  ({ router } = await makeRouter({ ...drafted(() => undefined) }));
  await expect(reload()).rejects.toThrow("has not started");
  await router.start();
  await router.close();
  await expect(reload()).rejects.toThrow("is stopping");
});
