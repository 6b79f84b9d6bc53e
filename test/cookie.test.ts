import { Code, type SessionInfo } from "@wampgate/core";
import { jest } from "@jest/globals";
import { TOTP } from "otpauth";
import { Wampy } from "wampy";
import { WebSocket } from "ws";
import { folderOf } from "../jest/folder.ts";
import { login as loginByAutobahn } from "./support/autobahn.ts";
import { authenticatorOf, dynamicBlock } from "./support/dynamic.ts";
import { answerCra, CookieClient, hangUpAll, proveByCra, type Sent } from "./support/cookie-client.ts";
import { connectRawSocket } from "./support/raw-socket.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";

// Who has logged in once is let in again by a cookie: over real sockets, with the default settings if not told otherwise.

let running: RunningRouter;
const sessions = new Map<number, SessionInfo>();
afterEach(async () => {
  jest.useRealTimers();
  hangUpAll();
  await running.close();
  sessions.clear();
});

const all = {
  "allow-by-default": true,
  permissions: [{ uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } }],
};
const users = {
  joe: { secret: "123456", role: "frontend", realm: "realm1", extra: { id: 7, big: 9007199254740993n } },
  ann: { secret: "123456", role: "frontend" },
};

interface Parts {
  readonly users?: object;
  readonly realms?: readonly object[];
  readonly cookie?: object;
  readonly auth?: object;
  readonly entry?: object;
  readonly more?: object;
}

function configOf({ users: own = users, realms, cookie = {}, auth = {}, entry = {}, more = {} }: Parts = {}) {
  return {
    realms: realms ?? [
      { name: "realm1", roles: [{ name: "frontend", ...all }, { name: "guest" }] },
      { name: "realm2", roles: [{ name: "frontend", ...all }] },
    ],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        auth: {
          cookie,
          wampcra: { type: "static", users: own },
          anonymous: { type: "static", role: "guest" },
          ...auth,
        },
        ...entry,
      },
    ],
    ...more,
  };
}

async function start(parts: Parts = {}): Promise<void> {
  const { router, log } = await makeRouter(configOf(parts));
  router.hooks.joined.tap("witness", (info) => void sessions.set(info.session, info));
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
}

const reload = (parts: Parts): Promise<unknown> => running.router.reload(wholeOf(configOf(parts)) as never);

const connect = (sent: Sent = {}): Promise<CookieClient> => CookieClient.connect(running.url, sent);

const METHODS = ["cookie", "wampcra"];

/** With these left alone, only the date is faked. */
const FAKED_BUT_DATE = [
  ...([
    "nextTick",
    "setImmediate",
    "clearImmediate",
    "setTimeout",
    "clearTimeout",
    "setInterval",
    "clearInterval",
  ] as const),
  ...(["queueMicrotask", "performance", "hrtime"] as const),
];

/** A browser that logs in by its password. */
async function login(sent: Sent = {}, authid = "joe", more: object = {}): Promise<CookieClient> {
  const client = await connect(sent);
  client.hello({ authid, authmethods: METHODS, ...more });
  await answerCra(client);
  return client;
}

/** The same browser comes again, without an authid. @returns WELCOME's details, or which method challenges it, or ABORT's reason */
async function again(sent: Sent, hello: object = {}): Promise<{ client: CookieClient; answer: unknown }> {
  const client = await connect(sent);
  client.hello({ authmethods: METHODS, ...hello });
  const [code, first, second] = await client.next();
  const answer = code === Code.WELCOME ? second : code === Code.CHALLENGE ? first : second;
  return { client, answer };
}

const isIn = async (cookie: string | undefined, hello: object = {}): Promise<boolean> => {
  const { client, answer } = await again({ cookie }, hello);
  client.close();
  return typeof answer === "object";
};

async function kill(session: number): Promise<void> {
  const killer = await connect();
  killer.hello({ authid: "ann", authmethods: ["wampcra"] });
  await answerCra(killer);
  killer.send(Code.CALL, 1, {}, "wamp.session.kill", [session]);
  await killer.expect(Code.RESULT);
}

const idOf = (authprovider: string): number =>
  [...sessions.values()].find((info) => info.authprovider === authprovider)?.session ?? 0;

describe("a browser that has logged in", () => {
  it("gets a cookie with safe attributes, and is let in again by it, as it was", async () => {
    await start();
    const first = await connect();
    expect(first.setCookies).toEqual([
      expect.stringMatching(/^cbtid=[\w-]{24}; Max-Age=604800; Path=\/ws; HttpOnly; SameSite=Lax$/),
    ]);
    first.hello({ authid: "joe", authmethods: METHODS });
    expect(await answerCra(first)).toMatchObject({ authmethod: "wampcra", authprovider: "static" });
    const { client, answer } = await again({ cookie: first.cookie });
    expect(answer).toMatchObject({
      realm: "realm1",
      authid: "joe",
      authrole: "frontend",
      authmethod: "wampcra",
      authprovider: "cookie",
      authextra: { id: 7 },
    });
    expect(client.setCookies).toEqual([]);
  });

  it("gets the cookie that the config describes", async () => {
    const cookie = { name: "__Secure-id", length: 40, max_age: 60, http_strict: false, same_site: "Strict", path: "/" };
    await start({ cookie });
    expect((await connect()).setCookies).toEqual([
      expect.stringMatching(/^__Secure-id=[\w-]{40}; Max-Age=60; Path=\/; Secure; SameSite=Strict$/),
    ]);
  });

  it.each([
    ["__Host-id", {}, "Path=/; Secure; HttpOnly; SameSite=Lax"],
    ["id", { "same-site": "None" }, "Path=/ws; Secure; HttpOnly; SameSite=None"],
    ["id", { secure: true }, "Path=/ws; Secure; HttpOnly; SameSite=Lax"],
  ])("gets a cookie %s that its browser takes, with %j", async (name, more, attributes) => {
    await start({ cookie: { name, ...more } });
    expect((await connect()).setCookies[0]).toMatch(new RegExp(`^${name}=[^;]+; Max-Age=604800; ${attributes}$`));
  });

  it("gets a secure cookie where a trusted proxy says that it came by TLS", async () => {
    const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, "trusted-proxies": ["127.0.0.1"] };
    await start({ entry: { endpoint } });
    const forwarded = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" };
    expect((await connect(forwarded)).setCookies[0]).toContain("; Secure;");
  });

  it("is let in after a reload, and from a file after a restart", async () => {
    const folder = await folderOf({});
    const cookie = { store: { type: "file", filename: `${folder}/cookies.sqlite` } };
    await start({ cookie });
    const first = await login();
    expect(await isIn(first.cookie)).toBe(true);
    await reload({ cookie, users: { joe: users.joe } });
    expect(await isIn(first.cookie)).toBe(true);
    hangUpAll();
    await running.close();
    await start({ cookie });
    expect(await isIn(first.cookie)).toBe(true);
  });

  it("keeps what JSON has words for of its extra, with every digit", async () => {
    await start();
    const first = await login();
    const { client } = await again({ cookie: first.cookie });
    client.close();
    expect([...sessions.values()].map(({ authextra }) => authextra["big"])).toEqual(Array(2).fill(9007199254740993n));
  });

  it("stays logged in when it leaves, with GOODBYE or without a word", async () => {
    await start();
    const first = await login();
    first.send(Code.GOODBYE, {}, "wamp.close.close_realm");
    await first.closed;
    expect(await isIn(first.cookie)).toBe(true);
    expect(await isIn(first.cookie)).toBe(true);
  });

  it("may log in again as the same user: its cookie stays, and so does its login", async () => {
    await start();
    const first = await login();
    const second = await login({ cookie: first.cookie }, "joe", { authmethods: ["wampcra"] });
    expect(second.setCookies).toEqual([]);
    second.send(Code.GOODBYE, {}, "wamp.close.logout");
    await second.closed;
    expect(await first.goodbye()).toBe("wamp.close.logout");
    expect(await isIn(first.cookie)).toBe(false);
  });
});

describe("the client's order counts", () => {
  it.each<[string, object, boolean]>([
    ["the cookie first", { authmethods: ["cookie", "wampcra"] }, true],
    ["the password first", { authmethods: ["wampcra", "cookie"] }, false],
    ["the cookie behind what is not offered", { authmethods: ["tls", "cookie", "anonymous"] }, true],
    ["no realm", { realm: null }, true],
    ["its own realm and authid", { realm: "realm1", authid: "joe" }, true],
    ["another authid", { authid: "ann" }, false],
    ["another realm", { realm: "realm2" }, false],
  ])("%s", async (_what, hello, expected) => {
    await start();
    const { cookie } = await login();
    expect(await isIn(cookie, hello)).toBe(expected);
  });

  it("a client without a live cookie that offers no other method is told that none fits", async () => {
    await start();
    const { answer } = await again({}, { authmethods: ["cookie"] });
    expect(answer).toBe("wamp.error.no_matching_auth_method");
  });
});

describe("a planted cookie gains nothing", () => {
  it.each(["A".repeat(24), "short", "x".repeat(65), "a b", "", "é"])(
    "an id from outside is never adopted: %j",
    async (id) => {
      await start();
      const victim = await connect({ cookie: `cbtid=${encodeURIComponent(id)}` });
      expect(victim.cookie).toMatch(/^cbtid=[\w-]{24}$/);
      expect(victim.cookie).not.toBe(`cbtid=${id}`);
      victim.hello({ authid: "joe", authmethods: METHODS });
      await answerCra(victim);
      expect(await isIn(`cbtid=${id}`)).toBe(false);
      expect(await isIn(victim.cookie)).toBe(true);
    },
  );

  it("the new cookie of one who has not logged in is worth nothing in another browser that logs in", async () => {
    await start();
    const attacker = await connect();
    await login({ cookie: attacker.cookie });
    expect(await isIn(attacker.cookie)).toBe(false);
  });

  it("a login with the cookie of another user is not remembered by it: it stays that user's", async () => {
    await start();
    const attacker = await login({}, "ann");
    const victim = await login({ cookie: attacker.cookie }, "joe");
    expect(victim.setCookies).toEqual([]);
    const { answer } = await again({ cookie: attacker.cookie });
    expect(answer).toMatchObject({ authid: "ann" });
    victim.send(Code.GOODBYE, {}, "wamp.close.logout");
    await victim.closed;
    expect(await isIn(attacker.cookie)).toBe(true);
  });

  it("of several cookies of one name the one with a live login counts", async () => {
    await start();
    const { cookie } = await login();
    expect(await isIn(`cbtid=${"A".repeat(24)}; theme=dark; ${cookie}`)).toBe(true);
  });
});

describe("what is remembered", () => {
  it("no login without a proof", async () => {
    await start();
    const client = await connect();
    client.hello({ authmethods: ["anonymous"] });
    await client.welcomed();
    client.close();
    expect(await isIn(client.cookie)).toBe(false);
  });

  it("a login by the cookie itself changes nothing: the login ends when it would have ended", async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: FAKED_BUT_DATE });
    await start({ cookie: { "max-age": 1000 } });
    const { cookie } = await login();
    jest.setSystemTime(Date.now() + 900_000);
    expect(await isIn(cookie)).toBe(true);
    jest.setSystemTime(Date.now() + 99_000);
    expect(await isIn(cookie)).toBe(true);
    jest.setSystemTime(Date.now() + 2_000);
    expect(await isIn(cookie)).toBe(false);
  });

  it("a login that expires earlier than the cookie ends then", async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: FAKED_BUT_DATE });
    const expires = Math.floor(Date.now() / 1000) + 100;
    await start({ users: { joe: { ...users.joe, expires } } });
    const { cookie } = await login();
    const { client, answer } = await again({ cookie });
    expect(answer).toMatchObject({ expires });
    client.close();
    jest.setSystemTime(Date.now() + 101_000);
    expect(await isIn(cookie)).toBe(false);
  });

  it("a session by a cookie lasts no longer than the login is remembered", async () => {
    await start({ cookie: { "max-age": 1000 } });
    const { cookie } = await login();
    const { answer } = await again({ cookie });
    const { expires } = answer as { expires: number };
    expect(Math.abs(expires - Date.now() / 1000 - 1000)).toBeLessThan(10);
  });

  it("the factors of the login", async () => {
    const seed = "CACKN3GRF3KQZMEK";
    const totp = { type: "static", alone: false, principals: { joe: { seed } } };
    await start({ auth: { totp, wampcra: { type: "static", users, then: "totp" } } });
    const first = await connect();
    first.hello({ authid: "joe", authmethods: METHODS });
    await proveByCra(first);
    await first.expect(Code.CHALLENGE);
    first.authenticate(new TOTP({ secret: seed }).generate());
    await first.welcomed();
    const { answer } = await again({ cookie: first.cookie });
    expect(answer).toMatchObject({ authmethod: "wampcra", authfactors: ["wampcra", "totp"], authprovider: "cookie" });
  });

  it("a further factor of the cookie's own block is asked for each time", async () => {
    const seed = "CACKN3GRF3KQZMEK";
    const totp = { type: "static", alone: false, principals: { joe: { seed } } };
    await start({ auth: { totp }, cookie: { type: "static", then: "totp" } });
    const { cookie } = await login();
    const { client, answer } = await again({ cookie });
    expect(answer).toBe("totp");
    client.authenticate(new TOTP({ secret: seed }).generate());
    expect(await client.welcomed()).toMatchObject({ authmethod: "wampcra", authfactors: ["wampcra", "totp"] });
  });
});

describe("a login ends, and with it all sessions of its cookie", () => {
  async function two(parts: Parts = {}): Promise<{ first: CookieClient; second: CookieClient }> {
    await start(parts);
    const first = await login();
    const { client } = await again({ cookie: first.cookie });
    return { first, second: client };
  }

  it.each(["first", "second"] as const)("by GOODBYE wamp.close.logout of the %s session", async (which) => {
    const both = await two();
    both[which].send(Code.GOODBYE, {}, "wamp.close.logout");
    await both[which].closed;
    const other = which === "first" ? both.second : both.first;
    expect(await other.goodbye()).toBe("wamp.close.logout");
    expect(await isIn(both.first.cookie)).toBe(false);
  });

  it.each(["static", "cookie"])("by the meta API, which kills the session that was let in by %s", async (provider) => {
    const { first, second } = await two();
    await kill(idOf(provider));
    const [killed, other] = provider === "static" ? [first, second] : [second, first];
    expect(await killed.goodbye()).toBe("wamp.close.killed");
    expect(await other.goodbye()).toBe("wamp.close.logout");
    expect(await isIn(first.cookie)).toBe(false);
  });

  it("by its expiry, also if a reload has moved that", async () => {
    const { first, second } = await two();
    await reload({ users: { joe: { ...users.joe, expires: 1_000_000_000 } } });
    expect(await first.goodbye()).toBe("wampgate.close.expired");
    expect(["wampgate.close.expired", "wamp.close.logout"]).toContain(await second.goodbye());
    await reload({});
    expect(await isIn(first.cookie)).toBe(false);
  });

  it("and no session of another cookie does", async () => {
    const { first } = await two();
    const other = await login();
    first.send(Code.GOODBYE, {}, "wamp.close.logout");
    await first.closed;
    expect(await isIn(other.cookie)).toBe(true);
  });

  it("but not where the router itself ends", async () => {
    const folder = await folderOf({});
    const cookie = { store: { type: "file", filename: `${folder}/cookies.sqlite` } };
    const { first } = await two({ cookie });
    const closed = running.close();
    expect(await first.goodbye()).toBe("wamp.close.system_shutdown");
    hangUpAll();
    await closed;
    await start({ cookie });
    expect(await isIn(first.cookie)).toBe(true);
  });
});

describe("a login is judged by the config of now", () => {
  const realm1 = (...roles: string[]) => ({ name: "realm1", roles: roles.map((name) => ({ name, ...all })) });
  const realm2 = { name: "realm2", roles: [{ name: "frontend", ...all }, { name: "guest" }] };
  const joe = { secret: "123456", role: "frontend" };

  it.each([
    ["role", { realms: [realm1("guest"), realm2] }],
    ["realm", { realms: [realm2] }],
  ])("its %s is gone: wamp.error.no_such_role, and the login is forgotten", async (_what, parts) => {
    await start({ users: { joe } });
    const { cookie } = await login();
    hangUpAll();
    await reload({ users: { joe }, ...parts });
    expect((await again({ cookie })).answer).toBe("wamp.error.no_such_role");
    await reload({ users: { joe } });
    expect((await again({ cookie }, { authid: "joe" })).answer).toBe("wampcra");
  });

  it.each([true, false])(
    "its static principal is gone: it is forgotten, also if the principal comes back (still connected: %s)",
    async (isConnected) => {
      await start({ users: { joe } });
      const { cookie } = await login();
      if (!isConnected) hangUpAll();
      await reload({ users: {} });
      if (!isConnected) expect((await again({ cookie }, { authid: "joe" })).answer).toBe("wampcra");
      await reload({ users: { joe } });
      expect(await isIn(cookie)).toBe(false);
    },
  );

  it("its session ends by the reload that takes its principal away", async () => {
    await start({ users: { joe } });
    const { cookie } = await login();
    const { client } = await again({ cookie });
    await reload({ users: {} });
    expect(["wamp.close.killed", "wamp.close.logout"]).toContain(await client.goodbye());
  });
});

describe("which page asks", () => {
  const host = (): string => new URL(running.url).host;
  const open = { "allowed-origins": ["https://app.example.com", "https://*.example.com", "http://127.0.0.1*"] };

  it.each<[string, (own: string) => string | undefined, boolean]>([
    ["none: the client is no browser", () => undefined, true],
    ["the router's own origin", (own) => `http://${own}`, true],
    ["a page that allowed-origins names", () => "https://app.example.com", true],
    ["a page of the same site that only a star lets connect", () => "https://evil.example.com", false],
    ["a page of the same host on another port", () => "http://127.0.0.1:1", false],
  ])("%s", async (_what, originOf, expected) => {
    await start({ entry: open });
    const { cookie } = await login();
    const origin = originOf(host());
    const sent = origin === undefined ? {} : { origin };
    expect((await again({ cookie, ...sent }, { authid: "joe" })).answer === "wampcra").toBe(!expected);
    // Nor does it get a cookie: it could log its visitors in as somebody else.
    expect((await connect(sent)).setCookies).toHaveLength(expected ? 1 : 0);
    const elsewhere = await login({ cookie, ...sent }, "joe", { authmethods: ["wampcra"] });
    elsewhere.send(Code.GOODBYE, {}, "wamp.close.logout");
    await elsewhere.closed;
    expect(await isIn(cookie)).toBe(!expected);
  });

  it("no star lets a cookie in, even alone", async () => {
    await start({ entry: { "allowed-origins": ["*"] } });
    const { cookie } = await login();
    expect((await again({ cookie, origin: "https://evil.example" }, { authid: "joe" })).answer).toBe("wampcra");
  });
});

describe("the id of a cookie", () => {
  it("gets to no log, no meta event and no authenticator, which gets another name for the client", async () => {
    const told: Record<string, unknown>[] = [];
    const module = authenticatorOf((_realm, _authid, details) => {
      told.push(details);
      return { role: "frontend", realm: "realm1" };
    });
    const authRealm = { name: "realm-auth", roles: [{ name: "authenticator", ...all }] };
    const realms = [...(configOf().realms as object[]), authRealm];
    const rule = { uri: "com.example.authenticate", allow: { register: true } };
    const roles = [{ name: "authenticator", permissions: [rule] }];
    const components = [{ module, realm: "realm-auth", role: "authenticator" }];
    const ticket = { ...dynamicBlock, "default-role": "frontend" };
    await start({
      realms: realms.map((realm) => (realm === authRealm ? { ...authRealm, roles } : realm)),
      auth: { ticket },
      more: { components, log: { level: "debug" } },
    });
    const watcher = await login({}, "ann");
    watcher.send(Code.SUBSCRIBE, 1, {}, "wamp.session.on_join");
    await watcher.expect(Code.SUBSCRIBED);
    const ids: (string | undefined)[] = [];
    const byTicket = async (cookie?: string): Promise<void> => {
      const client = await connect({ cookie: cookie && `theme=dark; ${cookie}` });
      ids.push(client.cookie?.slice("cbtid=".length));
      client.hello({ authid: "bob", authmethods: ["ticket"] });
      await client.expect(Code.CHALLENGE);
      client.authenticate("x");
      await client.welcomed();
    };
    await byTicket();
    await byTicket(`cbtid=${ids[0]}`);
    expect(await isIn(`cbtid=${ids[0]}`)).toBe(true);
    const events = [
      await watcher.expect(Code.EVENT),
      await watcher.expect(Code.EVENT),
      await watcher.expect(Code.EVENT),
    ];
    expect(ids[0]).toMatch(/^[\w-]{24}$/);
    expect(JSON.stringify([told, events]) + running.log.text()).not.toContain(ids[0]);
    const transports = told.map(({ transport }) => transport as Record<string, unknown>);
    expect(transports.map(({ cbtid }) => cbtid)).toEqual(Array(2).fill(expect.stringMatching(/^[\w-]{24}$/)));
    expect(transports[0]?.["cbtid"]).toBe(transports[1]?.["http_cbtid"]);
    expect(transports[1]?.["http_headers_received"]).toMatchObject({ cookie: "theme=dark" });
  });

  it("gets to no authenticator of another transport, to which browsers send it too", async () => {
    const told: unknown[] = [];
    const module = authenticatorOf((_realm, _authid, details) => {
      told.push(details);
      return { role: "frontend", realm: "realm1" };
    });
    const roles = [
      { name: "authenticator", permissions: [{ uri: "com.example.authenticate", allow: { register: true } }] },
    ];
    const realms = [...(configOf().realms as object[]), { name: "realm-auth", roles }];
    const { transports, ...rest } = configOf({ realms });
    const other = {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
      path: "/other",
      auth: { ticket: dynamicBlock },
    };
    const components = [{ module, realm: "realm-auth", role: "authenticator" }];
    const { router, log } = await makeRouter({ ...rest, transports: [...transports, other], components });
    await router.start();
    running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
    const { cookie } = await login();
    const client = await CookieClient.connect(router.endpoints[1]?.url ?? "", { cookie });
    expect(client.setCookies).toEqual([]);
    client.hello({ authid: "bob", authmethods: ["cookie", "ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("x");
    await client.welcomed();
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told)).not.toContain(cookie?.slice("cbtid=".length));
  });
});

describe("clients that keep no cookies may send one", () => {
  it("autobahn-js, by headers", async () => {
    await start();
    const { cookie = "" } = await login();
    const { url } = running;
    const transports = [{ type: "websocket", url, headers: { Cookie: cookie } }];
    const { details, close } = await loginByAutobahn({ url, transports, realm: "realm1", authmethods: METHODS });
    expect(details).toMatchObject({ authid: "joe", authmethod: "wampcra", authprovider: "cookie" });
    await close();
  });

  /** As in the package websocket, which wampy takes in Node.js. */
  class W3cWebSocket extends WebSocket {
    constructor(url: string, protocols: string[], _origin: unknown, headers: Record<string, string>) {
      super(url, protocols, { headers });
    }
  }

  it("wampy, by additionalHeaders", async () => {
    await start();
    const { cookie } = await login();
    const wampy = new Wampy(running.url, {
      ...{ ws: W3cWebSocket, realm: "realm1", authid: "joe", authmethods: METHODS, onChallenge: () => "" },
      additionalHeaders: { Cookie: cookie },
    } as never);
    expect(await wampy.connect()).toMatchObject({ authid: "joe", authprovider: "cookie" });
    await wampy.disconnect();
  });
});

it("a client by RawSocket has no cookie: the method is passed over", async () => {
  const { transports, ...rest } = configOf();
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  const { router, log } = await makeRouter({
    ...rest,
    transports: [{ ...transports[0], type: "rawsocket", endpoint }],
  });
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  const client = await connectRawSocket(running.url);
  client.hello({ authid: "joe", authmethods: METHODS });
  await answerCra(client);
  client.close();
});

it("a renewal moves what is remembered", async () => {
  jest.useFakeTimers({ now: Date.now(), doNotFake: FAKED_BUT_DATE });
  let expires = Math.floor(Date.now() / 1000) + 100;
  const module = authenticatorOf(() => ({ role: "frontend", realm: "realm1", expires }));
  const roles = [
    { name: "authenticator", permissions: [{ uri: "com.example.authenticate", allow: { register: true } }] },
  ];
  const realms = [...(configOf().realms as object[]), { name: "realm-auth", roles }];
  const components = [{ module, realm: "realm-auth", role: "authenticator" }];
  await start({ realms, auth: { ticket: dynamicBlock }, more: { components } });
  const first = await connect();
  first.hello({ authid: "bob", authmethods: ["ticket"] });
  await first.expect(Code.CHALLENGE);
  first.authenticate("x");
  expect(await first.welcomed()).toMatchObject({ expires });
  expires += 1000;
  first.send(Code.CALL, 1, {}, "wampgate.session.renew", ["x"]);
  await first.expect(Code.RESULT);
  const { client, answer } = await again({ cookie: first.cookie });
  expect(answer).toMatchObject({ expires });
  expires += 1000;
  client.send(Code.CALL, 1, {}, "wampgate.session.renew", ["x"]);
  await client.expect(Code.RESULT);
  expect((await again({ cookie: first.cookie })).answer).toMatchObject({ expires });
});
