import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createRouter,
  definePlugin,
  defineTransport,
  endpointSchema,
  type RouterOptions,
  type WampgateConfig,
  z,
} from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { folderOf } from "../jest/folder.ts";
import { makeTls } from "./support/certificate.ts";
import { ANONYMOUS, startLimited } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";
import { answerTo, connectRawSocket, dial } from "./support/raw-socket.ts";
import { eventually } from "./support/load.ts";
import { OFFICIAL, type RunningRouter } from "./support/router.ts";

/** Answers HTTP requests below a path. */
const pages = defineTransport({
  type: "pages",
  schema: z.strictObject({ endpoint: endpointSchema, path: z.string(), text: z.string() }),
  accepts: ({ path }) => ({ request: path }),
  open: ({ options: { path, text } }, { endpoint }) => ({
    url: () => endpoint.url("http", path),
    request(request, response) {
      if (request.url?.endsWith("broken") === true) throw new Error("the page is broken");
      response.setHeader("connection", "close");
      response.end(`${text} for ${endpoint.peerOf(request.socket, request.headers)?.split(":")[0] ?? ""}`);
    },
    close: () => Promise.resolve(),
  }),
});
const plugin = definePlugin({ name: "pages", core: "*", transports: [pages] });

let running: RunningRouter;
const clients: FakeClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  return running.close();
});

async function start(endpoint: object, entries: readonly object[] = []) {
  running = await startLimited(
    [
      { type: "websocket", endpoint, auth: ANONYMOUS },
      { type: "rawsocket", endpoint, auth: ANONYMOUS },
      { type: "pages", endpoint, path: "/pages", text: "a page", auth: ANONYMOUS },
      ...entries,
    ],
    { plugins: [plugin] },
  );
  return running.router.endpoints.map(({ url }) => url) as [string, string, string];
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

async function joins(client: FakeClient): Promise<void> {
  client.hello();
  await client.welcomed();
  clients.push(client);
}

const folder = await folderOf();
const tls = await makeTls();

describe.each([
  ["TCP", { type: "tcp", port: 0 }],
  ["TLS", { type: "tcp", port: 0, tls }],
  ["a Unix domain socket", { type: "unix", path: join(folder, "shared.sock") }],
])("on one endpoint of %s", (_name, endpoint) => {
  it("WebSocket, RawSocket and the pages of a plugin are side by side", async () => {
    const [ws, rs, page] = await start(endpoint);
    const port = /:(\d+)/.exec(ws)?.[1];
    expect([rs, page].map((url) => /:(\d+)/.exec(url)?.[1])).toEqual([port, port]);
    await joins(await connectRaw(ws, "wamp.2.json", { rejectUnauthorized: false }));
    await joins(await connectRawSocket(rs));
    const kind = endpoint.type === "unix" ? "unix" : "tcp4";
    expect(await answerTo(page, get("/pages/one?x"))).toMatch(new RegExp(`^HTTP/1.1 200[^]*a page for ${kind}$`));
    expect(await answerTo(page, get("/healthz"))).toMatch(/^HTTP\/1.1 200/);
    expect(await answerTo(page, get("/pagesmore"))).toMatch(/^HTTP\/1.1 404/);
    expect(running.router.stats.transports.map(({ sessions }) => sessions)).toEqual([1, 1, 0]);
  });

  it("bytes that come one by one go to the right entry", async () => {
    const [ws, rs] = await start(endpoint);
    for (const [url, bytes, begin] of [
      [ws, Buffer.from(get("/healthz")), Buffer.from("HTTP/1.1 200")],
      [rs, Buffer.of(0x7f, 0xf1, 0, 0), Buffer.of(0x7f, 0xf1, 0, 0)],
    ] as const) {
      const socket = dial(url);
      await once(socket, url.startsWith("rss") || url.startsWith("wss") ? "secureConnect" : "connect");
      for (const byte of bytes) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.subarray(0, begin.length)).toEqual(begin);
      socket.destroy();
    }
  });
});

it("a client that leaves before its first byte, or resets, harms no other and leaves nothing behind", async () => {
  const [ws, rs] = await start({ type: "tcp", port: 0 });
  const leaving = dial(ws).resume();
  await once(leaving, "connect");
  const ended = once(leaving, "close");
  leaving.end();
  await ended;
  const hasty = dial(ws);
  await once(hasty, "connect");
  hasty.resetAndDestroy();
  await joins(await connectRawSocket(rs));
});

it("a WebSocket's path may have a slash at its end, also before a query, and nothing else behind it", async () => {
  const [url] = await start({ type: "tcp", port: 0 });
  for (const path of ["/ws", "/ws/", "/ws/?v=1"]) {
    const client = await connectRaw(new URL(path, url).href);
    client.hello({ authmethods: ["anonymous"] });
    await client.welcomed();
    clients.push(client);
  }
  for (const path of ["/ws//", "/ws/more", "/wsx", "/"])
    await expect(connectRaw(new URL(path, url).href)).rejects.toThrow("404");
});

it("a page that fails answers 500, and the router goes on", async () => {
  const [, , page] = await start({ type: "tcp", port: 0 });
  expect(await answerTo(page, get("/pages/broken"))).toMatch(/^HTTP\/1.1 500/);
  expect(await answerTo(page, get("/pages"))).toMatch(/^HTTP\/1.1 200/);
});

it("the longest path that fits answers", async () => {
  const endpoint = { type: "tcp", port: 0 };
  const deeper = { type: "pages", endpoint, path: "/pages/deeper", text: "a deeper page", auth: ANONYMOUS };
  const root = { type: "pages", endpoint, path: "/", text: "the root", auth: ANONYMOUS };
  const [, , page] = await start(endpoint, [deeper, root]);
  expect(await answerTo(page, get("/pages/deeper/one"))).toContain("a deeper page");
  expect(await answerTo(page, get("/pages/deep"))).toContain("a page");
  expect(await answerTo(page, get("/healthz"))).toContain("the root");
  expect(await answerTo(page, get("/ws"))).toContain("the root");
});

it("behind a proxy with proxy-protocol both protocols get the client's address", async () => {
  const [ws, rs, page] = await start({
    type: "tcp",
    port: 0,
    "trusted-proxies": ["127.0.0.1"],
    "proxy-protocol": true,
  });
  expect(await answerTo(page, `PROXY TCP6 2001:db8::1 ::1 4711 80\r\n${get("/pages")}`)).toContain("for tcp6");
  const socket = dial(rs);
  socket.write(Buffer.concat([Buffer.from("PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\n"), RAW_JSON]));
  expect(((await once(socket, "data")) as [Buffer])[0]).toEqual(RAW_JSON);
  socket.destroy();
  expect(await answerTo(ws, get("/healthz"))).toBe("");
});

const RAW_JSON = Buffer.of(0x7f, 0xf1, 0, 0);

it("in TLS, too, TCP asks a RawSocket client that says nothing whether it is there", async () => {
  const [, rs] = await start({ type: "tcp", port: 0, tls });
  const { socket } = await connectRawSocket(rs);
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, "0");
  const ports = [Number(/\d+$/.exec(rs)?.[0]), socket.localPort ?? 0].map(hex);
  await eventually(async () => {
    const table = await readFile("/proc/net/tcp", "utf8");
    const line = table.split("\n").find((row) => row.includes(`:${ports[0] ?? ""} 0100007F:${ports[1] ?? ""} `));
    // The column of timers: 02 is that of keep-alive, once the client has confirmed all bytes.
    return line?.trim().split(/\s+/)[5]?.startsWith("02") === true;
  });
  socket.destroy();
});

describe("entries of one endpoint that do not go together are an error that names both", () => {
  const tcp = { type: "tcp", port: 8080 };
  const one = (type: string, endpoint: object, more: object = {}) => ({ type, endpoint, auth: ANONYMOUS, ...more });

  function checked(transports: readonly object[], options: RouterOptions = {}): Promise<unknown> {
    const realms = [{ name: "realm1", roles: [{ name: "user" }] }];
    const config = { plugins: [...OFFICIAL, plugin], realms, transports } as unknown as WampgateConfig;
    return createRouter(config, options);
  }

  it.each<[string, object[], string]>([
    [
      "tls",
      [one("websocket", { ...tcp, tls: { key: "a", certificate: "b" } }), one("rawsocket", tcp)],
      "transports[1]: it has the endpoint of transports[0], but another tls; give both the same, or other endpoints",
    ],
    [
      "trusted-proxies",
      [one("websocket", tcp), one("rawsocket", { ...tcp, "trusted-proxies": ["10.0.0.1"] })],
      "transports[1]: it has the endpoint of transports[0], but another trusted-proxies",
    ],
    [
      "proxy-protocol",
      [
        one("websocket", { ...tcp, "trusted-proxies": ["10.0.0.1"] }),
        one("rawsocket", { ...tcp, "trusted-proxies": ["10.0.0.1"], "proxy-protocol": true }),
      ],
      "transports[1]: it has the endpoint of transports[0], but another proxy-protocol",
    ],
    [
      "a path of WebSockets",
      [one("websocket", tcp), one("rawsocket", tcp), one("websocket", tcp)],
      'transports[2]: it has the endpoint of transports[0], which takes WebSockets at the path "/ws" there; give one of them another path',
    ],
    [
      "a path of requests",
      [one("pages", tcp, { path: "/a", text: "" }), one("pages", tcp, { path: "/a", text: "" })],
      'transports[1]: it has the endpoint of transports[0], which takes requests to the path "/a" there',
    ],
    [
      "RawSocket twice",
      [one("rawsocket", { type: "unix", path: "/s" }), one("rawsocket", { type: "unix", path: "/s" })],
      "transports[1]: it has the endpoint of transports[0], which takes connections that begin with the byte 0x7f there; give one of them another endpoint",
    ],
  ])("%s", async (_what, transports, message) => {
    await expect(checked(transports)).rejects.toThrow(message);
  });

  it("while other paths, ports, or kinds of requests are fine", async () => {
    const entries = [
      one("websocket", tcp),
      one("websocket", tcp, { path: "/other" }),
      one("pages", tcp, { path: "/ws", text: "" }),
      one("rawsocket", { ...tcp, host: "127.0.0.2", tls: { key: "a", certificate: "b" } }),
      one("websocket", { type: "tcp", port: 0 }),
      one("websocket", { type: "tcp", port: 0, tls: { key: "a", certificate: "b" } }),
    ];
    await expect(checked(entries)).resolves.toBeDefined();
  });
});
