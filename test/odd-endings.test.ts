import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { CARRIERS } from "./support/carriers.ts";
import { makeTls } from "./support/certificate.ts";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { eventually } from "./support/load.ts";

/** How many sockets may be at their first bytes on each listener. Each kind of ending comes ten times as often. */
const ROOM = 8;
const TIMES = 10 * ROOM;

/** Each on an address of its own: transports with one address and port share a listener. */
const tcp = (at: number): object => ({ type: "tcp", host: `127.0.0.${at + 1}`, port: 0 });
const KINDS = [
  "websocket",
  "websocket over TLS",
  "rawsocket",
  "rawsocket over TLS",
  "websocket behind a proxy",
] as const;

let running: LimitedRouter;
let silent: Promise<void>[];
let reconnects = 0;

beforeAll(async () => {
  const tls = await makeTls();
  const proxy = { "trusted-proxies": ["127.0.0.0/8"], "proxy-protocol": true };
  const limits = { "max-half-open": ROOM, "auth-timeout": 2000, "max-hello-size": 4096 };
  running = await startLimited([
    transport({ ...limits, endpoint: tcp(0) }),
    transport({ ...limits, endpoint: { ...tcp(1), tls } }),
    transport({ ...limits, endpoint: tcp(2) }, "rawsocket"),
    transport({ ...limits, endpoint: { ...tcp(3), tls } }, "rawsocket"),
    transport({ ...limits, endpoint: { ...tcp(4), ...proxy } }),
    transport({ endpoint: { ...tcp(5), tls } }),
    transport({ endpoint: { ...tcp(6), tls } }, "rawsocket"),
  ]);
  // They begin no TLS at all. That takes as long as the deadline, so they wait beside the other tests.
  silent = [5, 6].map(async (at) => {
    const socket = (await dial(at)).resume();
    await once(socket, "end");
    socket.destroy();
  });
  await Promise.all(
    KINDS.map(async (kind, at) => {
      for (let seed = 0; seed < TIMES; seed += ROOM / 2)
        await Promise.all(Array.from({ length: ROOM / 2 }, (_, i) => endOddly(at, kind, seed + i)));
    }),
  );
  expect(reconnects).toBeGreaterThan(TIMES / 10);
}, 30_000);
afterAll(() => running.close());

/** Connects to a transport by TCP. It goes on when the other side has closed: it closes nothing by itself. */
async function dial(at: number, localPort?: number): Promise<Socket> {
  const host = `127.0.0.${at + 1}`;
  const { port } = new URL(running.router.endpoints.find(({ url }) => url.includes(host))?.url ?? "");
  const address = { port: Number(port), host, allowHalfOpen: true };
  const socket = connect(localPort === undefined ? address : { ...address, localPort });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Resolves when the router has closed a connection; the client finds out by what it sends. */
function gone(socket: Socket): Promise<void> {
  const nudge = setInterval(() => socket.writable && socket.write("\r\n"), 50);
  socket.resume();
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(nudge);
      resolve();
    };
    if (socket.closed) end();
    else socket.once("close", end);
  });
}

const upgrade = (change: (request: string) => string): string =>
  change(String(CARRIERS.find(({ transport: type }) => type === "websocket")?.opening));
const json = Buffer.from(JSON.stringify(HELLO));
const PROXY = "PROXY TCP4 203.0.113.9 127.0.0.1 4711 8080\r\n";

/** What a client may send before it ends in an odd way, by transport. */
const OPENINGS: Readonly<Record<string, (string | Buffer)[]>> = {
  websocket: [
    "",
    "GET",
    "%&/(\r\n\r\n",
    "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx",
    upgrade((request) => request.replace("/ws", "/nowhere")),
    upgrade((request) => request.replace("wamp.2.json", "unknown")),
    upgrade((request) => request.replace(/Key: .*/, "Key: none")),
    upgrade((request) => request.replace("Version: 13", "Version: 12")),
    upgrade((request) => request.replace("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n")),
    upgrade((request) => request),
    Buffer.concat([Buffer.from(upgrade((request) => request)), Buffer.of(0xff, 0xff)]),
    Buffer.concat([Buffer.from(upgrade((request) => request)), Buffer.alloc(10_000, "x")]),
  ],
  rawsocket: [
    "",
    Buffer.of(0x7f, 0xf1),
    "GET / HTTP/1.1\r\n\r\n",
    Buffer.of(0x7f, 0xf9, 0, 0),
    Buffer.of(0x7f, 0xf1, 1, 1),
    Buffer.of(0x7f, 0xf1, 0, 0),
    Buffer.concat([Buffer.of(0x7f, 0xf1, 0, 0), Buffer.of(0xff, 0, 0, 1)]),
    Buffer.concat([Buffer.of(0x7f, 0xf1, 0, 0), Buffer.of(0, 0, 0, json.length), json]),
    Buffer.concat([Buffer.of(0x7f, 0xf1, 0, 0), Buffer.alloc(10_000)]),
  ],
};

/** One client that ends in an odd way. `seed` chooses how, so that all ways come. */
async function endOddly(at: number, kind: string, seed: number): Promise<void> {
  const openings = OPENINGS[kind.startsWith("websocket") ? "websocket" : "rawsocket"] as (string | Buffer)[];
  const bytes = openings[seed % openings.length] as string | Buffer;
  const raw = await dial(at);
  let socket = raw;
  if (kind.endsWith("proxy")) raw.write(seed % 4 === 0 ? "PROXY TCP4 broken\r\n" : PROXY);
  if (kind.endsWith("TLS") && seed % 4 !== 0) {
    socket = connectTls({ socket: raw, rejectUnauthorized: false });
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("secureConnect", resolve).once("close", resolve));
  }
  socket.write(bytes);
  const { localPort } = raw;
  switch (seed % 5) {
    case 0:
      return void raw.resetAndDestroy();
    case 1:
      socket.end(); // and nothing more
      return gone(socket);
    case 2: {
      const closed = new Promise((resolve) => raw.once("close", resolve));
      raw.resetAndDestroy();
      await closed;
      const again = await dial(at, localPort).catch(() => null); // the port may be taken: then that is all
      again?.write(bytes);
      again?.resetAndDestroy();
      if (again !== null) reconnects++;
      return;
    }
    case 3:
      if (bytes.length < 5) return void socket.destroy(); // else it would wait for the deadline of the first bytes
      return gone(socket); // it never closes by itself
    default:
      return void socket.destroy();
  }
}

/** Whether a client that has been silent so far has a place: it is answered when it begins to speak. */
async function isAnswered(raw: Socket, kind: string): Promise<boolean> {
  const end = new Promise<boolean>((resolve) => raw.once("close", () => resolve(false)));
  if (raw.closed) return false;
  let socket = raw;
  if (kind.endsWith("TLS")) {
    socket = connectTls({ socket: raw, rejectUnauthorized: false });
    socket.on("error", () => undefined);
  }
  if (kind.endsWith("proxy")) socket.write(PROXY);
  socket.write(kind.startsWith("websocket") ? "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" : Buffer.of(0x7f, 0xf1, 0, 0));
  raw.once("end", () => raw.destroy());
  const answered = await Promise.race([
    end,
    once(socket, "data").then(
      () => true,
      () => false,
    ),
  ]);
  socket.destroy();
  raw.destroy();
  return answered;
}

describe.each(KINDS.map((kind, at) => [kind, at] as const))("on %s", (kind, at) => {
  it("all places are free again after odd endings of every kind: as many fit as before, and one more does not", async () => {
    await eventually(() => {
      const { transports } = running.router.stats;
      return Promise.resolve(transports.every(({ pendingLogins, sessions }) => pendingLogins === 0 && sessions === 0));
    });
    await eventually(async () => {
      const sockets: Socket[] = [];
      while (sockets.length < ROOM) sockets.push(await dial(at));
      // They are taken in their order: when one too many is closed, all others have their place, or were closed as well.
      const tooMany = (await dial(at)).resume();
      await new Promise((resolve) => tooMany.once("end", resolve).once("close", resolve));
      tooMany.destroy();
      const answered = await Promise.all(sockets.map((socket) => isAnswered(socket, kind)));
      return !answered.includes(false);
    });
  }, 20_000);
});

it("a connection that never begins with TLS is closed at the deadline of the handshake, on either transport", async () => {
  await Promise.all(silent);
}, 15_000);
