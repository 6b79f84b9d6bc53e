import { join } from "node:path";
import cookies from "@wampgate/auth-cookie";
import wampcra from "@wampgate/auth-wampcra";
import { MemoryCarriers } from "@wampgate/cluster";
import { Code } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { answerCra, CookieClient, hangUpAll } from "./support/cookie-client.ts";
import { eventually } from "./support/load.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

// Cookies at several routers that act as one, with a store that they share.

let network: MemoryCarriers;
let nodes: RunningRouter[] = [];

beforeEach(() => (network = new MemoryCarriers()));
afterEach(async () => {
  hangUpAll();
  network.part();
  await Promise.all(nodes.map((node) => node.close()));
  nodes = [];
});

async function start(name: string, store: string | object, link: object = {}): Promise<RunningRouter> {
  const users = { joe: { secret: "123456", role: "user" } };
  const cookie = { store: typeof store === "string" ? { type: "file", filename: store } : store };
  const auth = { cookie, wampcra: { type: "static", users } };
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  const node = await startRouter({
    plugins: [cookies, wampcra, network.plugin],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [{ type: "websocket", endpoint, auth }],
    cluster: { ...network.entry(name), ...link },
  });
  nodes.push(node);
  return node;
}

it("who has logged in at one node is let in at another, and a logout at one ends the sessions at all", async () => {
  const filename = join(await folderOf({}), "cookies.sqlite");
  const [a, b] = [await start("a", filename), await start("b", filename)];
  const first = await CookieClient.connect(a.url);
  first.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
  await answerCra(first);
  const second = await CookieClient.connect(b.url, { cookie: first.cookie });
  second.hello({ authmethods: ["cookie", "wampcra"] });
  expect(await second.welcomed()).toMatchObject({ authid: "joe", authprovider: "cookie" });
  first.send(Code.GOODBYE, {}, "wamp.close.logout");
  await first.closed;
  expect(await second.goodbye()).toBe("wamp.close.logout");
  for (const { url } of [a, b]) {
    const client = await CookieClient.connect(url, { cookie: first.cookie });
    client.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
    expect((await client.expect(Code.CHALLENGE))[1]).toBe("wampcra");
  }
});

it("a client that has the answer to its logout cannot log in by the cookie at another node, even if the store deletes nothing", async () => {
  network = new MemoryCarriers({ delay: () => 30 });
  const text = `const kept = new Map();
    const set = (key, value) => kept.set(key, value);
    export default () => ({ get: (key) => kept.get(key), set, delete: () => true, clear: () => kept.clear() });`;
  const store = { type: "module", module: join(await folderOf({ "store.mjs": text }), "store.mjs") };
  const [a, b] = [await start("a", store), await start("b", store)];
  const first = await CookieClient.connect(a.url);
  first.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
  await answerCra(first);
  const enter = async (): Promise<CookieClient> => {
    const client = await CookieClient.connect(b.url, { cookie: first.cookie });
    client.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
    return client;
  };
  expect(await (await enter()).welcomed()).toMatchObject({ authprovider: "cookie" });
  const before = await CookieClient.connect(b.url, { cookie: first.cookie });
  const left = performance.now();
  first.send(Code.GOODBYE, {}, "wamp.close.logout");
  await first.goodbye();
  // After half a second the answer does not wait any longer, as on a machine that is very busy.
  if (performance.now() - left > 400) await network.quiet();
  before.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
  for (const client of [before, await enter()]) expect((await client.expect(Code.CHALLENGE))[1]).toBe("wampcra");
});

describe("a node that is cut off from the others", () => {
  /** Logs in at the first node. @returns the cookie, and how the others answer it */
  async function entered(link: object = {}) {
    const filename = join(await folderOf({}), "cookies.sqlite");
    const [a, b] = [await start("a", filename, link), await start("b", filename, link)];
    const first = await CookieClient.connect(a.url);
    first.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
    await answerCra(first);
    const { cookie } = first;
    const answerAt = async ({ url }: RunningRouter): Promise<unknown> => {
      const client = await CookieClient.connect(url, { cookie });
      expect(client.setCookies).toEqual([]); // it keeps the one that it has
      client.hello({ authid: "joe", authmethods: ["cookie", "wampcra"] });
      const [code, method, details] = await client.next();
      return code === Code.CHALLENGE ? method : (details as { authprovider: string }).authprovider;
    };
    return { a, b, answerAt };
  }

  it.each([
    ["and its carrier says so", () => network.cutOff("b"), () => network.reconnect("b")],
    ["and its carrier says nothing", () => network.part(["a"], ["b"]), () => network.part()],
  ])("%s passes cookies over, tells the operator, and lets in by them when it is back", async (_how, cut, mend) => {
    const { a, b, answerAt } = await entered();
    cut();
    expect(await answerAt(b)).toBe("wampcra");
    expect(b.log.text()).toContain("may have revoked a cookie: clients log in without cookies meanwhile");
    expect(await answerAt(a)).toBe("cookie");
    mend();
    await eventually(async () => (await answerAt(b)) === "cookie");
  });

  it("lets in by cookies with offline-second-factor", async () => {
    const { b, answerAt } = await entered({ "offline-second-factor": true });
    network.cutOff("b");
    expect(await answerAt(b)).toBe("cookie");
    network.reconnect("b");
  });
});
