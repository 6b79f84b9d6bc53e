import { join } from "node:path";
import cookie from "@wampgate/auth-cookie";
import wampcra from "@wampgate/auth-wampcra";
import { MemoryCarriers } from "@wampgate/cluster";
import { Code } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { answerCra, CookieClient, hangUpAll } from "./support/cookie-client.ts";
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

async function start(name: string, filename: string): Promise<RunningRouter> {
  const users = { joe: { secret: "123456", role: "user" } };
  const auth = { cookie: { store: { type: "file", filename } }, wampcra: { type: "static", users } };
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  const node = await startRouter({
    plugins: [cookie, wampcra, network.plugin],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [{ type: "websocket", endpoint, auth }],
    cluster: network.entry(name),
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
