import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { get, type IncomingMessage, type RequestOptions } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { definePlugin, type PluginApi } from "@wampgate/core";
import metrics from "@wampgate/metrics";
import { folderOf } from "../jest/folder.ts";
import { ANONYMOUS } from "./support/limits.ts";
import { makeRouter, OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const realms = [{ name: "realm1", roles: [{ name: "user" }] }];

let folder: string;
let running: RunningRouter | null = null;
beforeEach(async () => {
  folder = await folderOf();
});
afterEach(async () => {
  await running?.close();
  running = null;
});

const pages = definePlugin({
  name: "pages",
  core: "*",
  apply({ side }: PluginApi) {
    side.route("/page", (request, response) => response.end(`the page ${request.url ?? ""}`));
    side.route("/broken", () => {
      throw new Error("it is broken");
    });
  },
});

function configWith(side: object): Parameters<typeof makeRouter> {
  const plugins = [...OFFICIAL, pages, metrics];
  return [{ plugins, realms, auth: ANONYMOUS, side }, { file: join(folder, "wampgate.config.json") }];
}

const tokenFile = (): string => join(folder, "wampgate.token");

async function start(side: object = {}): Promise<string> {
  const endpoint = { type: "tcp", port: 0 };
  running = await startRouter(...configWith({ endpoint, "token-file": "wampgate.token", ...side }));
  const line = running.log.lines.find(({ message }) => message === "the side listener listens");
  return String(line?.fields["url"]);
}

async function ask(url: string, path: string, headers: Record<string, string> = {}, options: RequestOptions = {}) {
  const [response] = (await once(get(url + path, { headers, ...options }), "response")) as [IncomingMessage];
  return { status: response.statusCode, text: Buffer.concat(await response.toArray()).toString(), response };
}

const withToken = async (): Promise<Record<string, string>> => ({
  authorization: `Bearer ${(await readFile(tokenFile(), "utf8")).trim()}`,
});

it("health and metrics are public, and all else needs the token, which the router makes for its own user alone", async () => {
  const url = await start();
  expect((await stat(tokenFile())).mode & 0o777).toBe(0o600);
  expect((await readFile(tokenFile(), "utf8")).trim()).toMatch(/^[\w-]{43}$/);
  expect(await ask(url, "/healthz")).toMatchObject({ status: 200 });
  expect(await ask(url, "/readyz")).toMatchObject({ status: 200 });
  const { text, status } = await ask(url, "/metrics");
  expect([status, text.includes("wampgate_sessions")]).toEqual([200, true]);
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: "Basic x" }])
    expect(await ask(url, "/page", headers)).toMatchObject({ status: 401 });
  expect(await ask(url, "/nothing")).toMatchObject({ status: 401 });
  expect(await ask(url, "/page/deeper?x", await withToken())).toMatchObject({
    status: 200,
    text: "the page /page/deeper?x",
  });
  expect(await ask(url, "/pages", await withToken())).toMatchObject({ status: 404 });
  const { response } = await ask(url, "/broken", await withToken());
  expect(response.statusCode).toBe(500);
  expect(response.headers["x-content-type-options"]).toBe("nosniff");
});

it("a page in a browser cannot ask it: neither under another name, nor from another site", async () => {
  const url = await start({ "allowed-hosts": ["Router.example"] });
  const token = await withToken();
  const { port } = new URL(url);
  expect(await ask(url, "/metrics", { host: `evil.example:${port}` })).toMatchObject({ status: 421 });
  expect(await ask(url, "/page", { ...token, host: `evil.example:${port}` })).toMatchObject({ status: 421 });
  for (const host of [`localhost:${port}`, `[::1]:${port}`, "router.example"])
    expect(await ask(url, "/page", { ...token, host })).toMatchObject({ status: 200 });
  expect(await ask(url, "/page", { ...token, origin: "http://evil.example" })).toMatchObject({ status: 403 });
  expect(await ask(url, "/metrics", { origin: "null" })).toMatchObject({ status: 403 });
  expect(await ask(url, "/page", { ...token, origin: url })).toMatchObject({ status: 200 });
  for (const [site, status] of [
    ["cross-site", 403],
    ["same-site", 403],
    ["same-origin", 200],
    ["none", 200],
  ] as const)
    expect(await ask(url, "/page", { ...token, "sec-fetch-site": site })).toMatchObject({ status });
});

it("what is public is the config's to say, and only these very paths", async () => {
  const url = await start({ public: ["/page"] });
  expect(await ask(url, "/page?x")).toMatchObject({ status: 200 });
  for (const path of ["/page/deeper", "/page/", "//page", "/metrics", "/healthz"])
    expect(await ask(url, path)).toMatchObject({ status: 401 });
});

it("it is there on a Unix domain socket, and while the router drains, when it is not ready any more", async () => {
  const socketPath = join(folder, "side.sock");
  await start({ endpoint: { type: "unix", path: socketPath } });
  const url = "http://localhost";
  expect(await ask(url, "/readyz", {}, { socketPath })).toMatchObject({ status: 200 });
  await running?.router.drain();
  expect(await ask(url, "/readyz", {}, { socketPath })).toMatchObject({ status: 503 });
  expect(await ask(url, "/healthz", {}, { socketPath })).toMatchObject({ status: 200 });
});

it("the token stays the same if its file is there", async () => {
  await writeFile(tokenFile(), "a token of my own\n", { mode: 0o600 });
  const url = await start();
  expect(await ask(url, "/page", { authorization: "bearer a token of my own" })).toMatchObject({ status: 401 });
  await running?.close();
  await writeFile(tokenFile(), "a-token-of-my-own\n");
  expect(await ask(await start(), "/page", { authorization: "bearer a-token-of-my-own" })).toMatchObject({
    status: 200,
  });
});

it("the router does not start if others may read the token, it is too short, or its folder is missing", async () => {
  const failing = async (side: object = {}): Promise<unknown> => {
    const endpoint = { type: "tcp", port: 0 };
    const { router } = await makeRouter(...configWith({ endpoint, "token-file": "wampgate.token", ...side }));
    return router.start();
  };
  await writeFile(tokenFile(), "a-token-of-my-own\n");
  await chmod(tokenFile(), 0o640);
  await expect(failing()).rejects.toThrow(/can be used by others \(mode 640\)\. Run: chmod 600/);
  await chmod(tokenFile(), 0o600);
  await writeFile(tokenFile(), "short");
  await expect(failing()).rejects.toThrow("fewer than 16 characters");
  await expect(failing({ "token-file": "none/token" })).rejects.toThrow("cannot be made (ENOENT)");
  await expect(failing({ "token-file": "." })).rejects.toThrow("the token file of the side listener");
});

it.each<[string, object, string]>([
  ["reaches other machines without TLS", { endpoint: { type: "tcp", host: "0.0.0.0", port: 1 } }, "needs tls"],
  ["is a server of the program", { endpoint: { type: "server", name: "x" } }, "the side listener listens by itself"],
  ["has no token file", { endpoint: { type: "tcp", port: 1 }, "token-file": "" }, "side.token-file"],
])("it is an error in the config if it %s", async (_what, side, message) => {
  await expect(makeRouter(...configWith({ "token-file": "t", ...side }))).rejects.toThrow(message);
});

it("its endpoint is no transport's", async () => {
  const endpoint = { type: "tcp", port: 8080 };
  const [config, options] = configWith({ endpoint, "token-file": "t" });
  const transports = [{ type: "websocket", endpoint, auth: ANONYMOUS }];
  await expect(makeRouter({ ...config, transports }, options)).rejects.toThrow(
    /side\.endpoint: transports\[0\] listens on port 8080 already/,
  );
});

it("check finds what would keep it from listening", async () => {
  const tls = { key: "none.pem", certificate: "none.pem" };
  const { router } = await makeRouter(...configWith({ endpoint: { type: "tcp", port: 1, tls }, "token-file": "t" }));
  const { problems } = await router.check();
  expect(problems.map(({ path }) => path.join("."))).toEqual([
    "side.endpoint.tls.key",
    "side.endpoint.tls.certificate",
  ]);
});

it("a change of it waits for a restart", async () => {
  await start();
  const [{ plugins, side }] = configWith({ endpoint: { type: "tcp", port: 1 }, "token-file": "wampgate.token" });
  const transports = [{ type: "memory", auth: ANONYMOUS }];
  const { restart } = (await running?.router.reload({ plugins, realms, side, transports } as never)) ?? {};
  expect(restart).toEqual(["side has changed; the side listener stays as it is until a restart"]);
});
