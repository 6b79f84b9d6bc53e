import { once } from "node:events";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { createRouter, type Router } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

async function start(options: object): Promise<{ router: Router; url: string; left: Promise<void> }> {
  const router = await createRouter(
    {
      plugins: OFFICIAL,
      realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
      transports: [
        {
          type: "websocket",
          endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
          auth: { anonymous: { type: "static", role: "user" } },
          ...options,
        },
      ],
    },
    { log: new CapturedLog() },
  );
  const left = new Promise<void>((resolve) => router.hooks.left.tap("test", () => resolve()));
  await router.start();
  return { router, url: router.endpoints[0]?.url ?? "", left };
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
  const { router, url, left } = await start({ "ping-interval": 50 });
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

it("/healthz and /readyz answer on the HTTP listener", async () => {
  const { router, url } = await start({});
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await fetch(url.replace("ws:", "http:").replace("/ws", path));
    expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
  }
  await router.close();
});
