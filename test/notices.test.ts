import { type ActionDenied, Code, definePlugin, type SessionEnd } from "@wampgate/core";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw, type RawClient } from "./support/raw-client.ts";

// What the notices `left` and `actionDenied` tell.

let running: LimitedRouter;
let ends: SessionEnd[];
let denials: ActionDenied[];
let left: Promise<void>;
afterEach(() => running.close());

const roles = [
  { name: "guest", permissions: [{ uri: "com.open", allow: { subscribe: true } }] },
  { name: "admin", permissions: [{ uri: "wamp.session.kill", allow: { call: true } }] },
];
const auth = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { guest: { ticket: "t", role: "guest" } } },
};

beforeEach(async () => {
  [ends, denials] = [[], []];
  let tell = (): void => undefined;
  left = new Promise((resolve) => (tell = resolve));
  const witness = definePlugin({
    name: "witness",
    core: "*",
    apply({ hooks }) {
      hooks.left.tap("witness", (_session, end) => {
        ends.push(end);
        tell();
      });
      hooks.actionDenied.tap("witness", (denied) => void denials.push(denied));
    },
  });
  running = await startLimited([transport({ auth })], { plugins: [witness], roles });
});

async function login(authid?: string): Promise<RawClient & { id: number }> {
  const client = await connectRaw(running.url);
  client.hello(authid === undefined ? { authmethods: ["anonymous"] } : { authid, authmethods: ["ticket"] });
  if (authid !== undefined) {
    await client.expect(Code.CHALLENGE);
    client.authenticate("t");
  }
  return Object.assign(client, { id: (await client.welcomed()).session });
}

describe("left tells who ended a session, and why", () => {
  it.each<[string, (client: RawClient & { id: number }) => unknown, SessionEnd]>([
    ["its GOODBYE", (client) => client.send(Code.GOODBYE, {}, "com.bye"), { by: "client", reason: "com.bye" }],
    ["its connection", (client) => client.socket.terminate(), { by: "client", reason: null }],
    [
      "its broken protocol",
      (client) => client.send(Code.WELCOME, 1, {}),
      { by: "client", reason: "wamp.error.protocol_violation" },
    ],
    [
      "a killer",
      async ({ id }) => {
        const killer = running.router.session("realm1", { role: "admin" });
        await killer.call("wamp.session.kill", [id], { reason: "com.enough" });
      },
      { by: "kill", reason: "com.enough" },
    ],
    ["the router's end", () => running.router.close(), { by: "router", reason: "wamp.close.system_shutdown" }],
  ])("%s", async (_, end, told) => {
    const client = await login();
    await end(client);
    await left;
    expect(ends[0]).toEqual(told);
  });
});

it("actionDenied tells of each denied action, with its rule, also of those that the log leaves out", async () => {
  const client = await login("guest");
  for (let i = 1; i <= 3; i++) {
    client.send(Code.SUBSCRIBE, i, {}, "com.secret");
    await client.expect(Code.ERROR);
  }
  client.send(Code.REGISTER, 4, {}, "com.open");
  await client.expect(Code.ERROR);
  const session = expect.objectContaining({ authid: "guest", authrole: "guest" }) as unknown;
  const who = { at: expect.any(Number) as unknown, session, realm: "realm1", role: "guest" };
  const file = expect.any(String) as unknown;
  const subscribe = {
    ...who,
    ...{ action: "subscribe", uri: "com.secret", match: "exact", by: "no-rule", rule: "no rule" },
    config: { path: "realms[0].roles[1]", file, line: null },
  };
  const byRule = { by: "rule", rule: expect.stringContaining("com.open") as unknown };
  expect(denials).toEqual([
    subscribe,
    subscribe,
    subscribe,
    {
      ...{ ...who, action: "register", uri: "com.open", match: "exact", ...byRule },
      config: { path: "realms[0].roles[1].permissions[0]", file, line: null },
    },
  ]);
});

describe("actionDenied tells what denied an action, and where that stands in the config", () => {
  const AUTHORIZER = "com.example.authorize";
  const asked = [
    { name: "asked", authorizer: AUTHORIZER },
    { name: "hooked" },
    { name: "free", "allow-by-default": true },
    { name: "authorizer", permissions: [{ uri: AUTHORIZER, allow: { register: true } }] },
  ];
  const principals = Object.fromEntries(asked.map(({ name }) => [name, { ticket: "t", role: name }]));

  beforeEach(async () => {
    await running.close();
    const witness = definePlugin({
      name: "witness",
      core: "*",
      apply({ hooks }) {
        hooks.authorize.tap("witness", () => ({ allow: false }));
        hooks.actionDenied.tap("witness", (denied) => void denials.push(denied));
      },
    });
    const entry = transport({ auth: { ticket: { type: "static", principals } } });
    running = await startLimited([entry], { plugins: [witness], roles: asked });
    await running.router.session("realm1", { role: "authorizer" }).register(AUTHORIZER, () => false);
  });

  it.each<[string, [code: number, id: number, options: { match?: string }, uri: string], string, string]>([
    ["asked", [Code.SUBSCRIBE, 1, { match: "prefix" }, "com.a."], "authorizer", "realms[0].roles[1].authorizer"],
    ["hooked", [Code.CALL, 1, {}, "com.a"], "hook", "realms[0].roles[2]"],
    ["free", [Code.REGISTER, 1, {}, AUTHORIZER], "guard", "realms[0].roles[3]"],
  ])("%s", async (authid, message, by, path) => {
    const client = await login(authid);
    client.send(...message);
    await client.expect(Code.ERROR);
    const { match = "exact" } = message[2];
    expect(denials).toMatchObject([{ by, uri: message[3], match, role: authid, config: { path } }]);
  });
});

describe("limitHit tells whose limit it is, and where that stands in the config", () => {
  const first = (): unknown => running.hits[0];

  it("a transport's", async () => {
    await running.close();
    running = await startLimited([transport({}), transport({ "max-half-open": 1, path: "/small" })]);
    const url = running.router.endpoints[1]?.url ?? "";
    await connectRaw(url);
    await expect(connectRaw(url)).rejects.toThrow("503");
    const config = { path: "transports[1].max-half-open", line: null };
    expect(first()).toMatchObject({ limit: "max-half-open", where: 1, address: "127.0.0.1", config });
  });

  it("a realm's, of a session that has joined", async () => {
    await running.close();
    running = await startLimited([transport({ auth })], { roles, options: { "max-subscriptions": 1 } });
    const client = await login();
    for (const id of [1, 2]) client.send(Code.SUBSCRIBE, id, {}, `com.topic${id}`);
    await client.expect(Code.SUBSCRIBED);
    await client.expect(Code.ERROR);
    const config = { path: "realms[0].options.max-subscriptions" };
    expect(first()).toMatchObject({ where: "realm1", address: "127.0.0.1", config });
  });

  it("a realm's, of a client for which it has no room", async () => {
    await running.close();
    running = await startLimited([transport({ auth })], { roles, options: { "max-sessions": 1 } });
    await login();
    await expect(login()).rejects.toThrow("limit_exceeded");
    const config = { path: "realms[0].options.max-sessions" };
    expect(first()).toMatchObject({ limit: "max-sessions", where: "realm1", session: null, config });
  });
});
