import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { definePlugin, defineTransport, type Reloaded, type WampgateConfig, z } from "@wampgate/core";
import type { CapturedLog, FakeClient } from "@wampgate/plugin-testkit";
import selfsigned from "selfsigned";
import { folderOf } from "../jest/folder.ts";
import { freePort } from "./support/free-port.ts";
import { connectRaw } from "./support/raw-client.ts";
import { answerTo, connectRawSocket, dial } from "./support/raw-socket.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const auth = { anonymous: { type: "static", role: "user" } };
const GONE = "the transport where this session came in is not in the config any more, or has changed";
const KILLED = [6, { message: GONE }, "wamp.close.killed"];

/** A transport that listens by itself: one program at a time may have a number. */
const taken = new Set<number>();
const own = defineTransport({
  type: "own",
  schema: z.strictObject({
    number: z.int(),
    text: z.string().default(""),
    live: z.string().default("").meta({ live: true }),
  }),
  open(entry) {
    const { number, text } = entry.options;
    if (taken.has(number)) throw new Error(`the number ${number} is taken`);
    taken.add(number);
    return {
      url: () => `own:${number}`,
      configure: () => {
        const { live } = entry.options;
        if (live === "broken") throw new Error("it is broken");
        return live === "" ? [] : [`${live} is no good`];
      },
      close: () => {
        taken.delete(number);
        return text === "stuck" ? Promise.reject(new Error("it is stuck")) : Promise.resolve();
      },
    };
  },
});
const plugin = definePlugin({ name: "own", core: "*", transports: [own] });

let running: RunningRouter;
let log: CapturedLog;
let folder: string;
const clients: FakeClient[] = [];

beforeAll(async () => {
  folder = await folderOf();
  for (const name of ["first", "second"]) {
    const made = await selfsigned.generate([{ name: "commonName", value: name }], { keySize: 2048 });
    await writeFile(join(folder, `${name}.key`), made.private);
    await writeFile(join(folder, `${name}.pem`), made.cert);
  }
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await running.close();
  expect(taken.size).toBe(0);
});

function config(transports: readonly object[]): Record<string, unknown> {
  return {
    plugins: [...OFFICIAL, plugin],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: transports.map((entry) => ({ auth, ...entry })),
  };
}

async function start(...transports: readonly object[]): Promise<string[]> {
  running = await startRouter(config(transports), { file: join(folder, "wampgate.config.json") });
  log = running.log;
  return urls();
}

const urls = (): string[] => running.router.endpoints.map(({ url }) => url);
const reload = (...transports: readonly object[]): Promise<Reloaded> =>
  running.router.reload(config(transports) as unknown as WampgateConfig);

async function joined(url = ""): Promise<FakeClient> {
  const client = await (url.startsWith("rs") ? connectRawSocket(url) : connectRaw(url));
  clients.push(client);
  client.hello();
  await client.welcomed();
  return client;
}

/** Does what clients do at GOODBYE. */
async function leaves(client: FakeClient): Promise<void> {
  expect(await client.next()).toEqual(KILLED);
  client.send(6, {}, "wamp.close.goodbye_and_out");
  await client.closed;
}

async function asks(client: FakeClient): Promise<void> {
  client.send(48, 1, {}, "wamp.session.count");
  expect((await client.next()).slice(0, 2)).toEqual([50, 1]);
}

const tcp = (port: number, more: object = {}): object => ({ type: "tcp", host: "127.0.0.1", port, ...more });
const refused = (url = ""): Promise<void> => expect(once(dial(url), "connect")).rejects.toThrow(/ECONNREFUSED|ENOENT/);

it("an entry that is gone stops to listen, and its sessions are told why; the others notice nothing", async () => {
  const [ports, path] = [[await freePort(), await freePort()] as const, join(folder, "gone.sock")];
  const stays = { type: "websocket", endpoint: tcp(ports[0]) };
  const goes = [
    { type: "rawsocket", endpoint: tcp(ports[1]) },
    { type: "websocket", endpoint: { type: "unix", path } },
  ];
  const [first, ...others] = await start(stays, ...goes);
  const staying = await joined(first);
  const leaving = await Promise.all(others.map((url) => joined(url)));
  const reloaded = reload(stays);
  await Promise.all(leaving.map(leaves));
  expect(await reloaded).toMatchObject({ transports: { opened: 0, closed: 2 }, closed: 2, problems: [], restart: [] });
  expect(urls()).toEqual([first]);
  for (const url of others) await refused(url);
  await asks(staying);
  expect(log.text()).toMatch(/info session left .*wamp.close.killed/);
  expect(log.text()).toContain("a transport was closed by the reload");
});

it("an entry that is new listens, at its place among the others", async () => {
  const port = await freePort();
  const old = { type: "websocket", endpoint: tcp(0) };
  const [first] = await start(old);
  const { transports } = await reload({ type: "rawsocket", endpoint: tcp(port) }, old);
  expect(transports).toEqual({ opened: 1, closed: 0 });
  expect(urls()).toEqual([`rs://127.0.0.1:${port}`, first]);
  await joined(urls()[0]);
  await joined(urls()[1]);
  expect(running.router.stats.transports.map(({ type, sessions }) => ({ type, sessions }))).toEqual([
    { type: "rawsocket", sessions: 1 },
    { type: "websocket", sessions: 1 },
  ]);
});

it("entries come and go on an endpoint that others keep open", async () => {
  const port = await freePort();
  const ws = { type: "websocket", endpoint: tcp(port) };
  const rs = { type: "rawsocket", endpoint: tcp(port) };
  const [wsUrl, rsUrl] = [`ws://127.0.0.1:${port}/ws`, `rs://127.0.0.1:${port}`];
  await start(ws);
  const old = await joined(wsUrl);
  await expect(connectRawSocket(rsUrl)).rejects.toThrow(); // that is no HTTP
  await reload(ws, rs, { ...ws, path: "/more" });
  const [raw, more] = [await joined(rsUrl), await joined(`ws://127.0.0.1:${port}/more`)];
  const reloaded = reload(rs);
  await Promise.all([leaves(old), leaves(more)]);
  await reloaded;
  await asks(raw);
  expect(await answerTo(rsUrl, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe("");
  await reload(ws, rs);
  await joined(wsUrl);
  await asks(raw);
});

it("one that cannot listen is named in the log, the others go on, and the next reload tries again", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const old = { type: "websocket", endpoint: tcp(0) };
  const blocked = { type: "rawsocket", endpoint: tcp(port) };
  const fine = { type: "own", number: 1 };
  const [first] = await start(old);
  const client = await joined(first);
  const { transports, problems } = await reload(blocked, old, fine);
  expect(transports).toEqual({ opened: 1, closed: 0 });
  expect(problems).toEqual([
    `transports[0] was not opened: cannot listen on 127.0.0.1:${port}: another program listens there already. Stop it, or give the transport another port.; the next reload tries again`,
  ]);
  expect(log.text()).toContain("transports[0] was not opened");
  expect(urls()).toEqual([first, "own:1"]);
  await asks(client);
  await new Promise((resolve) => other.close(resolve));
  expect(await reload(blocked, old, fine)).toMatchObject({ transports: { opened: 1, closed: 0 }, problems: [] });
  await joined(urls()[0]);
  await asks(client);
});

it.each<[string, object]>([
  ["path", { path: "/other" }],
  ["serializers", { serializers: ["json"] }],
])("an entry whose %s has changed is closed and opened", async (_key, change) => {
  const port = await freePort();
  const entry = { type: "websocket", endpoint: tcp(port) };
  const [url] = await start(entry);
  const client = await joined(url);
  const reloaded = reload({ ...entry, ...change });
  await leaves(client);
  expect(await reloaded).toMatchObject({ transports: { opened: 1, closed: 1 }, restart: [], problems: [] });
  await joined(urls()[0]);
});

it("other names of TLS files open the endpoint anew, with the other certificate", async () => {
  const endpoint = (name: string): object => tcp(port, { tls: { key: `${name}.key`, certificate: `${name}.pem` } });
  const port = await freePort();
  const entries = (name: string): object[] =>
    ["websocket", "rawsocket"].map((type) => ({ type, endpoint: endpoint(name) }));
  const shownBy = async (url = ""): Promise<unknown> => {
    const socket = dial(url);
    if (!(socket instanceof TLSSocket)) throw new Error(`${url} has no TLS`);
    await once(socket, "secureConnect");
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };
  const [url] = await start(...entries("first"));
  expect(await shownBy(url)).toBe("first");
  expect(await reload(...entries("second"))).toMatchObject({ transports: { opened: 2, closed: 2 }, problems: [] });
  expect(await shownBy(url)).toBe("second");
  expect(await reload(...entries("third"))).toMatchObject({ transports: { opened: 0, closed: 2 } });
  await refused(url?.replace("wss:", "ws:"));
});

it("keys that need no other socket take effect for new connections, and close no session", async () => {
  const entry = { type: "websocket", endpoint: tcp(0) };
  const [url = ""] = await start(entry);
  const old = await joined(url);
  const change = { "max-message-size": 1024, "max-header-size": 2048, "ping-interval": 20 };
  expect(await reload({ ...entry, ...change })).toMatchObject({ transports: { opened: 0, closed: 0 }, closed: 0 });
  await asks(old);
  const request = `GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(4000)}\r\n\r\n`;
  expect(await answerTo(url, request)).toMatch(/^HTTP\/1.1 431[^]*may have 2048 bytes/);
  const client = await connectRaw(url);
  clients.push(client);
  await once(client.socket, "ping");
  client.hello();
  await client.welcomed();
  client.sendFrame("x".repeat(2000));
  const [code] = (await once(client.socket, "close")) as [number];
  expect(code).toBe(1009);
  old.sendFrame(JSON.stringify([48, 2, {}, "wamp.session.count", [["x".repeat(2000)]]]));
  expect((await old.next()).slice(0, 3)).toEqual([50, 2, {}]);
});

it("a pending login at an entry that is gone ends with ABORT, and one that never answers GOODBYE is cut off", async () => {
  const [port, staying] = [await freePort(), { type: "websocket", endpoint: tcp(0) }];
  const [, url = ""] = await start(staying, { type: "websocket", endpoint: tcp(port) });
  const pending = await connectRaw(url);
  const deaf = await joined(url);
  clients.push(pending);
  expect((await Promise.all([reload(staying), pending.aborted()]))[1]).toEqual({
    reason: "wamp.close.killed",
    message: GONE,
  });
  await deaf.closed;
});

it("a plugin's own transport is closed before another is opened at its place, and follows a reload if it stays", async () => {
  await start({ type: "own", number: 1 }, { type: "own", number: 2 });
  expect(
    await reload({ type: "own", number: 1, text: "changed" }, { type: "own", number: 2, live: "the key" }),
  ).toMatchObject({ transports: { opened: 1, closed: 1 }, problems: ["the key is no good"] });
  const { problems } = await reload(
    { type: "own", number: 1, text: "stuck" },
    { type: "own", number: 2, live: "broken" },
  );
  expect(problems).toEqual(["a transport does not follow the new config in all: it is broken"]);
  expect((await reload({ type: "own", number: 2 })).problems).toEqual([
    "a transport did not close in order: it is stuck",
  ]);
});

it("a router that is closed during a reload opens nothing more, and nothing is left open", async () => {
  const ports = [await freePort(), await freePort()] as const;
  await start({ type: "websocket", endpoint: tcp(ports[0]) });
  const reloaded = reload({ type: "websocket", endpoint: tcp(ports[1]) }, { type: "own", number: 1 });
  const checked = reloaded.catch(() => null);
  await running.close();
  await checked;
  await refused(`ws://127.0.0.1:${ports[0]}`);
  await refused(`ws://127.0.0.1:${ports[1]}`);
  expect(urls()).toEqual([]);
});
