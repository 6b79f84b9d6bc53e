import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { WebSocket } from "ws";
import type { Router, WampgateConfig } from "@wampgate/core";
import type { CapturedLog } from "@wampgate/plugin-testkit";
import { makeRouter, OFFICIAL } from "./support/router.ts";

function config(options: object): WampgateConfig {
  const transport = {
    type: "websocket",
    endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
    auth: { anonymous: { type: "static", role: "user" } },
    ...options,
  } as const;
  const realm = { name: "realm1", roles: [{ name: "user", "allow-by-default": true }] };
  return { plugins: OFFICIAL, realms: [realm], transports: [transport] };
}

async function start(options: object): Promise<{ router: Router; url: string; left: Promise<void>; log: CapturedLog }> {
  const { router, log } = await makeRouter({ ...config(options) });
  const left = new Promise<void>((resolve) => router.hooks.left.tap("test", () => resolve()));
  await router.start();
  return { router, url: router.endpoints[0]?.url ?? "", left, log };
}

const HELLO = JSON.stringify([1, "realm1", { roles: { subscriber: {} } }]);

async function join(url: string, options: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, "wamp.2.json", options);
  await once(socket, "open");
  socket.send(HELLO);
  await once(socket, "message");
  return socket;
}

it("a client that answers no PING is disconnected, and its session is gone; one that answers stays", async () => {
  const { router, url, left } = await start({ "ping-interval": 1000 });
  const deaf = await join(url, { autoPong: false });
  const well = await join(url);
  await Promise.all([once(deaf, "close"), left]);
  expect(well.readyState).toBe(WebSocket.OPEN);
  well.terminate();
  await router.close();
});

it("ping-interval 0 asks nobody", async () => {
  const { router, url } = await start({ "ping-interval": 0 });
  const socket = await join(url);
  let pings = 0;
  socket.on("ping", () => pings++);
  socket.send(JSON.stringify([32, 1, {}, "com.a"]));
  await once(socket, "message");
  expect(pings).toBe(0);
  socket.terminate();
  await router.close();
});

describe("a message without end", () => {
  it.each([
    ["in fragments of a byte", "x", 1009],
    ["in fragments of nothing", "", 1008],
  ])("%s ends its own connection, and no other", async (_how, fragment, code) => {
    const { router, url, left } = await start({ "max-message-size": 1024 });
    const well = await join(url);
    const endless = await join(url);
    const closed = once(endless, "close");
    while (endless.readyState === WebSocket.OPEN) {
      for (let i = 0; i < 100; i++) endless.send(fragment, { fin: false }, () => undefined);
      await new Promise(setImmediate);
    }
    expect((await closed)[0]).toBe(code);
    await left;
    well.send(JSON.stringify([32, 1, {}, "com.a"]));
    expect(String((await once(well, "message"))[0])).toContain("[33,1,");
    well.terminate();
    await router.close();
  });

  it("that claims more bytes than may come ends its own connection by its head alone", async () => {
    const { router, url } = await start({ "max-message-size": 1024 });
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1").setNoDelay();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => socket.destroy()).resume();
    socket.write(
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
    );
    await once(socket, "data");
    socket.write(Buffer.from("81ff00000000ffffffff00000000", "hex"));
    await closed;
    await router.close();
  });
});

describe("allowed-origins", () => {
  it.each([
    ["https://app.example.com", true],
    ["https://EXAMPLE.org", true],
    [undefined, true],
    ["https://example.com.evil.net", false],
    ["http://app.example.com", false],
    ["null", false],
  ])("%s may come: %s", async (origin, may) => {
    const { router, url } = await start({ "allowed-origins": ["https://*.example.com", "https://example.org"] });
    const joined = join(url, origin === undefined ? {} : { origin });
    if (may) (await joined).terminate();
    else await expect(joined).rejects.toThrow("403");
    await router.close();
  });
});

describe("without allowed-origins", () => {
  /** What a browser is told that opens a WebSocket from a page of `origin`: 101, or the status and text of a refusal. */
  async function answer(url: string, headers: Record<string, string>): Promise<string> {
    const socket = new WebSocket(url, "wamp.2.json", { headers });
    const opened = once(socket, "open").then(() => "101");
    const refused = once(socket, "unexpected-response").then(async ([, response]) => {
      const message = response as IncomingMessage;
      return `${message.statusCode} ${String(Buffer.concat((await message.toArray()) as Buffer[]))}`;
    });
    opened.catch(() => undefined);
    const told = await Promise.race([opened, refused]);
    socket.on("error", () => undefined).terminate();
    return told;
  }

  it("pages of the router's own host and port may connect, and others are told why they may not", async () => {
    const { router, url, log } = await start({});
    const { host } = new URL(url);
    expect(await answer(url, {})).toBe("101");
    expect(await answer(url, { Origin: `http://${host}` })).toBe("101");
    expect(await answer(url, { Origin: `https://${host}` })).toBe("101"); // TLS may end at a proxy
    expect(await answer(url, { Origin: "null" })).toMatch(/^403 /);
    expect(await answer(url, { Origin: "http://127.0.0.1" })).toMatch(/^403 /);
    const why = `a page of the origin "https://evil.example" may not connect, since it asked for the host "${host}"; list the origin in this transport's allowed-origins if it may`;
    expect(await answer(url, { Origin: "https://evil.example" })).toBe(`403 ${why}\n`);
    // It is counted, and logged once for many.
    expect(router.stats.limits.get("allowed-origins")).toBe(3);
    expect(log.text().match(/may not connect/g)).toHaveLength(1);
    await router.close();
  });

  it("X-Forwarded-Host says what host that is, where a trusted proxy writes it, and nobody else", async () => {
    const tcp = { type: "tcp", host: "127.0.0.1", port: 0 };
    const headers = { Origin: "https://app.example", "X-Forwarded-Host": "app.example" };
    const trusting = await start({ endpoint: { ...tcp, "trusted-proxies": ["127.0.0.1"] } });
    expect(await answer(trusting.url, headers)).toBe("101");
    expect(await answer(trusting.url, { ...headers, "X-Forwarded-Host": "evil.example" })).toMatch(/^403 /);
    expect(await answer(trusting.url, { ...headers, "X-Forwarded-Host": "app.example, inner" })).toMatch(/^403 /);
    await trusting.router.close();
    const alone = await start({ endpoint: tcp });
    expect(await answer(alone.url, headers)).toMatch(/^403 /);
    await alone.router.close();
  });

  it("a reload brings a list, and takes it away again", async () => {
    const { router, url } = await start({});
    const { host } = new URL(url);
    const pages = async (): Promise<string[]> =>
      Promise.all(
        [`http://${host}`, "https://app.example"].map(async (Origin) => (await answer(url, { Origin })).slice(0, 3)),
      );
    expect(await pages()).toEqual(["101", "403"]);
    await router.reload(config({ "allowed-origins": ["https://app.example"] }));
    expect(await pages()).toEqual(["403", "101"]);
    await router.reload(config({}));
    expect(await pages()).toEqual(["101", "403"]);
    await router.close();
  });
});

it("/healthz and /readyz answer on the HTTP listener", async () => {
  const { router, url } = await start({});
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await fetch(url.replace("ws:", "http:").replace("/ws", path));
    expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
  }
  await router.close();
});
