import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Code, type WampgateConfig } from "@wampgate/core";
import { CARRIERS, type Carrier } from "./support/carriers.ts";
import { makeTls } from "./support/certificate.ts";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";
import { OFFICIAL } from "./support/router.ts";

const SIZE = 4096;
const TICKET = "t".repeat(3000);
const auth = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { joe: { ticket: TICKET, role: "user" } } },
};
const plainTcp = { type: "tcp", host: "127.0.0.1", port: 0 };
const [webSocket, rawSocket] = ["websocket", "rawsocket"].map((type) =>
  CARRIERS.find((carrier) => carrier.transport === type && carrier.name.startsWith("json")),
) as [Carrier, Carrier];

let running: LimitedRouter;
afterEach(() => running.close());

async function start(type: string, endpoint: object = plainTcp, size = SIZE): Promise<void> {
  running = await startLimited([transport({ endpoint, auth, "max-hello-size": size }, type)]);
}

/** HELLO, made longer by its authextra. */
function hello(bytes: number, authmethod = "anonymous"): [number, string, object] {
  const padding = "x".repeat(bytes);
  return [
    Code.HELLO,
    "realm1",
    { roles: { caller: {}, subscriber: {} }, authmethods: [authmethod], authid: "joe", authextra: { padding } },
  ];
}

async function dial(): Promise<Socket> {
  const { port, protocol } = new URL(running.url);
  const isTls = protocol === "wss:" || protocol === "rss:";
  const address = { port: Number(port), host: "127.0.0.1" };
  const socket = isTls ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address);
  socket.on("error", () => undefined);
  await once(socket, isTls ? "secureConnect" : "connect");
  return socket;
}

/** Resolves when a connection is closed, also by a reset. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));
}

/** What came until the router ended the connection. */
async function all(socket: Socket): Promise<string> {
  const heard: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => void heard.push(chunk));
  await gone(socket);
  return Buffer.concat(heard).toString("latin1");
}

/** Sends the same bytes again and again, until the router ends the connection. */
async function flood(socket: Socket, bytes: Buffer): Promise<void> {
  socket.resume();
  const many = Buffer.concat(Array.from({ length: Math.ceil(20_000 / bytes.length) }, () => bytes));
  const end = gone(socket);
  while (!socket.destroyed && socket.writable)
    await Promise.race([end, new Promise((resolve) => socket.write(many, resolve))]);
  await end;
}

describe.each([webSocket, rawSocket])("max-hello-size, $name:", (carrier) => {
  it("a longer HELLO is told so by ABORT, is counted, and the log names the key", async () => {
    await start(carrier.transport);
    const socket = await dial();
    socket.write(Buffer.concat([carrier.opening, carrier.bytes(carrier.frame(hello(SIZE)))]));
    const heard = await all(socket);
    expect(heard).toContain("the client sent more than 4096 bytes for one message before the login was complete");
    expect(heard).toContain('"wamp.error.protocol_violation"');
    expect(running.count("max-hello-size")).toBe(1);
    expect(running.count("max-message-size")).toBe(0);
    expect(running.hits).toMatchObject([
      { message: expect.stringContaining("raise max-hello-size if your clients") as string, session: null },
    ]);
    expect(running.router.stats.transports[0]).toMatchObject({ pendingLogins: 0, sessions: 0 });
  });

  it("some MiB in one go with the first bytes, as one message or as many, end their own connection", async () => {
    await start(carrier.transport);
    const huge = carrier.bytes(carrier.frame(hello(8 * 1024 * 1024)));
    const many = Buffer.alloc(4 * 1024 * 1024, carrier.bytes(carrier.frame(hello(100))));
    for (const bytes of [huge, many]) {
      const socket = await dial();
      socket.write(Buffer.concat([carrier.opening, bytes]));
      await all(socket);
    }
    const socket = await dial();
    socket.write(Buffer.concat([carrier.opening, carrier.bytes(carrier.frame(hello(100)))]));
    for await (const chunk of socket) if ((chunk as Buffer).includes("[2,")) break;
    expect(running.count("max-hello-size")).toBeGreaterThan(0);
  });

  it("PINGs are counted too", async () => {
    await start(carrier.transport);
    const socket = await dial();
    socket.write(carrier.opening);
    await once(socket, "data");
    await flood(socket, carrier.transport === "websocket" ? Buffer.of(0x89, 0x80, 0, 0, 0, 0) : Buffer.of(1, 0, 0, 0));
    expect(running.count("max-hello-size")).toBe(1);
  });

  it("holds over TLS", async () => {
    await start(carrier.transport, { ...plainTcp, tls: await makeTls() });
    const socket = await dial();
    socket.write(carrier.opening);
    await once(socket, "data");
    socket.write(carrier.bytes(carrier.frame(hello(2 * SIZE))));
    expect(await all(socket)).toContain("more than 4096 bytes");
    expect(running.count("max-hello-size")).toBe(1);
  });

  it("several sockets have an allowance each", async () => {
    await start(carrier.transport);
    const sockets = await Promise.all(Array.from({ length: 10 }, dial));
    await Promise.all(
      sockets.map(async (socket) => {
        socket.write(Buffer.concat([carrier.opening, carrier.bytes(carrier.frame(hello(SIZE / 2)))]));
        for await (const chunk of socket) if ((chunk as Buffer).includes("[2,")) return;
        throw new Error("the router has hung up");
      }),
    );
    expect(running.count("max-hello-size")).toBe(0);
  });
});

it.each([
  ["fragments of a byte", Buffer.of(0x01, 0x81, 0, 0, 0, 0, 0x5b), Buffer.of(0x00, 0x81, 0, 0, 0, 0, 0x20)],
  ["fragments of nothing", Buffer.of(0x01, 0x80, 0, 0, 0, 0), Buffer.of(0x00, 0x80, 0, 0, 0, 0)],
])("max-hello-size ends a WebSocket that opens with %s without end", async (_what, first, next) => {
  await start("websocket");
  const socket = await dial();
  socket.write(Buffer.concat([webSocket.opening, first]));
  await flood(socket, next);
  expect(running.count("max-hello-size")).toBe(1);
});

it("max-hello-size ends a RawSocket by the head of a frame alone, and names max-message-size where that is hit", async () => {
  await start("rawsocket");
  for (const [head, limit] of [
    [Buffer.of(0, 0, 0x10, 1), "max-hello-size"],
    [Buffer.of(8, 0, 0, 0), "max-hello-size"],
  ] as const) {
    const socket = await dial();
    socket.write(Buffer.concat([rawSocket.opening, head]));
    await all(socket);
    expect(running.hits.at(-1)).toMatchObject({ limit });
  }
  const own = await startLimited([
    transport({ "max-hello-size": SIZE, "max-message-size": 1024, endpoint: plainTcp }, "rawsocket"),
  ]);
  const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
  socket.write(Buffer.concat([rawSocket.opening, Buffer.of(0, 0, 0x10, 0)]));
  await all(socket);
  expect(own.hits).toMatchObject([{ limit: "max-message-size" }]);
  await own.close();
});

it("each CHALLENGE gives room for one more message, and WELCOME for all that max-message-size allows", async () => {
  await start("websocket");
  const client = await connectRaw(running.url);
  client.send(...hello(3000, "ticket"));
  expect((await client.next())[0]).toBe(Code.CHALLENGE);
  client.send(Code.AUTHENTICATE, TICKET, {});
  await client.welcomed();
  client.send(16, 1, { acknowledge: true }, "com.a", ["x".repeat(1_000_000)]);
  expect((await client.next())[0]).toBe(17);
  const late = await connectRaw(running.url);
  late.send(...hello(3000, "ticket"));
  await late.next();
  late.send(Code.AUTHENTICATE, TICKET, { padding: "x".repeat(3000) });
  await late.closed;
  expect(running.count("max-hello-size")).toBe(1);
});

it("where a transport counts no bytes, max-hello-size limits its frames", async () => {
  running = await startLimited([{ type: "memory", auth, "max-hello-size": SIZE }]);
  const heard = (frame: string): Promise<string> =>
    new Promise((resolve) => {
      const client = running.router.connect();
      client.onframe = (answer) => {
        resolve(String(answer));
        client.close();
      };
      client.send(frame);
    });
  expect(await heard(JSON.stringify(hello(SIZE)))).toContain("more than 4096 bytes");
  expect(await heard(`[1,${" ".repeat(SIZE)}`)).toContain("more than 4096 bytes"); // it was not even decoded
  expect(await heard(JSON.stringify(hello(3000)))).toContain("[2,");
  expect(running.count("max-hello-size")).toBe(2);
});

it("a reload changes max-hello-size for connections to come", async () => {
  await start("websocket");
  const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
  const transports = [transport({ endpoint: plainTcp, auth, "max-hello-size": 1_000_000 })];
  await running.router.reload({ plugins: OFFICIAL, realms, transports } as unknown as WampgateConfig);
  const client = await connectRaw(running.url);
  client.send(...hello(100_000));
  await client.welcomed();
});
