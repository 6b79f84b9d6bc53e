import { join } from "node:path";
import { Code, type WampgateConfig } from "@wampgate/core";
import totp from "@wampgate/auth-totp";
import { Keyv } from "keyv";
import { Secret, TOTP } from "otpauth";
import { folderOf } from "../jest/folder.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { makeRouter, OFFICIAL, type RunningRouter, wholeOf } from "./support/router.ts";

// What the router keeps of used codes over a restart, and what it does when it cannot.

const SEED = "CACKN3GRF3KQZMEK";
const AUTHENTICATOR = "com.example.authenticate";
const DENIED = "wamp.error.authentication_denied";

let running: RunningRouter | null = null;
afterEach(async () => {
  hangUp();
  await running?.close();
  running = null;
});

/** One time for each test, so that none sees a new period begin. */
let at: number;
beforeEach(() => void (at = Date.now()));

const code = (steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(SEED) }).generate({ timestamp: at + steps * 30_000 });

/** What the module `store.mjs` gives, by the config's word for it. */
const given = new Map<string, unknown>();
Object.assign(globalThis, { codesFor: (name: string) => given.get(name) });
const folder = await folderOf({
  "store.mjs": "export default (name) => globalThis.codesFor(name);\n",
});
const module = (config: string) => ({ type: "module", module: "./store.mjs", config });

const TICKETS = {
  type: "static",
  then: "totp",
  principals: { joe: { ticket: "secret", role: "user" }, ann: { ticket: "secret", role: "user" } },
};
const CODES = { type: "static", alone: false, window: 5, "max-failures": 3, principals: { joe: { seed: SEED } } };
const DYNAMIC = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1", alone: false };

const configOf = (block: object, options: object = {}) => ({
  plugins: [...OFFICIAL.filter((plugin) => plugin !== totp), [totp, options]],
  realms: [
    {
      name: "realm1",
      roles: [
        { name: "user", "allow-by-default": true },
        { name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] },
      ],
    },
  ],
  auth: { ticket: TICKETS, totp: block },
});

const make = (block: object, options?: object) => makeRouter(configOf(block, options), { cwd: folder });

async function start(block: object, options?: object): Promise<void> {
  const { router, log } = await make(block, options);
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
}

/** Starts the router again. */
async function restart(...args: Parameters<typeof start>): Promise<void> {
  await running?.close();
  await start(...args);
}

async function enters(second: string, authid = "joe", ticket = "secret"): Promise<boolean> {
  const client = await connectRaw(running?.url ?? "");
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  await client.expect(Code.CHALLENGE);
  client.authenticate(second);
  const [answer, , reason] = await client.next();
  client.socket.terminate();
  if (answer === Code.WELCOME) return true;
  expect(reason).toBe(DENIED);
  return false;
}

describe.each<[string, () => Promise<object>]>([
  ["a file", async () => ({ type: "file", filename: join(await folderOf({}), "codes.sqlite") })],
  [
    "a store of Keyv",
    () => {
      const name = String(given.size);
      given.set(name, new Map());
      return Promise.resolve(module(name));
    },
  ],
])("with %s", (_what, storeOf) => {
  it("a code that was used before a restart is used after it, and later ones are not", async () => {
    const block = { ...CODES, store: await storeOf() };
    await start(block);
    expect(await enters(code())).toBe(true);
    await restart(block);
    expect([await enters(code()), await enters(code(-1)), await enters(code(1))]).toEqual([false, false, true]);
    await restart(block);
    expect([await enters(code(1)), await enters(code(2))]).toEqual([false, true]);
  });

  it("an authid that is locked is locked after a restart", async () => {
    const block = { ...CODES, store: await storeOf() };
    await start(block);
    for (let i = 0; i < 3; i++) expect(await enters("wrong")).toBe(false);
    await restart(block);
    expect(await enters(code())).toBe(false);
  });

  it("a seed that an authenticator gives is kept by the store of the plugin's options", async () => {
    const options = { window: 5, store: await storeOf() };
    const answering = async () => {
      const session = running?.router.session("realm1", { role: "authenticator" });
      await session?.register(AUTHENTICATOR, () => ({ seed: SEED }));
    };
    await start(DYNAMIC, options);
    await answering();
    expect([await enters(code()), await enters(code())]).toEqual([true, false]);
    await restart(DYNAMIC, options);
    await answering();
    expect([await enters(code()), await enters(code(1))]).toEqual([false, true]);
  });
});

it("without a store a restart forgets what was used", async () => {
  await start(CODES);
  expect(await enters(code())).toBe(true);
  await restart(CODES);
  expect(await enters(code())).toBe(true);
});

it("a store has neither seeds, codes nor authids", async () => {
  const data = new Map<string, string>();
  given.set("looked into", data);
  await start({ ...CODES, store: module("looked into") });
  const right = code();
  await enters(right);
  await enters("wrong", "joe", "wrong");
  const text = JSON.stringify([...data]);
  for (const secret of [SEED, right, "joe"]) expect(text).not.toContain(secret);
});

it("strangers and wrong passwords make no more than so many records", async () => {
  const data = new Map<string, string>();
  given.set("strangers", data);
  await start({ ...CODES, store: module("strangers") });
  for (let i = 0; i < 5; i++) await enters("123456", "joe", "wrong");
  expect(data.size).toBe(1);
});

describe("with a store that fails or hangs", () => {
  it.each<[string, object]>([
    ["hangs", { get: () => new Promise(() => undefined) }],
    ["fails", { get: () => Promise.reject(new Error("no connection")) }],
    ["does not write", { set: () => Promise.reject(new Error("read only")) }],
  ])(
    "no code lets a client in in bounded time where it %s, the log has its name, and a code does when it is well",
    async (what, ill) => {
      const data = new Map<string, string>();
      given.set(what, data);
      await start({ ...CODES, store: module(what) });
      Object.assign(data, ill);
      const from = performance.now();
      expect(await enters(code())).toBe(false);
      // A wrong password is the same to a client.
      expect(await enters(code(1), "joe", "wrong")).toBe(false);
      expect(performance.now() - from).toBeLessThan(5000);
      expect(running?.log.lines.find(({ level }) => level === "error")).toMatchObject({
        fields: { store: "module ./store.mjs" },
        message: "the store of codes failed: no client is let in by a code meanwhile",
      });
      for (const key of ["get", "set"]) Reflect.deleteProperty(data, key);
      expect(await enters(code(2))).toBe(true);
    },
  );

  it("a start with one that cannot be opened fails with its place", async () => {
    const { router } = await make({ ...CODES, store: { type: "file", filename: "." } });
    await expect(router.start()).rejects.toThrow("auth.totp.store.filename: the file");
    await router.close();
    const own = await make(DYNAMIC, { store: { type: "file", filename: "." } });
    await expect(own.router.start()).rejects.toThrow("cannot be used as a store of codes");
    await own.router.close();
  });

  it.each<[object, string]>([
    [{ type: "file", filename: "none/codes.sqlite" }, "auth.totp.store.filename: the folder"],
    [{ type: "module", module: "./missing.mjs" }, "auth.totp.store.module"],
    [{ type: "redis" }, "auth.totp.store.type"],
  ])("a config is refused: %j", async (store, message) => {
    await expect(make({ ...CODES, store })).rejects.toThrow(message);
  });
});

it("wampgate check --ask tries it", async () => {
  given.set("asked", new Keyv({ store: new Map() }));
  const { router } = await make({ ...CODES, store: module("asked") });
  expect((await router.check({ ask: true })).answered).toMatchObject([{ message: "its store answers" }]);
  await router.close();
});

it("a reload keeps what was used, and may move a block to another store", async () => {
  await start(CODES);
  expect(await enters(code())).toBe(true);
  given.set("reloaded", new Map());
  const moved = { ...CODES, store: module("reloaded") };
  await running?.router.reload(wholeOf(configOf(moved)) as unknown as WampgateConfig);
  expect([await enters(code()), await enters(code(1))]).toEqual([false, true]);
  await restart(moved);
  expect([await enters(code(1)), await enters(code(2))]).toEqual([false, true]);
});
