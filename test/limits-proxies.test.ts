import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { WebSocket } from "ws";
import { definePlugin } from "@wampgate/core";
import { makeTls } from "./support/certificate.ts";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { makeRouter } from "./support/router.ts";

const PROXY = "PROXY TCP4 203.0.113.9 127.0.0.1 4711 8080\r\n";
const RAW_HELLO = Buffer.of(0x7f, 0xf1, 0, 0);
const UPGRADE = [
  "GET /ws HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: wamp.2.json",
  "",
  "",
].join("\r\n");

/** A text frame, masked with zeros. */
function wsFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0), payload]);
}

let peers: string[];
let addresses: (string | null)[];
const spy = definePlugin({
  name: "spy",
  core: "*",
  apply: ({ hooks }) =>
    hooks.hello.tap("spy", ({ transport: { peer, address } }) => {
      peers.push(peer);
      addresses.push(address);
      return undefined;
    }),
});

let running: LimitedRouter;
afterEach(() => running.close());

async function start(
  endpoint: object,
  { type = "websocket", ...limits }: Record<string, unknown> & { type?: string } = {},
) {
  peers = [];
  addresses = [];
  const tcp = { type: "tcp", host: "127.0.0.1", port: 0, ...endpoint };
  running = await startLimited([transport({ endpoint: tcp, ...limits }, type)], { plugins: [spy] });
}

async function dial(): Promise<Socket> {
  const socket = connect(Number(new URL(running.url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** Resolves when a text has come. */
async function hears(socket: Socket, text: string): Promise<void> {
  let heard = "";
  for await (const chunk of socket) {
    heard += (chunk as Buffer).toString("latin1");
    if (heard.includes(text)) return;
  }
  throw new Error(`the connection ended with: ${heard}`);
}

async function join(headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(running.url, "wamp.2.json", { headers });
  await once(socket, "open");
  socket.send(JSON.stringify(HELLO));
  await once(socket, "message");
  return socket;
}

describe("X-Forwarded-For", () => {
  it("of a trusted proxy says who the client is, and its limits are the client's", async () => {
    await start({ "trusted-proxies": ["127.0.0.0/8"] }, { "max-half-open-per-address": 1 });
    const first = new WebSocket(running.url, "wamp.2.json", { headers: { "X-Forwarded-For": "203.0.113.9" } });
    await once(first, "open");
    await join({ "X-Forwarded-For": "10.1.1.1, 203.0.113.10" });
    await expect(join({ "X-Forwarded-For": "203.0.113.9" })).rejects.toThrow("503");
    expect(peers).toEqual(["tcp4:203.0.113.10:0"]);
    expect(addresses).toEqual(["203.0.113.10"]);
    expect(running.hits).toMatchObject([{ limit: "max-half-open-per-address", peer: "tcp4:203.0.113.9:0" }]);
  });

  it("of anybody else is ignored", async () => {
    await start({ "trusted-proxies": ["192.0.2.1"] });
    await join({ "X-Forwarded-For": "203.0.113.9" });
    expect(peers).toEqual([expect.stringMatching(/^tcp4:127\.0\.0\.1:[1-9]/)]);
  });
});

describe("proxy-protocol", () => {
  const proxied = { "trusted-proxies": ["127.0.0.1"], "proxy-protocol": true };

  it.each([
    ["in one piece with the request", [PROXY + UPGRADE]],
    ["in pieces", ["PRO", PROXY.slice(3, 20), PROXY.slice(20), UPGRADE]],
  ])("before a WebSocket, %s, says who the client is", async (_how, pieces) => {
    await start(proxied);
    const socket = await dial();
    socket.setNoDelay();
    for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
    socket.write(wsFrame(JSON.stringify(HELLO)));
    await hears(socket, "[2,");
    expect(peers).toEqual(["tcp4:203.0.113.9:4711"]);
  });

  it("before a RawSocket, and what the proxy itself asks is the proxy's", async () => {
    await start(proxied, { type: "rawsocket" });
    const hello = Buffer.from(JSON.stringify(HELLO));
    const frame = Buffer.concat([Buffer.of(0, 0, 0, hello.length), hello]);
    for (const header of [PROXY, "PROXY UNKNOWN\r\n"]) {
      const socket = await dial();
      socket.write(Buffer.concat([Buffer.from(header), RAW_HELLO, frame]));
      await hears(socket, "[2,");
    }
    expect(peers).toEqual(["tcp4:203.0.113.9:4711", expect.stringMatching(/^tcp4:127\.0\.0\.1:/)]);
  });

  it("before TLS", async () => {
    await start({ ...proxied, tls: await makeTls() });
    const plain = await dial();
    plain.write(PROXY);
    const socket = connectTls({ socket: plain, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    socket.write(UPGRADE);
    socket.write(wsFrame(JSON.stringify(HELLO)));
    await hears(socket, "[2,");
    expect(peers).toEqual(["tcp4:203.0.113.9:4711"]);
  });

  it.each([
    ["without a header", UPGRADE],
    ["with a header that is broken", "PROXY TCP4 somewhere\r\n"],
  ])("a connection %s is closed, and counted", async (_what, bytes) => {
    await start(proxied);
    const socket = await dial();
    socket.write(bytes);
    socket.resume();
    await once(socket, "close");
    expect(running.count("proxy-protocol")).toBe(1);
    expect(peers).toEqual([]);
  });

  it("who is no trusted proxy cannot connect", async () => {
    await start({ ...proxied, "trusted-proxies": ["192.0.2.1"] });
    const socket = await dial();
    socket.on("error", () => undefined);
    socket.write(PROXY + UPGRADE);
    socket.resume();
    await once(socket, "close");
    expect(running.hits).toMatchObject([{ limit: "proxy-protocol" }]);
  });

  it("a client that leaves before its header ends leaves nothing behind", async () => {
    await start(proxied);
    const socket = await dial();
    socket.end("PROXY TCP4");
    socket.resume();
    await once(socket, "close");
    await expect(running.router.close()).resolves.toBeUndefined();
  });

  it("needs trusted-proxies in the config", async () => {
    await start({});
    const endpoint = { type: "tcp", port: 0, "proxy-protocol": true };
    await expect(makeRouter({ realms: [], transports: [transport({ endpoint })] })).rejects.toThrow(
      "needs trusted-proxies",
    );
  });
});

describe("max-header-size", () => {
  it.each([
    ["headers", `GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`],
    ["a URL", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  ])("%s past 16 KiB are refused with 431, and counted", async (_what, request) => {
    await start({});
    const socket = await dial();
    socket.write(request);
    await hears(socket, "HTTP/1.1 431 ");
    expect(running.count("max-header-size")).toBe(1);
  });

  it("is the config's where it says one", async () => {
    await start({}, { "max-header-size": 2048 });
    const socket = await dial();
    socket.write(`GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(3000)}\r\n\r\n`);
    await hears(socket, "2048 bytes together");
    expect(running.count("max-header-size")).toBe(1);
  });

  it("what is no HTTP at all is refused with 400, and is not counted", async () => {
    await start({});
    const socket = await dial();
    socket.write("%&/(\r\n\r\n");
    await hears(socket, "HTTP/1.1 400 ");
    expect(running.count("max-header-size")).toBe(0);
  });
});
