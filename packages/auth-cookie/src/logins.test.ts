import type { LoginSuccess, PastLogin, SessionInfo } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { BoundedStore, MemoryStore } from "@wampgate/store";
import { COOKIES, LoginStores } from "./login-stores.ts";
import { type Joined, Logins } from "./logins.ts";
import type { LoginRecord } from "./record.ts";

const LOGOUT = "wamp.close.logout";

const past: PastLogin = {
  realm: "realm1",
  authid: "joe",
  authrole: "user",
  authmethod: "ticket",
  authfactors: null,
  expires: null,
  extra: null,
  admission: null,
};
const keeping = { key: "key", place: "cbtid /ws", maxAge: 100 };
const record = (expires = 4e9): LoginRecord => ({ place: keeping.place, expires, login: past });

let ids = 1;

/** A session that has joined, and how it was told to end. */
function joinedAs(authid = "joe", expires: number | null = null): Joined & { readonly ended: string[] } {
  const ended: string[] = [];
  const login: LoginSuccess = {
    authmethod: "ticket",
    provider: "static",
    plugin: null,
    ms: 1,
    past: { ...past, authid, expires },
    end: (reason) => void ended.push(reason),
  };
  return { info: { session: ids++, realm: "realm1", authid, expires } as SessionInfo, login, ended };
}

function start() {
  const isTogether = { now: true };
  const store = new MemoryStore();
  const log = new CapturedLog();
  const logins: Logins = new Logins(new BoundedStore(store, { name: "memory", ...COOKIES }, log), log, {
    tell: (key) => logins.revoked(key),
    canAgree: () => Promise.resolve(isTogether.now),
  });
  return { store, log, logins, isTogether };
}

/** When all questions to the store so far are answered. */
async function settled(logins: Logins): Promise<void> {
  await logins.read("other", keeping.place);
}

it("a session that was let in while its cookie was being revoked ends", () => {
  const { logins } = start();
  logins.revoke("key");
  const late = joinedAs();
  logins.resumed(keeping, record(), late);
  expect(late.ended).toEqual([LOGOUT]);
});

it("a login of another router's making ends here when it is revoked there", async () => {
  const { logins, store } = start();
  const one = joinedAs();
  logins.resumed(keeping, record(), one);
  logins.revoked("key");
  expect(one.ended).toEqual([LOGOUT]);
  // It is the other one that deletes it.
  store.set("key", "text", Date.now() + 1000, "joe");
  expect(await logins.read("key", keeping.place)).toBeNull();
});

it("what is over, or for a cookie of another name or path, is no login", async () => {
  const { logins } = start();
  logins.remember(keeping, joinedAs());
  expect(await logins.read("key", keeping.place)).toMatchObject({ login: { authid: "joe" } });
  expect(await logins.read("key", "cbtid /other")).toBeNull();
  logins.remember(keeping, joinedAs("joe", 1000));
  expect(await logins.read("key", keeping.place)).toBeNull();
});

it("a login is replaced by one of the same user alone, and not if it has ended meanwhile", async () => {
  const { logins } = start();
  logins.remember(keeping, joinedAs("ann"));
  const joe = joinedAs("joe");
  logins.replace(keeping, joe);
  await settled(logins);
  expect(await logins.read("key", keeping.place)).toMatchObject({ login: { authid: "ann" } });
  logins.left(joe.info, { by: "client", reason: LOGOUT });
  expect(await logins.read("key", keeping.place)).not.toBeNull();
  const again = joinedAs("ann", 3_000_000_000);
  logins.replace(keeping, again);
  logins.left(again.info, { by: "client", reason: LOGOUT });
  await settled(logins);
  expect(await logins.read("key", keeping.place)).toBeNull();
});

it("a session that expires takes no login with it that another session of its cookie has renewed", async () => {
  const { logins } = start();
  const [first, second] = [joinedAs(), joinedAs()];
  logins.remember(keeping, first);
  logins.resumed(keeping, record(), second);
  logins.renewed({ ...first.info, expires: 4_000_000_000 });
  logins.left(second.info, { by: "expired", reason: "wampgate.close.expired" });
  expect(first.ended).toEqual([]);
  expect(await logins.read("key", keeping.place)).toMatchObject({ login: { expires: 4_000_000_000 } });
  logins.left(first.info, { by: "kill", reason: "wamp.close.killed" });
  expect(await logins.read("key", keeping.place)).toBeNull();
});

it("of a session that is not remembered nothing changes", () => {
  const { logins } = start();
  const { info } = joinedAs();
  logins.renewed(info);
  logins.left(info, { by: "kill", reason: null });
});

it("only the last keys that were revoked are known: the store says the rest", async () => {
  const { logins, store } = start();
  logins.revoke("key");
  store.set("key", "no login", Date.now() + 1000, "joe");
  for (let i = 0; i < 9_999; i++) logins.revoked(`key${i}`);
  expect(await logins.read("key", keeping.place)).toBeNull();
  logins.remember(keeping, joinedAs());
  expect(await logins.read("key", keeping.place)).toBeNull();
  logins.revoked("one more");
  logins.remember(keeping, joinedAs());
  expect(await logins.read("key", keeping.place)).not.toBeNull();
});

it("cookies are open while the nodes can agree, and the operator is told when they are not", async () => {
  const { logins, log, isTogether } = start();
  expect(await logins.areOpen()).toBe(true);
  isTogether.now = false;
  for (let i = 0; i < 3; i++) expect(await logins.areOpen()).toBe(false);
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  isTogether.now = true;
  expect(await logins.areOpen()).toBe(true);
});

it("what a store throws that is no failure of it ends in the log", async () => {
  const log = new CapturedLog();
  const store = {
    set: () => Promise.reject(new TypeError("a mistake")),
  } as unknown as BoundedStore;
  new Logins(store, log, { tell: () => undefined, canAgree: () => Promise.resolve(true) }).remember(
    keeping,
    joinedAs(),
  );
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(log.text()).toContain("a cookie was not remembered or revoked");
});

it("blocks with the same store share it until the last one is closed; one that fails is tried again", async () => {
  const log = new CapturedLog();
  const stores = new LoginStores();
  const listeners: ((key: unknown) => void)[] = [];
  stores.connect({
    announce: (_topic, key) => Promise.resolve(listeners[0]?.(key)),
    on: (_topic, listener) => void listeners.push(listener),
    spend: () => Promise.resolve(true),
    canAgree: () => Promise.resolve(true),
  });
  const files = { resolve: (path: string) => path, resolveModule: (name: string) => name };
  const take = () => stores.take({ type: "memory" }, files, log);
  const [one, two] = [await take(), await take()];
  expect(one.store).toBe(two.store);
  const joe = joinedAs();
  one.store.remember({ ...keeping, key: "k".repeat(43) }, joe);
  for (const wrong of [5, "short", "x".repeat(43)]) listeners[0]?.(wrong);
  expect(joe.ended).toEqual([]);
  one.store.revoke("k".repeat(43));
  expect(joe.ended).toEqual([LOGOUT]);
  await one.giveBack();
  const three = await take();
  expect(three.store).toBe(two.store);
  await Promise.all([two.giveBack(), three.giveBack()]);
  const four = await take();
  expect(four.store).not.toBe(one.store);
  await four.giveBack();
  const broken = () => stores.take({ type: "module", module: "data:text/javascript,export default 5" }, files, log);
  await Promise.all([expect(broken()).rejects.toThrow("its default export"), expect(broken()).rejects.toThrow()]);
});
