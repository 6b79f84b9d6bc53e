import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Code, ConfigError } from "@wampgate/core";
import cluster, { MemoryCarriers } from "@wampgate/cluster";
import { Keyv } from "keyv";
import { folderOf } from "../jest/folder.ts";
import { answerCra, CookieClient, hangUpAll } from "./support/cookie-client.ts";
import { eventually } from "./support/load.ts";
import { makeRouter, OFFICIAL, type RunningRouter } from "./support/router.ts";

// Stores of logins that hang, fail and lie, and what a config may say of them.

let running: RunningRouter | null = null;
afterEach(async () => {
  hangUpAll();
  await running?.close();
  running = null;
});

/** What the module `store.mjs` gives, by the config's word for it. */
const given = new Map<string, unknown>();
Object.assign(globalThis, { storeFor: (name: string) => given.get(name) });
const folder = await folderOf({
  "store.mjs": "export default (name) => globalThis.storeFor(name);\n",
  "broken.mjs": "throw new Error('no connection');\n",
  "none.mjs": "export const store = 5;\n",
});

const module = (config: string, file = "store.mjs") => ({ type: "module", module: `./${file}`, config });

const USERS = { joe: { secret: "123456", role: "user" } };

function configOf(cookie: object, more: object = {}, users: object = USERS): Record<string, unknown> {
  return {
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        auth: { cookie, wampcra: { type: "static", users } },
      },
    ],
    ...more,
  };
}

const make = (...parts: Parameters<typeof configOf>) => makeRouter(configOf(...parts), { cwd: folder });

async function start(store: object): Promise<void> {
  const { router, log } = await make({ store });
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
}

const url = (): string => running?.url ?? "";

async function login(cookie?: string): Promise<CookieClient> {
  const client = await CookieClient.connect(url(), { cookie });
  client.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
  await answerCra(client);
  return client;
}

/** What the client gets that has only a cookie. */
async function answerTo(cookie: string | undefined): Promise<unknown> {
  const client = await CookieClient.connect(url(), { cookie });
  client.hello({ authmethods: ["cookie", "wampcra"] });
  const [code, one, two] = await client.next();
  return code === Code.CHALLENGE ? one : two;
}

it("a login is remembered in a store of Keyv, under a hash of the cookie", async () => {
  const data = new Map<string, string>();
  given.set("keyv", new Keyv({ store: data }));
  await start(module("keyv"));
  const { cookie } = await login();
  expect(await answerTo(cookie)).toMatchObject({ authid: "joe", authprovider: "cookie" });
  expect(data.size).toBe(1);
  expect(JSON.stringify([...data])).not.toContain(cookie?.slice("cbtid=".length));
});

it("two routers with one store let in who has logged in at the other, until the login ends", async () => {
  const store = { type: "file", filename: "shared.sqlite" };
  await start(store);
  const first = running;
  const client = await login();
  await start(store);
  expect(await answerTo(client.cookie)).toMatchObject({ authprovider: "cookie" });
  client.send(Code.GOODBYE, {}, "wamp.close.logout");
  await client.closed;
  expect(await answerTo(client.cookie)).toBe("wampcra");
  hangUpAll();
  await first?.close();
});

describe("with a store that hangs", () => {
  const hangs = { get: () => new Promise(() => undefined), set: () => new Promise(() => undefined) };

  it("clients log in by other methods in bounded time, keep their cookies, and the log has its name", async () => {
    const data = new Map<string, string>();
    given.set("store", data);
    await start(module("store"));
    const { cookie } = await login();
    Object.assign(data, hangs);
    const before = performance.now();
    const client = await login(cookie);
    expect(performance.now() - before).toBeLessThan(4000);
    expect(client.setCookies).toEqual([]);
    expect(running?.log.text()).toContain("module ./store.mjs");
    for (const key of ["get", "set"]) Reflect.deleteProperty(data, key);
    expect(await answerTo(cookie)).toMatchObject({ authprovider: "cookie" });
  });

  it("a login that was ended meanwhile stays ended, also if what was written comes late", async () => {
    const data = new Map<string, string>();
    let goOn: () => void = () => undefined;
    const written = new Promise<void>((resolve) => {
      const set = data.set.bind(data);
      Object.assign(data, {
        set: async (key: string, value: string) => {
          await new Promise<void>((go) => (goOn = go));
          set(key, value);
          resolve();
        },
      });
    });
    given.set("late", data);
    await start(module("late"));
    const client = await login();
    client.send(Code.GOODBYE, {}, "wamp.close.logout");
    await client.closed;
    goOn();
    await written;
    expect(await answerTo(client.cookie)).toBe("wampcra");
    expect(data.size).toBe(0);
  });
});

describe("with a store that fails", () => {
  it("a login that it could not delete lets no client in any more", async () => {
    const data = new Map<string, string>();
    given.set("undeletable", data);
    await start(module("undeletable"));
    const client = await login();
    expect(await answerTo(client.cookie)).toMatchObject({ authprovider: "cookie" });
    Object.assign(data, { delete: () => Promise.reject(new Error("read only")) });
    client.send(Code.GOODBYE, {}, "wamp.close.logout");
    await client.closed;
    expect(await answerTo(client.cookie)).toBe("wampcra");
    expect([data.size, running?.log.text()]).toEqual([1, expect.stringContaining("read only")]);
    // It is deleted as soon as the store does it.
    Reflect.deleteProperty(data, "delete");
    expect(await answerTo(client.cookie)).toBe("wampcra");
    await eventually(() => Promise.resolve(data.size === 0));
  });

  it("what it gives that is no login lets no client in: it gets a new cookie", async () => {
    const data = new Map<string, string>();
    given.set("lies", data);
    await start(module("lies"));
    const { cookie } = await login();
    for (const lie of ["{", "5", '"x"', '{"version":1,"place":"cbtid /ws","expires":4e9}', '{"version":2}']) {
      for (const [key] of data) data.set(key, JSON.stringify({ value: lie }));
      const client = await CookieClient.connect(url(), { cookie });
      expect(client.setCookies).toHaveLength(1);
    }
    expect(running?.log.text()).toContain("it holds something that is no login");
  });

  it("what it gives is judged like a config: a role that is not there lets no client in", async () => {
    const data = new Map<string, string>();
    given.set("forged", data);
    await start(module("forged"));
    const { cookie } = await login();
    for (const [key, text] of data) data.set(key, text.replaceAll("user", "admin"));
    expect(await answerTo(cookie)).toBe("wamp.error.no_such_role");
  });
});

it("a login whose extra is too large is not remembered, which the log says", async () => {
  const extra = { much: "x".repeat(70_000) };
  const { router, log } = await make({}, {}, { joe: { secret: "123456", role: "user", extra } });
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  const { cookie } = await login();
  expect(await answerTo(cookie)).toBe("wampcra");
  expect(log.text()).toContain("a login with more than 65536 bytes is not kept");
});

describe("a config is refused", () => {
  const at = "transports[0].auth.cookie";

  it.each<[object, string]>([
    [{ name: "a b" }, `${at}.name: expected the name of a cookie`],
    [{ name: "" }, `${at}.name`],
    [{ length: 21 }, `${at}.length: an id of fewer than 22 characters could be guessed`],
    [{ length: 65 }, `${at}.length`],
    [{ "max-age": 0 }, `${at}.max-age`],
    [{ max_age: 315_360_001 }, `${at}.max_age`],
    [{ max_age: 5, "max-age": 5 }, `${at}.max_age: it is the same as max-age: write one of them`],
    [{ same_site: "None", secure: false }, `${at}.secure: a cookie with same-site: None must be secure`],
    [{ name: "__Secure-a", secure: false }, `${at}.secure: browsers drop a cookie of this name`],
    [{ name: "__Host-a", path: "/ws" }, `${at}.path: browsers drop a cookie whose name begins with __Host-`],
    [{ path: "/a;b" }, `${at}.path: expected a path`],
    [{ "same-site": "lax" }, `${at}.same-site`],
    [{ store: { type: "database", path: "x" } }, `${at}.store.type: stores of type database (LMDB) are Crossbar's`],
    [{ store: { type: "redis" } }, `${at}.store.type: expected "memory"`],
    [{ store: { type: "file", filename: "none/cookies.sqlite" } }, `${at}.store.filename: the folder`],
    [{ store: { type: "module", module: "./missing.mjs" } }, `${at}.store.module`],
    [{ principals: {} }, `${at}.principals: unknown key`],
  ])("%j", async (cookie, message) => {
    const made = make(cookie);
    await expect(made).rejects.toThrow(ConfigError);
    await expect(made).rejects.toThrow(message);
  });

  it.each<[string, object, string]>([
    ["whose file is a folder", { type: "file", filename: "." }, "it cannot be written (EISDIR)"],
    ["whose module throws", module("x", "broken.mjs"), "store.module: no connection"],
    ["whose module gives no store", module("x", "none.mjs"), "store.module: its default export gave "],
  ])("at the start, with a store %s, and then another one may be tried", async (_what, store, message) => {
    const { router } = await make({ store });
    await expect(router.start()).rejects.toThrow(message);
    await router.close();
  });
});

const FILE = { type: "file", filename: "cookies.sqlite" };
const network = new MemoryCarriers();

it.each<[string, object, object, string | null]>([
  ["workers with a memory each", { type: "memory" }, { type: "workers" }, "each router of a cluster"],
  ["workers with a file", FILE, { type: "workers" }, null],
  ["nodes with a memory each", { type: "memory" }, network.entry("a"), "each router of a cluster"],
  ["nodes with a file", FILE, network.entry("a"), "routers on several machines do not share a file"],
  ["nodes with a store of Keyv", module("shared"), network.entry("a"), null],
])(
  "wampgate check warns of a cluster whose routers remember logins each by itself: %s",
  async (_, store, link, why) => {
    const { router } = await make({ store }, { plugins: [...OFFICIAL, cluster, network.plugin], cluster: link });
    const told = router.warnings.filter(({ path }) => path.at(-1) === "store");
    expect(told.map(({ path }) => path.join("."))).toEqual(why === null ? [] : ["transports.0.auth.cookie.store"]);
    if (why !== null) expect(told[0]?.message).toContain(why);
    await router.close();
  },
);

describe("wampgate check --ask", () => {
  const asked = async (store: object) => {
    const { router } = await make({ store });
    expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
    const { problems, answered } = await router.check({ ask: true });
    await router.close();
    return [...problems, ...answered].map(({ path, message }) => `${path.slice(4).join(".")}: ${message}`);
  };

  it("says whether a store of Keyv answers, and asks no memory", async () => {
    given.set("fine", new Map());
    expect(await asked(module("fine"))).toEqual([": its store answers"]);
    given.set("down", Object.assign(new Map(), { get: () => Promise.reject(new Error("no route")) }));
    expect(await asked(module("down"))).toEqual(["store.module: the store fails: no route"]);
    expect(await asked(module("x", "broken.mjs"))).toEqual(["store.module: no connection"]);
    expect(await asked({ type: "memory" })).toEqual([]);
  });

  it("makes no file, and looks into one that is there", async () => {
    const own = await folderOf({ "text.sqlite": "this is no file of SQLite, and it is long enough to be none" });
    const file = (name: string) => ({ type: "file", filename: join(own, name) });
    expect(await asked(file("new.sqlite"))).toEqual([": the start will make the file of its store"]);
    expect(await readdir(own)).toEqual(["text.sqlite"]);
    expect((await asked(file("text.sqlite")))[0]).toContain("store.filename: the file");
    await start(file("used.sqlite"));
    expect(await asked(file("used.sqlite"))).toEqual([": its store answers"]);
  });

  it("leaves a store that the router uses as it is", async () => {
    given.set("in use", new Map());
    await start(module("in use"));
    const { cookie } = await login();
    expect((await running?.router.check({ ask: true }))?.answered).toMatchObject([{ message: "its store answers" }]);
    expect(await answerTo(cookie)).toMatchObject({ authprovider: "cookie" });
  });
});
