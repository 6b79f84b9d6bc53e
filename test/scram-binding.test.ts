import { randomBytes } from "node:crypto";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import scram from "@wampgate/auth-scram";
import { Code } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { deriveKeys } from "../packages/auth-scram/src/derive.ts";
import { SPEC } from "../packages/auth-scram/src/dialect.ts";
import { authMessage, type Keys, proofOf, serverSignature } from "../packages/auth-scram/src/signatures.ts";
import { makeTls } from "./support/certificate.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";
import { connectOverTls } from "./support/tls-client.ts";

// A proof of wamp-scram that is bound to its TLS connection, by a client of our own: no other one has channel bindings.

const SALT = "5b6d99689d12358eeca04b141236fa81";
const FAILED = "wamp.error.authentication_failed";
const DENIED = "wamp.error.authentication_denied";

let tls: object;
let keys: Keys;
let running: RunningRouter;
const sockets = new Set<TLSSocket>();
beforeAll(async () => {
  tls = await makeTls();
  keys = await deriveKeys(SPEC, "pencil", Buffer.from(SALT, "hex"), { name: "pbkdf2", iterations: 4096 });
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  hangUp();
  return running.close();
});

async function start(type: string, mode = "optional", endpoint: object = { tls }): Promise<void> {
  const known = { "stored-key": keys.storedKey.toString("hex"), "server-key": keys.serverKey.toString("hex") };
  const principal = { kdf: "pbkdf2", iterations: 4096, salt: SALT, ...known, role: "user" };
  const block = { type: "static", principals: { user: principal } };
  running = await startRouter({
    plugins: [[scram, { "channel-binding": mode }]],
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    transports: [
      {
        type,
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0, ...endpoint },
        auth: { scram: block, "wamp-scram": block },
      },
    ],
  });
}

async function connect(options: ConnectionOptions = {}): Promise<{ client: FakeClient; tls: TLSSocket }> {
  const connected = await connectOverTls(running.url, options);
  sockets.add(connected.tls);
  return connected;
}

/** What the client says of a binding, at HELLO and at AUTHENTICATE, and what it signs. */
interface Said {
  readonly hello: unknown;
  readonly name: string | null;
  readonly data: Uint8Array;
}

const ALIKE = (name: string, data: Uint8Array): Said => ({ hello: name, name, data });

/** Sends HELLO, and answers CHALLENGE. @returns the message that both sign */
async function answer(client: FakeClient, { hello, name, data }: Said): Promise<string> {
  const clientNonce = randomBytes(16).toString("base64");
  const authextra = { nonce: clientNonce, channel_binding: hello };
  client.hello({ authid: "user", authmethods: ["wamp-scram"], authextra });
  const [, , extra] = (await client.expect(Code.CHALLENGE)) as [number, string, { nonce: string; salt: string }];
  const { nonce, salt } = extra;
  const input = Buffer.concat([Buffer.from(name === null ? "n,," : `p=${name},,`), data]);
  const binding = input.toString("base64");
  const message = authMessage({ name: "user", clientNonce, nonce, salt, iterations: 4096, binding });
  const cbind_data = name === null ? null : Buffer.from(data).toString("base64");
  client.authenticate(proofOf(keys, message), { nonce, channel_binding: name, cbind_data });
  return message;
}

/** HELLO alone, for what ends there. */
function refused(client: FakeClient, name: unknown, authmethod = "wamp-scram"): Promise<object> {
  const authextra = { nonce: "AAAAAAAA", ...(name === undefined ? {} : { channel_binding: name }) };
  client.hello({ authid: "user", authmethods: [authmethod], authextra });
  return client.aborted();
}

const exporter = (socket: TLSSocket): Buffer =>
  socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
const finished = (message: Buffer | undefined): Buffer => message ?? Buffer.alloc(0);
const NOTHING = Buffer.alloc(0);
const UNBOUND: Said = { hello: null, name: null, data: NOTHING };

describe.each(["websocket", "rawsocket"])("over a %s with TLS", (type) => {
  it("1.3 a client logs in by tls-exporter, and the router proves itself for this connection", async () => {
    await start(type, "required");
    const { client, tls } = await connect();
    const message = await answer(client, ALIKE("tls-exporter", exporter(tls)));
    const { authextra } = await client.welcomed();
    expect(authextra).toMatchObject({ verifier: `v=${serverSignature(keys.serverKey, message)}` });
  });

  it.each<[string, (socket: TLSSocket) => Buffer | undefined]>([
    ["the client's", (socket) => socket.getFinished()],
    ["the server's", (socket) => socket.getPeerFinished()],
  ])("1.2 a client logs in by tls-unique, by %s Finished", async (_whose, own) => {
    await start(type);
    const { client, tls } = await connect({ maxVersion: "TLSv1.2" });
    await answer(client, ALIKE("tls-unique", finished(own(tls))));
    expect(await client.welcomed()).toMatchObject({ authid: "user", authmethod: "wamp-scram" });
  });

  it("a client logs in without a binding, where none is required", async () => {
    await start(type);
    const { client } = await connect();
    await answer(client, UNBOUND);
    await client.welcomed();
  });
});

describe("a binding of another connection, or another than HELLO's, is denied", () => {
  it.each<[string, (socket: TLSSocket, other: TLSSocket) => Said]>([
    ["the value of another connection", (_socket, other) => ALIKE("tls-exporter", exporter(other))],
    ["no value", () => ALIKE("tls-exporter", NOTHING)],
    [
      "a binding that was taken out of HELLO",
      (socket) => ({ ...ALIKE("tls-exporter", exporter(socket)), hello: null }),
    ],
    ["none where HELLO had one", () => ({ ...UNBOUND, hello: "tls-exporter" })],
    ["another name than HELLO's", (socket) => ({ ...ALIKE("tls-unique", exporter(socket)), hello: "tls-exporter" })],
  ])("%s", async (_what, said) => {
    await start("websocket");
    const [{ client, tls }, other] = [await connect(), await connect()];
    await answer(client, said(tls, other.tls));
    expect((await client.aborted()).reason).toBe(DENIED);
  });

  it("what was signed is another than what is said", async () => {
    await start("websocket");
    const { client, tls } = await connect();
    const clientNonce = "AAAAAAAA";
    const authextra = { nonce: clientNonce, channel_binding: "tls-exporter" };
    client.hello({ authid: "user", authmethods: ["wamp-scram"], authextra });
    const [, , extra] = (await client.expect(Code.CHALLENGE)) as [number, string, { nonce: string; salt: string }];
    const message = authMessage({ name: "user", clientNonce, ...extra, iterations: 4096, binding: "biws" });
    const cbind_data = exporter(tls).toString("base64");
    client.authenticate(proofOf(keys, message), { nonce: extra.nonce, channel_binding: "tls-exporter", cbind_data });
    expect((await client.aborted()).reason).toBe(DENIED);
  });
});

describe("a binding that is not to be had ends the login at HELLO, in a sentence", () => {
  it.each<[string, ConnectionOptions, string]>([
    ["tls-exporter with TLS 1.2", { maxVersion: "TLSv1.2" }, "tls-exporter"],
    ["tls-unique with TLS 1.3, for which no RFC defines it", {}, "tls-unique"],
    ["a name that is unknown", {}, "tls-server-end-point"],
  ])("%s", async (_what, options, name) => {
    await start("websocket");
    const { client } = await connect(options);
    expect(await refused(client, name)).toEqual({
      reason: FAILED,
      message: `this connection has no channel binding "${name}"`,
    });
  });

  it.each([
    ["a number", 5],
    ["a long text", "x".repeat(65)],
    ["a list", ["tls-exporter"]],
  ])("a name that is %s", async (_what, name) => {
    await start("websocket");
    const { client } = await connect();
    expect(await refused(client, name)).toEqual({
      reason: FAILED,
      message: "authextra.channel_binding must be the name of a channel binding, or null",
    });
  });

  it("without TLS", async () => {
    await start("websocket", "optional", {});
    expect(await refused(await connectRaw(running.url), "tls-exporter")).toMatchObject({
      message: 'this connection has no channel binding "tls-exporter"',
    });
  });

  it("where channel-binding is off", async () => {
    await start("websocket", "off");
    const { client } = await connect();
    expect(await refused(client, "tls-exporter")).toMatchObject({ reason: FAILED });
  });

  it("where it is required and not asked for, also by scram, which has none", async () => {
    await start("websocket", "required");
    expect(await refused((await connect()).client, undefined)).toEqual({
      reason: FAILED,
      message:
        "a login needs a channel binding here: name tls-exporter or tls-unique in authextra.channel_binding, over TLS",
    });
    expect(await refused((await connect()).client, null, "scram")).toEqual({
      reason: FAILED,
      message: "a login needs a channel binding here, which scram has not: use wamp-scram",
    });
  });

  it("by scram, where somebody asks for it", async () => {
    await start("websocket");
    expect(await refused((await connect()).client, "tls-exporter", "scram")).toEqual({
      reason: FAILED,
      message: "scram has no channel binding: use wamp-scram for one",
    });
  });
});
