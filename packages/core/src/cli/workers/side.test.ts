import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname } from "node:path";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { sideSchema } from "../../router/side/settings.ts";
import { sideOfWorker, WorkersSide } from "./side.ts";

const SETTINGS = sideSchema.parse({ endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, "token-file": "token" });
const METRICS = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };

const log = new CapturedLog();
const servers: Server[] = [];
let side: WorkersSide;
let running: readonly string[] = [];

const pathOf = (worker: string): string => {
  const { endpoint } = sideOfWorker({ side: {} }, worker, side.place) as { endpoint: { path: string } };
  return endpoint.path;
};

/** The side listener of a worker, for the test. */
async function worker(name: string, isReady: boolean): Promise<void> {
  const server = createServer(({ url, headers }, response) => {
    if (url === "/metrics") response.writeHead(200, METRICS).end("# TYPE up gauge\nup 1\n");
    else if (url === "/readyz") response.writeHead(isReady ? 200 : 503).end(name);
    else if (url === "/long") response.end(Buffer.alloc(17 * 1024 * 1024));
    else response.writeHead(200, { "x-worker": name }).end(headers.authorization);
  }).listen(pathOf(name));
  servers.push(server);
  await once(server, "listening");
}

beforeAll(async () => {
  side = await WorkersSide.open(SETTINGS, import.meta.dirname, log);
  side.asks(() => running);
  await worker("vm-1", false);
  await worker("vm-2", true);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await side.close();
  expect(existsSync(dirname(pathOf("vm-1")))).toBe(false);
});
beforeEach(() => (running = ["vm-1", "vm-2"]));

const get = (path: string): Promise<Response> => {
  const line = log.lines.find(({ message }) => message === "the side listener listens");
  return fetch(new URL(path, String(line?.fields["url"])), { headers: { authorization: "Bearer token" } });
};

it("metrics are those of all workers", async () => {
  expect(await (await get("/metrics")).text()).toBe('# TYPE up gauge\nup{worker="vm-1"} 1\nup{worker="vm-2"} 1\n');
});

it("it is ready while one worker is", async () => {
  expect((await get("/readyz")).status).toBe(200);
  running = ["vm-1"];
  expect((await get("/readyz")).status).toBe(503);
});

it("a worker that does not answer holds nothing up but a page of metrics, which then lacks its part", async () => {
  const mute = createServer(() => undefined).listen(pathOf("vm-0"));
  await once(mute, "listening");
  running = ["vm-0", "vm-2"];
  expect((await get("/readyz")).status).toBe(200);
  expect(log.text()).not.toContain("vm-0");
  expect(await (await get("/metrics")).text()).toBe('# TYPE up gauge\nup{worker="vm-2"} 1\n');
  expect(log.text()).toContain("vm-0");
  mute.closeAllConnections();
  mute.close();
}, 10_000);

it("other pages are those of the first worker, which judges the token", async () => {
  const answer = await get("/page");
  expect([answer.headers.get("x-worker"), await answer.text()]).toEqual(["vm-1", "Bearer token"]);
});

it("a worker that is gone is passed over, and without any it says so", async () => {
  running = ["vm-3", "vm-2"];
  expect((await get("/page")).headers.get("x-worker")).toBe("vm-2");
  running = [];
  expect((await get("/page")).status).toBe(503);
});

it("an answer that is too long for the primary is none", async () => {
  expect((await get("/long")).status).toBe(503);
  expect(log.text()).toContain("it answers with more than 16777216 bytes");
});

it("a worker's side listener is a socket, and takes the host of the primary's", () => {
  const place = JSON.stringify({ folder: "/tmp/folder", host: "10.0.0.1" });
  const own = { endpoint: { type: "tcp", port: 9464 }, "token-file": "token", "allowed-hosts": ["name"] };
  expect(sideOfWorker({ side: own }, "vm-1", place)).toEqual({
    endpoint: { type: "unix", path: "/tmp/folder/vm-1.sock" },
    "token-file": "token",
    "allowed-hosts": ["name", "10.0.0.1"],
  });
  expect(sideOfWorker({ side: own }, "vm-1", undefined)).toBe(own);
  expect(sideOfWorker({ side: 5 }, "vm-1", place)).toBe(5);
});
