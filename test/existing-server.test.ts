import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Code, createRouter, type RouterOptions, type WampgateConfig } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { WebSocket } from "ws";
import { folderOf } from "../jest/folder.ts";
import { makeTls } from "./support/certificate.ts";
import { ANONYMOUS } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";
import { answerTo } from "./support/raw-socket.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
const PAGE = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

let server: Server;
let running: RunningRouter;
const clients: FakeClient[] = [];

beforeEach(async () => {
  server = createServer((_request, response) => response.end("the program's page"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await running.close();
  server.close();
});

const entryOn = (name: string, more: object = {}): object => ({
  type: "websocket",
  endpoint: { type: "server", name },
  auth: ANONYMOUS,
  ...more,
});

async function start(
  entries: readonly object[] = [entryOn("main")],
  servers: Record<string, Server> = { main: server },
) {
  running = await startRouter({ realms, transports: entries }, { servers });
  return running.url;
}

async function joined(url: string, headers: Record<string, string> = {}): Promise<FakeClient> {
  const client = await connectRaw(url, "wamp.2.json", { headers, rejectUnauthorized: false });
  clients.push(client);
  client.hello();
  await client.welcomed();
  return client;
}

it("the router takes WebSockets at its path, and the program answers all other requests", async () => {
  const url = await start([entryOn("main"), entryOn("main", { path: "/other" })]);
  const { port } = server.address() as AddressInfo;
  expect(running.router.endpoints.map((endpoint) => endpoint.url)).toEqual([
    `ws://127.0.0.1:${port}/ws`,
    `ws://127.0.0.1:${port}/other`,
  ]);
  await joined(url);
  await joined(url.replace("/ws", "/other"));
  for (const path of ["/", "/ws", "/healthz"])
    expect(await answerTo(url, PAGE.replace("/ ", `${path} `))).toContain("the program's page");
});

it("close() ends the sessions and takes the router's listeners off; the server goes on", async () => {
  const url = await start();
  const client = await joined(url);
  expect(server.listenerCount("upgrade")).toBe(1);
  const closed = running.close();
  expect(await client.next()).toMatchObject([6, {}, "wamp.close.system_shutdown"]);
  client.close();
  await closed;
  expect(server.eventNames()).not.toContain("upgrade");
  expect(server.listening).toBe(true);
  expect(await answerTo(url, PAGE)).toContain("the program's page");
});

it("an upgrade elsewhere is the program's if it takes some, else it gets 404", async () => {
  const url = await start();
  const elsewhere = url.replace("/ws", "/elsewhere");
  await expect(once(new WebSocket(elsewhere, "wamp.2.json"), "open")).rejects.toThrow("404");
  server.on("upgrade", (request, socket) => {
    if (request.url === "/elsewhere") socket.end("HTTP/1.1 418 I'm a teapot\r\n\r\n");
  });
  await expect(once(new WebSocket(elsewhere, "wamp.2.json"), "open")).rejects.toThrow("418");
  await joined(url);
});

it("the limits hold from the upgrade on, and an address behind a trusted proxy is the client's", async () => {
  const endpoint = { type: "server", name: "main", "trusted-proxies": ["127.0.0.1"] };
  const url = await start([entryOn("main", { endpoint, "max-connections": 1, "max-hello-size": 1024 })]);
  const first = await joined(url, { "x-forwarded-for": "203.0.113.9" });
  await expect(
    once(new WebSocket(url, "wamp.2.json", { headers: { "x-forwarded-for": "203.0.113.8" } }), "open"),
  ).rejects.toThrow("503");
  expect(running.log.text()).toContain("tcp4:203.0.113.8:0");
  first.close();
  await first.closed;
  const large = await connectRaw(url);
  clients.push(large);
  large.sendFrame(JSON.stringify([1, "realm1", { authid: "x".repeat(2000) }]));
  await large.closed;
  expect(running.router.stats.limits.get("max-hello-size")).toBe(1);
});

it("a client that is connected holds nothing of its request", async () => {
  const url = await start();
  let request: WeakRef<object> | undefined;
  server.prependOnceListener("upgrade", (upgrade) => (request = new WeakRef(upgrade)));
  const client = await joined(url);
  expect(request).toBeDefined();
  await forgotten(() => request?.deref());
  client.send(Code.CALL, 1, {}, "wamp.session.count"); // the session is still there
  await client.expect(Code.RESULT);
});

/** Collects garbage until `held` gives undefined. A WeakRef holds on until the turn it was read in is over. */
async function forgotten(held: () => unknown): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 10 && held() !== undefined; i++) {
    await setImmediate();
    collect();
  }
  await setImmediate();
  expect(held() === undefined).toBe(true);
}

it("while the router drains, upgrades get 503 and the program's pages are there", async () => {
  const url = await start();
  await running.router.drain();
  await expect(once(new WebSocket(url, "wamp.2.json"), "open")).rejects.toThrow("503");
  expect(await answerTo(url, PAGE)).toContain("the program's page");
});

it("a server with TLS, one on a Unix domain socket, and one that does not listen yet will do", async () => {
  const { key, certificate } = await makeTls();
  const secure = createTlsServer({ key: await readFile(key), cert: await readFile(certificate) });
  const local = createServer();
  const path = join(await folderOf(), "program.sock");
  local.listen(path);
  await once(local, "listening");
  await start([entryOn("secure"), entryOn("local")], { secure, local });
  const urls = (): string[] => running.router.endpoints.map(({ url }) => url);
  expect(urls()).toEqual(["ws+server:secure:/ws", `ws+unix:${path}:/ws`]);
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  expect(urls()[0]).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/ws$/);
  for (const url of urls()) await joined(url);
  await running.close();
  secure.close();
  local.close();
});

it("entries on it come and go with reloads", async () => {
  const url = await start();
  const config = (...transports: object[]): WampgateConfig =>
    ({ plugins: OFFICIAL, realms, transports }) as unknown as WampgateConfig;
  const other = { type: "memory", auth: ANONYMOUS };
  await running.router.reload(config(other));
  expect(server.listenerCount("upgrade")).toBe(0);
  await running.router.reload(config(other, entryOn("main")));
  await joined(url);
});

describe("it is an error in the config", () => {
  function checked(transport: object, options: RouterOptions = {}): Promise<unknown> {
    return createRouter({ plugins: OFFICIAL, realms, transports: [transport] } as unknown as WampgateConfig, options);
  }

  it("if there is no server of this name, as in each config for the command", async () => {
    await start();
    const message =
      'transports[0]: there is no server "main". Give it to createRouter(config, { servers: { "main": … } }), or let the router listen by type tcp or unix';
    await expect(checked(entryOn("main"))).rejects.toThrow(message);
    await expect(checked(entryOn("constructor"), { servers: { main: server } })).rejects.toThrow("there is no server");
  });

  it("if an entry wants more than WebSockets of it", async () => {
    await start();
    await expect(checked({ ...entryOn("main"), type: "rawsocket" }, { servers: { main: server } })).rejects.toThrow(
      "an endpoint of type server takes WebSockets alone; let this entry listen by type tcp or unix",
    );
  });
});
