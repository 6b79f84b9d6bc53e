import { definePlugin, defineTransport, endpointSchema, type PluginApi, type WampgateConfig, z } from "@wampgate/core";
import { createServer } from "node:http";
import { ANONYMOUS } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";
import { answerTo } from "./support/raw-socket.ts";
import { makeRouter, OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const realms = [{ name: "realm1", roles: [{ name: "user" }] }];
const web = (path = "/ws"): object => ({
  type: "websocket",
  endpoint: { type: "tcp", port: 0 },
  path,
  auth: ANONYMOUS,
});
const raw = { type: "rawsocket", endpoint: { type: "tcp", host: "127.0.0.2", port: 0 }, auth: ANONYMOUS };
const memory = { type: "memory", auth: ANONYMOUS };
const GET = "GET /page?x HTTP/1.1\r\nHost: localhost\r\n\r\n";

let running: RunningRouter | null = null;
afterEach(async () => {
  await running?.close();
  running = null;
});

const pluginWith = (apply: (api: PluginApi) => void) => definePlugin({ name: "pages", core: "*", apply });

async function start(apply: (api: PluginApi) => void, transports: readonly object[]): Promise<string[]> {
  const plugins = [...OFFICIAL, pluginWith(apply)];
  running = await startRouter({ plugins, realms, transports });
  return running.router.endpoints.map(({ url }) => url);
}

it.each<[string, object]>([
  ["a WebSocket", web()],
  ["a RawSocket, which speaks no HTTP otherwise", raw],
])("a plugin's page is on the endpoint of %s", async (_what, entry) => {
  const [, url = ""] = await start(
    ({ http }) => http.route(1, "/page", (_request, response) => void response.end("the page")),
    [memory, entry],
  );
  expect(await answerTo(url, GET)).toMatch(/^HTTP\/1.1 200[^]*Connection: close[^]*the page$/i);
  expect(await answerTo(url, GET.replace("/page", "/other"))).toMatch(/^HTTP\/1.1 404/);
});

it("a page that fails is a 500, and the log names the plugin", async () => {
  const [url = ""] = await start(
    ({ http }) => http.route(0, "/page", () => Promise.reject(new Error("the disk is full"))),
    [web()],
  );
  expect(await answerTo(url, GET)).toMatch(/^HTTP\/1.1 500/);
  expect(running?.log.text()).toMatch(/pages.*failed to answer a request to \/page: the disk is full/);
  await connectRaw(url);
});

it("the page follows its position at a reload, and the log says if it has no place", async () => {
  const apply = ({ http }: PluginApi): void =>
    http.route(0, "/page", (_request, response) => void response.end("here"));
  const [url = ""] = await start(apply, [web(), raw]);
  const reload = (...transports: object[]) =>
    running?.router.reload({
      plugins: [...OFFICIAL, pluginWith(apply)],
      realms,
      transports,
    } as unknown as WampgateConfig);
  expect(await reload(raw, web())).toMatchObject({ problems: [], transports: { opened: 0, closed: 0 } });
  const [other = ""] = running?.router.endpoints.map((endpoint) => endpoint.url) ?? [];
  expect(await answerTo(other, GET)).toContain("here");
  expect(await answerTo(url, GET)).toMatch(/^HTTP\/1.1 404/);
  expect((await reload(memory, web()))?.problems).toEqual([
    'the plugin "pages" has no place for its page /page: transports[0] is not open, or listens by itself',
  ]);
  await reload(web("/elsewhere"), memory);
  expect(await answerTo(running?.router.endpoints[0]?.url ?? "", GET)).toContain("here");
});

it("pages that change places at a reload are where they belong, and an entry does not take the path of one", async () => {
  const pages = defineTransport({
    type: "pages",
    schema: z.strictObject({ endpoint: endpointSchema }),
    accepts: () => ({ request: "/page" }),
    open: (_entry, { endpoint }) => ({
      url: () => endpoint.url("http", "/page"),
      request: (_request, response) => void response.end("an entry"),
      close: () => Promise.resolve(),
    }),
  });
  const apply = ({ http }: PluginApi): void =>
    [0, 1].forEach((entry) => http.route(entry, "/page", (_request, response) => void response.end(`page ${entry}`)));
  const plugin = definePlugin({ name: "pages", core: "*", transports: [pages], apply });
  running = await startRouter({ plugins: [...OFFICIAL, plugin], realms, transports: [web(), raw] });
  const { router } = running;
  const reload = (...transports: object[]) =>
    router.reload({ plugins: [...OFFICIAL, plugin], realms, transports } as unknown as WampgateConfig);
  expect(await reload(raw, web())).toMatchObject({ problems: [] });
  for (const [entry, { url }] of router.endpoints.entries())
    expect(await answerTo(url, GET)).toContain(`page ${entry}`);
  const { endpoint } = raw;
  expect((await reload(raw, web(), { type: "pages", endpoint, auth: ANONYMOUS })).problems).toEqual([
    "transports[2] was not opened: the path /page is taken there; the next reload tries again",
  ]);
  expect(await answerTo(router.endpoints[0]?.url ?? "", GET)).toContain("page 0");
});

it.each<[string, (api: PluginApi) => void, object[], string]>([
  [
    "there is no such entry",
    ({ http }) => http.route(1, "/page", () => undefined),
    [web()],
    'the plugin "pages" has no place for its page /page: transports[1] is not open',
  ],
  [
    "the path is taken",
    ({ http }) => {
      http.route(0, "/page", () => undefined);
      http.route(1, "/page", () => undefined);
    },
    [web(), web("/other")],
    "the path /page is taken there",
  ],
  [
    "the program has the server",
    ({ http }) => http.route(0, "/page", () => undefined),
    [{ type: "websocket", endpoint: { type: "server", name: "main" }, auth: ANONYMOUS }],
    'the program answers the requests to its server "main" itself',
  ],
])("the router does not start if %s", async (_why, apply, transports, message) => {
  const plugins = [...OFFICIAL, pluginWith(apply)];
  const { router } = await makeRouter({ plugins, realms, transports }, { servers: { main: createServer() } });
  await expect(router.start()).rejects.toThrow(message);
});

it("a path that is none is refused at once, and one that comes after the start, too", async () => {
  const later: PluginApi[] = [];
  const made = makeRouter({
    plugins: [...OFFICIAL, pluginWith(({ http }) => http.route(0, "page", () => undefined))],
    realms,
    transports: [web()],
  });
  await expect(made).rejects.toThrow('the path of a route must start with "/"');
  await start((api) => void later.push(api), [web()]);
  expect(() => later[0]?.http.route(0, "/page", () => undefined)).toThrow("add /page in apply");
});
