import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Cause, WampgateConfig } from "@wampgate/core";
import { Webhook } from "standardwebhooks";
import { login, withSecret, withTicket } from "./support/autobahn.ts";
import { makeTls } from "./support/certificate.ts";
import { DENIED, FAILED, refusalOf, USERS_AND_GUESTS } from "./support/decided.ts";
import { connectRaw } from "./support/raw-client.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";

// Logins that a web server decides, over WebSockets, with a server that is well, is not, and is again.

const SECRET = "0123456789012345";

interface Asked {
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly body: { realm: string | null; authid: string | null; details: Record<string, unknown> };
}

type Behaviour = (response: ServerResponse, asked: Asked) => void;

const says =
  (status: number, value?: unknown, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(value === undefined ? "" : JSON.stringify(value));

const user = says(200, "user");

let server: Server;
let url: string;
let does: Behaviour;
let asked: Asked[];
let running: RunningRouter | null = null;
let causes: Cause[];

async function listen(made: Server, port = 0): Promise<number> {
  server = made;
  await once(server.listen(port, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

function answers(request: IncomingMessage, response: ServerResponse): void {
  let text = "";
  request.on("data", (data) => (text += String(data)));
  request.on("end", () => {
    const one = { headers: request.headers, text, body: JSON.parse(text || "{}") as Asked["body"] };
    asked.push(one);
    does(response, one);
  });
}

function stop(): void {
  server.close();
  server.closeAllConnections();
}

beforeEach(async () => {
  [does, asked, causes] = [user, [], []];
  url = `http://127.0.0.1:${await listen(createServer(answers))}/login?key=of-the-config`;
});
afterEach(async () => {
  await running?.close();
  running = null;
  stop();
});

const blockOf = (changed: object = {}): object => ({ type: "http", url, secret: SECRET, ...changed });

const configOf = (auth: object): Record<string, unknown> => wholeOf({ realms: [USERS_AND_GUESTS], auth });

async function start(auth: object = { ticket: blockOf() }): Promise<RunningRouter> {
  const { router, log } = await makeRouter(configOf(auth));
  router.hooks.loginFailed.tap("test", ({ cause }) => causes.push(cause));
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  return running;
}

const AS = { realm: "realm1", authmethods: ["ticket"] };

async function joined(authid = "joe", ticket = "x", authextra?: object): Promise<Record<string, unknown>> {
  const more = authextra === undefined ? {} : { authextra };
  const options = { ...AS, url: running?.url ?? "", authid, onchallenge: withTicket(ticket), ...more };
  const { details, close } = await login(options);
  await close();
  return details;
}

const refused = (authid?: string, ticket?: string): ReturnType<typeof refusalOf> => refusalOf(joined(authid, ticket));

it("a server gets what a dynamic authenticator gets, and its answer is one", async () => {
  does = says(200, { role: "guest", authid: "joe-1", extra: { team: 7 }, expires: 4102444800, note: "ignored" });
  await start({ ticket: blockOf({ headers: { Authorization: "Bearer of-the-config" } }) });
  expect(await joined("joe", "s3cret", { device: 1 })).toMatchObject({
    authid: "joe-1",
    authrole: "guest",
    authprovider: "http",
    authextra: { team: 7 },
    expires: 4102444800,
  });
  const [{ headers, body }] = asked as [Asked];
  expect(headers).toMatchObject({ "content-type": "application/json", authorization: "Bearer of-the-config" });
  expect(body).toMatchObject({ realm: "realm1", authid: "joe" });
  expect(body.details).toMatchObject({
    ticket: "s3cret",
    authmethod: "ticket",
    authid: "joe",
    authextra: { device: 1 },
  });
  expect(body.details["transport"]).toMatchObject({ type: "websocket", channel_framing: "websocket" });
});

it("integers keep their digits on the way to the server and back, and binary comes as WAMP's JSON has it", async () => {
  const digits = "9007199254740993";
  does = (response) => void response.writeHead(200).end(`{"role":"user","extra":{"n":${digits}}}`);
  const { url: at } = await start();
  const client = await connectRaw(at);
  client.sendFrame(
    `[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"joe","authextra":{"n":${digits},"b":"\\u0000AQI="}}]`,
  );
  await client.expect(4);
  client.authenticate("x");
  await client.welcomed();
  client.close();
  expect(asked[0]?.text).toContain(`"n":${digits}`);
  expect(asked[0]?.body.details["authextra"]).toMatchObject({ b: "\0AQI=" });
});

it("each request is signed so that the package standardwebhooks verifies it, and has an id of its own", async () => {
  await start();
  await joined();
  await joined();
  const webhook = new Webhook(Buffer.from(SECRET).toString("base64"));
  for (const { text, headers } of asked) webhook.verify(text, headers as Record<string, string>);
  expect(asked[0]?.headers["webhook-id"]).not.toBe(asked[1]?.headers["webhook-id"]);
  expect(() => webhook.verify(`${asked[0]?.text} `, asked[0]?.headers as Record<string, string>)).toThrow();
});

it("a server gives wampcra the secret that it checks proofs with; check warns that it comes without TLS", async () => {
  does = (response, { body }) => says(200, { role: "user", secret: `of ${body.authid}` })(response, asked[0] as Asked);
  const { router, url: at } = await start({ wampcra: blockOf() });
  expect(router.warnings).toMatchObject([{ message: expect.stringContaining("this URL has no TLS") as unknown }]);
  const as = { url: at, authid: "joe", realm: "realm1", authmethods: ["wampcra"] };
  const { details, close } = await login({ ...as, onchallenge: withSecret("of joe") });
  expect(details).toMatchObject({ authid: "joe", authmethod: "wampcra", authprovider: "http" });
  await close();
  await expect(login({ ...as, onchallenge: withSecret("of ann") })).rejects.toMatchObject({ reason: DENIED.reason });
});

it("404 leaves the client to the next block; after the last one it is like a wrong proof, which is what other 4xx are", async () => {
  does = (response, { body }) => says(body.authid === "joe" ? 403 : 404)(response, asked[0] as Asked);
  const principals = { ann: { ticket: "secret", role: "user" } };
  await start({ ticket: [blockOf(), { type: "static", principals }] });
  expect(await joined("ann", "secret")).toMatchObject({ authprovider: "static" });
  expect(await refused("ann", "wrong")).toEqual(DENIED);
  expect(await refused("stranger")).toEqual(DENIED);
  expect(await refused("joe")).toEqual(DENIED);
  expect(causes.at(-1)).toMatchObject({ code: "authenticator-error", params: { error: "status 403" } });
});

it("an error in the body of a 4xx is the ABORT; no_such_principal leaves the client to the next block", async () => {
  does = says(422, { error: "com.example.no", message: "not today" });
  const principals = { ann: { ticket: "secret", role: "user" } };
  await start({ ticket: [blockOf(), { type: "static", principals }] });
  expect(await refused()).toEqual({ reason: "com.example.no", text: "not today" });
  does = says(400, { error: "com.example.no", message: { not: "a text" } });
  expect(await refused()).toEqual({ reason: "com.example.no", text: "" });
  does = says(403, { error: "wamp.error.no_such_principal" });
  expect(await joined("ann", "secret")).toMatchObject({ authprovider: "static" });
  does = says(403, { error: "not a uri" });
  expect(await refused()).toEqual(FAILED);
  does = says(403, ["no dictionary"]);
  expect(await refused()).toEqual(DENIED);
});

describe("an answer that cannot be used refuses the login with a fixed text, and the log has block, URL and reason", () => {
  const text =
    (body: string | Buffer, status = 200): Behaviour =>
    (response) =>
      void response.writeHead(status).end(body);
  const endless: Behaviour = (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(" ".repeat(64 * 1024)));
    };
    response.on("drain", more);
    more();
  };
  it.each<[string, Behaviour, RegExp]>([
    ["a redirect", says(307, undefined, { location: "/elsewhere" }), /status 307/],
    ["an error", says(500, "user"), /status 500/],
    ["nothing", says(204), /status 204/],
    ["no JSON", text("<html>"), /it is not JSON/],
    ["no UTF-8", text(Buffer.from([0x22, 0xff, 0x22])), /no text in UTF-8/],
    ["too deep", text("[".repeat(1000) + "]".repeat(1000)), /levels deep/],
    ["null", says(200, null), /it answered null, expected a role or a dictionary/],
    ["a role that is no text", says(200, { role: ["s3cret"] }), /its role: expected a string, found a list/],
    ["too long", text(`"${"x".repeat(70_000)}"`), /longer than 65536 bytes/],
    ["without end", endless, /longer than 65536 bytes/],
    [
      "cut off",
      (response) => void response.writeHead(200, { "content-length": "10" }).write('"us', () => response.destroy()),
      /no connection/,
    ],
  ])("%s", async (_, behaviour, why) => {
    does = behaviour;
    const { log } = await start();
    expect(await refused()).toEqual(FAILED);
    expect(asked).toHaveLength(1);
    const line = log.lines.find(({ level }) => level === "error");
    expect(line).toMatchObject({ fields: { block: "transports[0].auth.ticket", url: url.replace(/\?.*/, "") } });
    expect(line?.message).toMatch(why);
    expect(log.text()).not.toMatch(/s3cret|of-the-config/);
  });
});

it("a server that is late is left in time, and its retries share the timeout", async () => {
  does = () => undefined;
  await start({ ticket: blockOf({ timeout: 100 }) });
  expect(await refused()).toEqual(FAILED);
  does = says(503);
  expect(await refused()).toEqual(FAILED);
  expect(causes.map(({ code }) => code)).toEqual(["authenticator-timeout", "authenticator-timeout"]);
});

it("a server that hangs is taken to be down, so that logins do not wait for it; an error that one login causes is no such sign", async () => {
  does = says(500);
  await start({ ticket: blockOf({ timeout: 50 }) });
  for (let i = 0; i < 6; i++) expect(await refused()).toEqual(FAILED);
  expect(asked).toHaveLength(6);
  does = () => undefined;
  await Promise.all(Array.from({ length: 5 }, () => refused()));
  const before = asked.length;
  expect(await refused()).toEqual(FAILED);
  expect(asked).toHaveLength(before);
  expect(causes.at(-1)?.code).toBe("authenticator-unavailable");
});

it.each([502, 503, 504])("status %i is asked again with the same id, and another body is not sent", async (status) => {
  does = (response) => says(asked.length < 3 ? status : 200, "user")(response, asked[0] as Asked);
  await start();
  expect(await joined()).toMatchObject({ authrole: "user" });
  expect(asked).toHaveLength(3);
  expect(new Set(asked.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(asked.map(({ text }) => text)).size).toBe(1);
});

it("a server that dies fails logins fast after a few, and its coming back needs no restart", async () => {
  const { log } = await start({ ticket: blockOf({ retries: 0 }) });
  await joined();
  const port = (server.address() as AddressInfo).port;
  stop();
  for (let i = 0; i < 5; i++) expect(await refused()).toEqual(FAILED);
  expect(log.text()).toContain("the web server is down");
  const lines = log.lines.filter(({ level }) => level === "error").length;
  expect(await refused()).toEqual(FAILED);
  expect(causes.at(-1)).toMatchObject({ params: { problem: "it is down, and was not asked" } });
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(lines);
  await listen(createServer(answers), port);
  const before = performance.now();
  while ((await joined().catch(() => null)) === null) expect(performance.now() - before).toBeLessThan(10_000);
  expect(log.text()).toContain("the web server answers again");
}, 20_000);

it("a connection that the server has closed in the meantime is no failure, even without retries", async () => {
  await start({ ticket: blockOf({ retries: 0 }) });
  await joined();
  server.closeAllConnections();
  expect(await joined()).toMatchObject({ authrole: "user" });
});

it("no more than max-concurrent requests are there at the same time, and the other logins wait", async () => {
  let most = 0;
  const waiting: (() => void)[] = [];
  does = (response) => {
    waiting.push(() => user(response, asked[0] as Asked));
    most = Math.max(most, waiting.length);
    setImmediate(() => waiting.length === 2 && waiting.splice(0).forEach((go) => go()));
  };
  await start({ ticket: blockOf({ "max-concurrent": 2 }) });
  await Promise.all(Array.from({ length: 6 }, () => joined()));
  expect(asked).toHaveLength(6);
  expect(most).toBe(2);
});

it("what JSON cannot say is no right ticket, and never sent", async () => {
  const { url: at } = await start();
  const as = { ...AS, url: at, authid: "joe", serializer: "msgpack" as const };
  await expect(login({ ...as, onchallenge: () => "\0secret" })).rejects.toMatchObject({ reason: DENIED.reason });
  expect(asked).toEqual([]);
  const { close } = await login({ ...as, authextra: { device: 1, text: "\0x" }, onchallenge: withTicket("x") });
  await close();
  expect(asked[0]?.body.details["authextra"]).toEqual({ device: 1 });
});

it("a client that leaves while the server decides ends the request, and counts for nothing", async () => {
  const ended = new Promise<void>((resolve) => {
    does = (response) => {
      response.once("close", resolve);
      client.close();
    };
  });
  const { url: at, log } = await start();
  const client = await connectRaw(at);
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  await client.expect(4);
  client.authenticate("x");
  await ended;
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

it("a server with a certificate of the block's CA is believed, and another one is not", async () => {
  const tls = await makeTls();
  const files = { key: readFileSync(tls.key), cert: readFileSync(tls.certificate) };
  stop();
  const port = await listen(createTlsServer(files, answers));
  url = `https://localhost:${port}/`;
  const { router, log } = await start({ ticket: blockOf({ "ca-certificates": [tls.certificate], retries: 0 }) });
  expect(await joined()).toMatchObject({ authrole: "user" });
  await router.reload(configOf({ ticket: blockOf({ retries: 0 }) }) as unknown as WampgateConfig);
  expect(await refused()).toEqual(FAILED);
  expect(log.text()).toMatch(/no connection \(\w*SELF_SIGNED\w*\)/);
});

it("a session is renewed by what the server decides", async () => {
  does = says(200, { role: "user", expires: 4102444800 });
  const { url: at } = await start();
  const { session, close } = await login({ ...AS, url: at, authid: "joe", onchallenge: withTicket("x") });
  does = says(200, { role: "user", expires: 4102448400 });
  expect(await session.call("wampgate.session.renew", ["y"])).toEqual({ expires: 4102448400 });
  does = says(403);
  await expect(session.call("wampgate.session.renew", ["y"])).rejects.toMatchObject({ error: DENIED.reason });
  await close();
});

it("wampgate check --ask tells of a server that is not there or redirects, and a start does not wait for it", async () => {
  const { router } = await start();
  expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
  expect(asked).toEqual([]);
  expect(await router.check({ ask: true })).toEqual({
    problems: [],
    warnings: [],
    answered: [{ path: ["transports", 0, "auth", "ticket"], message: "the web server answers" }],
  });
  expect(asked[0]?.headers).not.toHaveProperty("webhook-id");
  const problems = async (): Promise<unknown> => (await router.check({ ask: true })).problems;
  const path = ["transports", 0, "auth", "ticket", "url"];
  does = says(302, undefined, { location: "/" });
  const redirects = "the web server cannot be asked: it redirects (status 302), which is not followed";
  expect(await problems()).toEqual([{ path, message: redirects }]);
  does = says(503);
  expect(await problems()).toMatchObject([{ path }]);
  stop();
  expect(await problems()).toMatchObject([{ path, message: expect.stringContaining("ECONNREFUSED") as unknown }]);
});
