import { createHash, randomBytes } from "node:crypto";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import cryptosign from "@wampgate/auth-cryptosign";
import { Code } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { isSigned, SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { makeTls } from "./support/certificate.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";
import { connectOverTls, type TlsClient } from "./support/tls-client.ts";

// Logins by cryptosign that are bound to their TLS connection: who stands between client and router with a connection of
// its own to each, can use neither's proof.

const DENIED = "wamp.error.authentication_denied";
const FAILED = "wamp.error.authentication_failed";

const joe = new SigningKey("a1".repeat(32));
const router = new SigningKey("a5".repeat(32));
const ROUTER_SEED = "a5".repeat(32);

let tls: object;
let running: RunningRouter;
const sockets = new Set<TLSSocket>();
beforeAll(async () => {
  tls = await makeTls();
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  hangUp();
  return running.close();
});

async function start(type = "websocket", options: object = {}, endpoint: object = { tls }): Promise<void> {
  const principals = { joe: { authorized_keys: [joe.publicKey], role: "user" } };
  running = await startRouter({
    plugins: [[cryptosign, options]],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      {
        type,
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0, ...endpoint },
        auth: { cryptosign: { type: "static", principals } },
      },
    ],
  });
}

async function connect(options: ConnectionOptions = {}, headers: Record<string, string> = {}): Promise<TlsClient> {
  const client = await connectOverTls(running.url, options, headers);
  sockets.add(client.tls);
  return client;
}

const sha256 = (bytes: Buffer | undefined): Buffer =>
  createHash("sha256")
    .update(bytes ?? "")
    .digest();
const xor = (one: Buffer, other: Buffer): Buffer => Buffer.from(one.map((byte, i) => byte ^ (other[i] ?? 0)));

/** What each end of a connection can compute, by the client's side. */
const CHANNELS: Record<string, (tls: TLSSocket) => Buffer> = {
  "tls-exporter": (tls) => tls.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
  "tls-unique, the client's Finished": (tls) => sha256(tls.getFinished()),
  "tls-unique, the server's Finished": (tls) => sha256(tls.getPeerFinished()),
};
const nameOf = (channel: string): string => channel.split(",")[0] ?? "";
const idOf = (channel: string, tls: TLSSocket): Buffer => CHANNELS[channel]?.(tls) ?? Buffer.alloc(32);

function hello(client: FakeClient, binding: unknown, more: object = {}): void {
  const authextra = { pubkey: joe.publicKey, channel_binding: binding, ...more };
  client.hello({ authid: "joe", authmethods: ["cryptosign"], authextra });
}

async function challenged(client: FakeClient): Promise<{ challenge: Buffer; extra: Record<string, unknown> }> {
  const [, , extra] = (await client.expect(Code.CHALLENGE)) as [number, string, Record<string, unknown>];
  return { challenge: Buffer.from(String(extra["challenge"]), "hex"), extra };
}

/** What a login ends in. @param sign makes the bytes to sign of the challenge and the socket */
async function outcome(
  { client, tls }: TlsClient,
  binding: string | null,
  message: (challenge: Buffer, tls: TLSSocket) => Buffer,
): Promise<unknown> {
  hello(client, binding);
  const { challenge, extra } = await challenged(client);
  expect(extra).toEqual({ challenge: challenge.toString("hex"), channel_binding: binding });
  client.authenticate(joe.sign(message(challenge, tls)));
  const [code, ...rest] = await client.next();
  return code === Code.WELCOME ? "welcome" : rest[1];
}

const versions = { "TLS 1.2": { maxVersion: "TLSv1.2" }, "TLS 1.3": { minVersion: "TLSv1.3" } } as const;
const cases = ["websocket", "rawsocket"].flatMap((type) =>
  (Object.keys(versions) as (keyof typeof versions)[]).flatMap((version) =>
    Object.keys(CHANNELS)
      .filter((channel) => version === "TLS 1.3" || channel !== "tls-exporter")
      .map((channel) => [type, version, channel] as const),
  ),
);

describe.each(cases)("a login over a %s by %s with %s", (type, version, channel) => {
  const name = nameOf(channel);
  const bound = (challenge: Buffer, tls: TLSSocket): Buffer => xor(challenge, idOf(channel, tls));
  beforeEach(() => start(type));

  it("ends in WELCOME", async () => {
    expect(await outcome(await connect(versions[version]), name, bound)).toBe("welcome");
  });

  it("is denied with the proof for a connection without a binding", async () => {
    expect(await outcome(await connect(versions[version]), name, (challenge) => challenge)).toBe(DENIED);
  });

  it("is denied where another has taken the binding out of HELLO", async () => {
    expect(await outcome(await connect(versions[version]), null, bound)).toBe(DENIED);
  });

  it("is denied with the proof for another connection, which one between the two has passed on", async () => {
    const victims = await connect(versions[version]);
    const own = await connect(versions[version]);
    expect(await outcome(own, name, (challenge) => xor(challenge, idOf(channel, victims.tls)))).toBe(DENIED);
  });
});

it("a binding of one name is no proof for another one", async () => {
  await start();
  const exporter = (challenge: Buffer, tls: TLSSocket): Buffer => xor(challenge, idOf("tls-exporter", tls));
  expect(await outcome(await connect(), "tls-unique", exporter)).toBe(DENIED);
});

describe("a binding that is not to be had ends the login, with the same words for every authid", () => {
  async function refusedBy({ client }: { client: FakeClient }, name: string): Promise<void> {
    hello(client, name);
    expect(await client.aborted()).toEqual({
      reason: FAILED,
      message: `this connection has no channel binding "${name}"`,
    });
  }

  it("tls-exporter on TLS 1.2", async () => {
    await start();
    await refusedBy(await connect({ maxVersion: "TLSv1.2" }), "tls-exporter");
  });

  it("tls-unique on a session that is resumed, but not tls-exporter", async () => {
    await start();
    const first = await connect();
    hello(first.client, null);
    await challenged(first.client);
    const session = await first.session;
    await refusedBy(await connect({ session }), "tls-unique");
    const resumed = await connect({ session });
    expect(resumed.tls.isSessionReused()).toBe(true);
    const bound = (challenge: Buffer, socket: TLSSocket): Buffer => xor(challenge, idOf("tls-exporter", socket));
    expect(await outcome(resumed, "tls-exporter", bound)).toBe("welcome");
  });

  it("tls-unique on TLS 1.3, where tls-unique-on-tls13 is false", async () => {
    await start("websocket", { "tls-unique-on-tls13": false });
    await refusedBy(await connect(), "tls-unique");
    const older = await connect({ maxVersion: "TLSv1.2" });
    const bound = (challenge: Buffer, socket: TLSSocket): Buffer =>
      xor(challenge, idOf("tls-unique, the client's Finished", socket));
    expect(await outcome(older, "tls-unique", bound)).toBe("welcome");
  });

  it("any behind a proxy that ends TLS, with TLS of its own to the router or without", async () => {
    const forwarded = { "X-Forwarded-For": "203.0.113.9" };
    await start("websocket", {}, { tls, "trusted-proxies": ["127.0.0.1"] });
    for (const name of ["tls-unique", "tls-exporter"]) await refusedBy(await connect({}, forwarded), name);
    await running.close();
    await start("websocket", {}, { "trusted-proxies": ["127.0.0.1"] });
    for (const name of ["tls-unique", "tls-exporter"]) {
      const client = await connectRaw(running.url, "wamp.2.json", { headers: forwarded });
      await refusedBy({ client }, name);
    }
  });

  it("any without TLS, or by a name that is unknown", async () => {
    await start("websocket", {}, {});
    await refusedBy({ client: await connectRaw(running.url) }, "tls-unique");
    await running.close();
    await start();
    await refusedBy(await connect(), "tls-server-end-point");
  });

  it("any where channel-binding is off", async () => {
    await start("websocket", { "channel-binding": "off" });
    for (const name of ["tls-unique", "tls-exporter"]) await refusedBy(await connect(), name);
    expect(await outcome(await connect(), null, (challenge) => challenge)).toBe("welcome");
  });
});

it("where channel-binding is required, a login without one is refused before its CHALLENGE", async () => {
  await start("websocket", { "channel-binding": "required" });
  const { client } = await connect();
  hello(client, null);
  expect((await client.aborted()).reason).toBe(FAILED);
  const bound = (challenge: Buffer, socket: TLSSocket): Buffer => xor(challenge, idOf("tls-exporter", socket));
  expect(await outcome(await connect(), "tls-exporter", bound)).toBe("welcome");
});

it.each(["tls-exporter", "tls-unique, the client's Finished"])(
  "the router signs a client's challenge for this connection alone, by %s",
  async (channel) => {
    await start("websocket", { "router-key": ROUTER_SEED });
    const own = randomBytes(32);
    const { client, tls: socket } = await connect();
    hello(client, nameOf(channel), { challenge: own.toString("hex") });
    const { pubkey, signature } = (await challenged(client)).extra;
    expect(pubkey).toBe(router.publicKey);
    expect(isSigned(String(signature), [xor(own, idOf(channel, socket))], [router.publicKey])).toBe(true);
    expect(isSigned(String(signature), [own], [router.publicKey])).toBe(false);
  },
);

it("a login is renewed with the binding of its connection", async () => {
  await start("websocket", { "channel-binding": "required" });
  const bound = (challenge: Buffer, socket: TLSSocket): Buffer => xor(challenge, idOf("tls-exporter", socket));
  const { client, tls: socket, session } = await connect();
  expect(await outcome({ client, tls: socket, session }, "tls-exporter", bound)).toBe("welcome");
  let request = 0;
  const call = async (procedure: string, args: unknown[], kwargs: object = {}) => {
    client.send(Code.CALL, ++request, {}, procedure, args, kwargs);
    const message = await client.next();
    return message[0] === Code.RESULT ? (message[3] as unknown[])[0] : message[4];
  };
  const challenge = async (): Promise<Buffer> => {
    const authextra = { pubkey: joe.publicKey, channel_binding: "tls-exporter" };
    const { extra } = (await call("wampgate.session.challenge", [], { authextra })) as { extra: { challenge: string } };
    return Buffer.from(extra.challenge, "hex");
  };
  expect(await call("wampgate.session.renew", [joe.sign(await challenge())])).toBe(DENIED);
  const proof = joe.sign(bound(await challenge(), socket));
  expect(await call("wampgate.session.renew", [proof])).toEqual({ expires: null });
});

it("the method cannot see one between the two who changes the challenge: that is for the client's check of the certificate", async () => {
  // The signed bytes are challenge XOR channel id, and whoever ends both connections knows both ids: it sends the client
  // the router's challenge combined with both. docs/guides/cryptosign.md says what a binding is worth.
  await start();
  const [own, victims] = [await connect(), await connect()];
  const [ownId, victimsId] = [own, victims].map((side) => idOf("tls-exporter", side.tls)) as [Buffer, Buffer];
  const signedByVictim = (forged: Buffer): Buffer => xor(forged, victimsId);
  const relayed = (challenge: Buffer): Buffer => signedByVictim(xor(xor(challenge, ownId), victimsId));
  expect(await outcome(own, "tls-exporter", relayed)).toBe("welcome");
});
