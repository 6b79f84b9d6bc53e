import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { Code, refuse, type Router, type SessionInfo, type UpgradeRequest, type Hello } from "@wampgate/core";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { makeRouter, type RunningRouter } from "./support/router.ts";

// The hook `upgrade`: plugins decide about HTTP requests to upgrade, before the answer.

type Refusal = ReturnType<typeof refuse>;

let running: RunningRouter;
afterEach(async () => {
  hangUp();
  await running.close();
});

const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
const anonymous = { anonymous: { type: "static", role: "user" } };
const entryOf = (more: object = {}) => ({
  type: "websocket",
  endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
  auth: anonymous,
  ...more,
});

/** A router one of whose plugins answers requests to upgrade. */
async function start(
  answer: (request: UpgradeRequest) => Refusal | undefined | Promise<Refusal | undefined>,
  config: Record<string, unknown> = {},
  tap: (router: Router) => void = () => undefined,
  options: Parameters<typeof makeRouter>[1] = {},
): Promise<void> {
  const { router, log } = await makeRouter({ realms, transports: [entryOf()], ...config }, options);
  router.hooks.upgrade.tapPromise("house", async (request) => answer(request));
  tap(router);
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
}

/** The answer to a request that is refused. */
async function refusedBy(
  url: string,
): Promise<{ status: number | undefined; text: string; response: IncomingMessage }> {
  const socket = new WebSocket(url, "wamp.2.json");
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, text: Buffer.concat(chunks).toString(), response };
}

/** Answers when it is told to. */
function hesitating() {
  let goOn: (refusal?: Refusal) => void = () => undefined;
  let tell: (request: UpgradeRequest) => void = () => undefined;
  const isAsked = new Promise<UpgradeRequest>((resolve) => (tell = resolve));
  const decision = new Promise<Refusal | undefined>((resolve) => (goOn = resolve));
  const answer = (request: UpgradeRequest): Promise<Refusal | undefined> => {
    tell(request);
    return decision;
  };
  return { answer, isAsked, goOn: (refusal?: Refusal) => goOn(refusal) };
}

const ended = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener("abort", resolve));

const pending = (): number | undefined => running.router.stats.transports[0]?.pendingLogins;

it("a plugin refuses a request with a status, a text and headers", async () => {
  await start(
    ({ url }) => (url === "/ws?room=7" ? undefined : refuse(401, "Name a room.", { "WWW-Authenticate": "Basic" })),
    {
      transports: [entryOf({ path: "/ws" })],
    },
  );
  const { status, text, response } = await refusedBy(running.url);
  expect([status, text, response.headers["www-authenticate"]]).toEqual([401, "Name a room.", "Basic"]);
  const client = await connectRaw(`${running.url}?room=7`);
  client.hello();
  await client.welcomed();
});

it("a plugin is told who asks, and for what", async () => {
  let asked: UpgradeRequest | undefined;
  await start((request) => void (asked = request));
  await connectRaw(running.url, "wamp.2.json", { headers: { "X-Room": "7" } });
  expect(asked).toMatchObject({ url: "/ws", headers: { "x-room": "7" }, address: "127.0.0.1", isSecure: false });
  expect(asked?.peer).toMatch(/^tcp4:127\.0\.0\.1:\d+$/);
});

it("headers of plugins are in the answer 101: the last of one name, but each cookie", async () => {
  await start((request) => {
    request.setHeader("X-Node", "a");
    request.setHeader("x-node", "b");
    request.setHeader("Set-Cookie", "one=1; HttpOnly");
    request.setHeader("Set-Cookie", "two=2");
    return undefined;
  });
  const socket = new WebSocket(running.url, "wamp.2.json");
  const opened = once(socket, "open");
  const [{ headers, statusCode }] = (await once(socket, "upgrade")) as [IncomingMessage];
  expect(statusCode).toBe(101);
  expect(headers).toMatchObject({ "x-node": "b", "set-cookie": ["one=1; HttpOnly", "two=2"] });
  await opened;
  socket.terminate();
});

it.each<[string, string, string]>([
  ["a line break in a value", "X-Node", "a\r\nSet-Cookie: evil=1"],
  ["a name that is none", "X Node", "a"],
  ["a header of the upgrade itself", "Sec-WebSocket-Protocol", "wamp.2.cbor"],
])("%s is refused: the client gets 500, and the log names the plugin", async (_, name, value) => {
  await start((request) => {
    request.setHeader(name, value);
    return undefined;
  });
  expect(await refusedBy(running.url)).toMatchObject({ status: 500, text: "The router failed to answer.\n" });
  const line = running.log.lines.find(({ level }) => level === "error");
  expect(line).toMatchObject({ fields: { plugin: "house" }, message: "a request to upgrade could not be decided" });
  expect(pending()).toBe(0);
});

it.each<[string, unknown]>([
  ["true", true],
  ["a status that is no error", refuse(200, "fine")],
  ["a header with a line break", refuse(400, "no", { "X-A": "b\r\nX-C: d" })],
])("an answer that is %s is a mistake of the plugin: the client gets 500", async (_, answer) => {
  await start(() => answer as Refusal);
  expect(await refusedBy(running.url)).toMatchObject({ status: 500 });
  expect(running.log.text()).toMatch(/house.*expected refuse\(status, text, headers\)/);
});

it("facts reach the client's Hello and its session, and no authenticator", async () => {
  const told: unknown[] = [];
  const hellos: Hello[] = [];
  const sessions: SessionInfo[] = [];
  const module = authenticatorOf((_realm, _authid, details) => {
    told.push(details);
    return "user";
  });
  await start(
    (request) => {
      request.setFact("room", 7);
      request.setFact("__proto__", "no prototype");
      return undefined;
    },
    {
      realms: REALMS,
      transports: [entryOf({ auth: { anonymous: dynamicBlock } })],
      components: [{ module, realm: "realm-auth", role: "authenticator" }],
    },
    ({ hooks }) => {
      hooks.hello.tap("house", (hello) => void hellos.push(hello));
      hooks.joined.tap("house", (session) => void sessions.push(session));
    },
  );
  const client = await connectRaw(running.url);
  client.hello({ authmethods: ["anonymous"] });
  await client.welcomed();
  expect(hellos[0]?.transport.facts["room"]).toBe(7);
  expect(Object.getPrototypeOf(hellos[0]?.transport.facts)).not.toBe("no prototype");
  expect(sessions.at(-1)?.transport.facts).toMatchObject({ room: 7 });
  expect(told).toHaveLength(1);
  expect(JSON.stringify(told)).not.toContain("room");
});

it("a cookie that a plugin takes gets to no authenticator, and what names the client instead does", async () => {
  const told: Record<string, unknown>[] = [];
  const module = authenticatorOf((_realm, _authid, details) => {
    told.push(details["transport"] as Record<string, unknown>);
    return "user";
  });
  const taken: (readonly string[])[] = [];
  await start(
    (request) => {
      taken.push(request.takeCookie("id"), request.takeCookie("id"), request.takeCookie("none"));
      request.setTrackingId("client-7");
      return undefined;
    },
    {
      realms: REALMS,
      transports: [entryOf({ auth: { anonymous: dynamicBlock } })],
      components: [{ module, realm: "realm-auth", role: "authenticator" }],
    },
  );
  for (const cookie of ["theme=dark; id=secret", "id=secret", undefined]) {
    const client = await connectRaw(running.url, "wamp.2.json", cookie === undefined ? {} : { headers: { cookie } });
    client.hello({ authmethods: ["anonymous"] });
    await client.welcomed();
  }
  expect(taken.slice(0, 6)).toEqual([["secret"], [], [], ["secret"], [], []]);
  expect(told.map(({ cbtid, http_cbtid }) => [cbtid, http_cbtid])).toEqual(Array(3).fill(["client-7", "client-7"]));
  const cookies = told.map((details) => (details["http_headers_received"] as Record<string, string>)["cookie"]);
  expect(cookies).toEqual(["theme=dark", undefined, undefined]);
  expect(JSON.stringify(told)).not.toContain("secret");
});

it("a plugin may ask the static blocks of a method, those of the client's transport alone", async () => {
  const asked: unknown[] = [];
  const other = entryOf({ path: "/other", auth: { ticket: { type: "static", principals: {} } } });
  const own = { anonymous: [{ type: "static", role: "user", authid: "joe" }, dynamicBlock] };
  await start(
    async (request) => {
      await request.ask("anonymous", (block) => void asked.push(block));
      await request.ask("ticket", (block) => void asked.push(block));
      return undefined;
    },
    { realms: REALMS, transports: [entryOf({ auth: own }), other] },
  );
  await connectRaw(running.url);
  expect(asked).toEqual([{ role: "user", authid: "joe" }]);
});

describe("a plugin learns whether TLS carries a request", () => {
  it.each([
    ["a trusted proxy says so", ["127.0.0.1"], "https", true],
    ["a trusted proxy says that it does not", ["127.0.0.1"], "http", false],
    ["a client claims so", ["192.0.2.1"], "https", false],
    ["nobody says so", ["127.0.0.1"], undefined, false],
  ])("%s", async (_what, proxies, proto, expected) => {
    let asked: UpgradeRequest | undefined;
    const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, "trusted-proxies": proxies };
    await start((request) => void (asked = request), { transports: [entryOf({ endpoint })] });
    const headers = { "x-forwarded-for": "192.0.2.9", ...(proto === undefined ? {} : { "x-forwarded-proto": proto }) };
    await connectRaw(running.url, "wamp.2.json", { headers });
    expect(asked?.isSecure).toBe(expected);
  });
});

it("the router's own refusals come first: plugins are not asked about them", async () => {
  let count = 0;
  await start(() => {
    count++;
    return undefined;
  });
  const wrongProtocol = new WebSocket(running.url, "soap");
  const [, response] = (await once(wrongProtocol, "unexpected-response")) as [unknown, IncomingMessage];
  expect([response.statusCode, count]).toEqual([400, 0]);
  response.destroy();
});

describe("while a plugin decides", () => {
  it("the client counts as a pending login", async () => {
    const { answer, isAsked, goOn } = hesitating();
    await start(answer, { transports: [entryOf({ "max-half-open-per-address": 1 })] });
    const first = connectRaw(running.url);
    await isAsked;
    expect(pending()).toBe(1);
    await expect(connectRaw(running.url)).rejects.toThrow("socket hang up");
    goOn();
    const client = await first;
    client.hello();
    await client.welcomed();
    expect(pending()).toBe(0);
  });

  it("nothing that the client sends early is lost", async () => {
    const { answer, isAsked, goOn } = hesitating();
    await start(answer);
    const { port } = new URL(running.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(UPGRADE);
    await isAsked;
    socket.write(frame([Code.HELLO, "realm1", { roles: { caller: {} } }]));
    goOn();
    expect(await readUntil(socket, "[2,")).toContain("HTTP/1.1 101");
    socket.destroy();
  });

  it.each<[string, (socket: Socket) => void]>([
    ["ends its connection", (socket) => socket.end()],
    ["resets its connection", (socket) => socket.resetAndDestroy()],
  ])("a client that %s is told to the plugin, and leaves nothing", async (_, leave) => {
    const { answer, isAsked, goOn } = hesitating();
    await start(answer);
    const { port } = new URL(running.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(UPGRADE);
    const { signal } = await isAsked;
    leave(socket);
    await ended(signal);
    goOn();
    const client = await connectRaw(running.url);
    expect(pending()).toBe(1);
    client.close();
    expect(running.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    socket.destroy();
  });

  it("a reload that keeps the entry changes nothing for it", async () => {
    const { answer, isAsked, goOn } = hesitating();
    await start(answer);
    const first = connectRaw(running.url);
    await isAsked;
    await reload([entryOf({ "max-message-size": 100_000 })]);
    goOn();
    const client = await first;
    client.hello();
    await client.welcomed();
  });

  it("a reload that takes the entry away refuses it", async () => {
    const { answer, isAsked } = hesitating();
    await start(answer);
    const refused = refusedBy(running.url);
    const { signal } = await isAsked;
    await reload([entryOf({ path: "/other" })]);
    expect(await refused).toMatchObject({ status: 503, text: "This transport takes no more clients.\n" });
    await ended(signal);
  });

  it("the end of the router ends it", async () => {
    const { answer, isAsked } = hesitating();
    await start(answer);
    const socket = new WebSocket(running.url, "wamp.2.json");
    const gone = once(socket, "error");
    const { signal } = await isAsked;
    await running.close();
    await ended(signal);
    await gone;
  });

  it("the end of the router ends it also on a server of the embedding program, which goes on", async () => {
    const server = createServer((_request, response) => void response.end("mine"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { answer, isAsked } = hesitating();
    const transports = [entryOf({ endpoint: { type: "server", name: "main" }, path: "/ws" })];
    await start(answer, { transports }, undefined, { servers: { main: server } });
    const { port } = server.address() as AddressInfo;
    const refused = refusedBy(`ws://127.0.0.1:${port}/ws`);
    await isAsked;
    expect(pending()).toBe(1);
    await running.close();
    expect(await refused).toMatchObject({ status: 503 });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("mine");
    await new Promise((resolve) => server.close(resolve));
  });
});

function reload(transports: object[]): Promise<unknown> {
  return running.router.reload({ plugins: ["@wampgate/auth-anonymous"], realms, transports } as never);
}

const UPGRADE = [
  "GET /ws HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol: wamp.2.json",
  "\r\n",
].join("\r\n");

/** A client's frame of text, whose mask changes nothing. */
function frame(message: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
}

async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes(end)) break;
  }
  return text;
}
