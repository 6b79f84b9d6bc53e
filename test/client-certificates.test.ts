import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer as createTlsServer, type Server } from "node:https";
import { join } from "node:path";
import type { ConnectionOptions, SecureVersion, TLSSocket } from "node:tls";
import {
  type ClientCertificate,
  createRouter,
  definePlugin,
  type TransportDetails,
  type WampgateConfig,
} from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { type Authority, type Certificate, makeAuthority, makeTls } from "./support/certificate.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";
import { connectOverTls, type TlsClient } from "./support/tls-client.ts";

let known: TransportDetails[];
const spy = definePlugin({
  name: "spy",
  core: "*",
  apply: ({ hooks }) => hooks.hello.tap("spy", ({ transport }) => void known.push(transport)),
});

const REALMS = [{ name: "realm1", roles: [{ name: "user" }] }];
const auth = { anonymous: { type: "static", role: "user" } };
let authority: Authority;
let client: Certificate;
let stranger: Certificate;
let tls: { key: string; certificate: string; "ca-certificates": string[] };
let running: RunningRouter;
const sockets = new Set<TLSSocket>();
const servers = new Set<Server>();

beforeAll(async () => {
  authority = await makeAuthority();
  client = await authority.issue({
    name: [
      ["commonName", "client_0"],
      ["organizationName", "dev"],
    ],
  });
  stranger = await (await makeAuthority("stranger")).issue({});
  const folder = await folderOf({ "ca.pem": authority.cert });
  tls = { ...(await makeTls()), "ca-certificates": [join(folder, "ca.pem")] };
});
beforeEach(() => void (known = []));
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const own of servers) own.close();
  hangUp();
  return running.close();
});

async function start(type: string, settings: object = {}, endpoint: object = {}): Promise<void> {
  const tcp = { type: "tcp", host: "127.0.0.1", port: 0, tls: { ...tls, ...settings }, ...endpoint };
  running = await startRouter({
    plugins: [...OFFICIAL, spy],
    realms: REALMS,
    transports: [{ type, endpoint: tcp, auth }],
  });
}

/** Joins over TLS. @returns the connection, and the certificate that plugins are told of */
async function join_(
  options: ConnectionOptions = {},
  headers: Record<string, string> = {},
  url = running.url,
): Promise<TlsClient & { told: ClientCertificate | null }> {
  const connected = await connectOverTls(url, options, headers);
  sockets.add(connected.tls);
  connected.client.hello();
  await connected.client.welcomed();
  const [transport] = known.splice(0);
  if (transport === undefined) throw new Error("no HELLO came");
  expect(transport.client_cert).toEqual(transport.peer_cert);
  return { ...connected, told: transport.client_cert };
}

const turnedAway = (options: ConnectionOptions): Promise<void> => expect(join_(options)).rejects.toThrow();

describe.each(["websocket", "rawsocket"])("on an endpoint of a %s with ca-certificates", (type) => {
  it("each client must show a certificate of theirs, which plugins are told of", async () => {
    await start(type);
    const { fingerprint256, fingerprint, serialNumber } = new X509Certificate(client.cert);
    expect((await join_({ ...client })).told).toMatchObject({
      sha1: fingerprint,
      sha256: fingerprint256,
      serial: serialNumber,
      subject: { cn: "client_0", o: "dev" },
      issuer: { cn: "authority" },
      expired: false,
    });
    await turnedAway({});
    await turnedAway({ ...stranger });
  });

  it("and client-certificates: required the same holds", async () => {
    await start(type, { "client-certificates": "required" });
    expect((await join_({ ...client })).told?.subject).toMatchObject({ cn: "client_0" });
    await turnedAway({});
  });

  it("and client-certificates: optional all may come, and plugins are told of none but trusted certificates", async () => {
    await start(type, { "client-certificates": "optional" });
    expect((await join_({ ...client })).told?.subject).toMatchObject({ cn: "client_0" });
    expect((await join_()).told).toBeNull();
    expect((await join_({ ...stranger })).told).toBeNull();
    const expired = await authority.issue({ until: new Date(Date.now() - 60_000) });
    expect((await join_({ ...expired })).told).toBeNull();
  });

  describe.each<SecureVersion>(["TLSv1.2", "TLSv1.3"])("with %s", (version) => {
    const only = { minVersion: version, maxVersion: version };

    it("a connection that is resumed has the certificate of the first one, and none if that had none", async () => {
      await start(type, { "client-certificates": "optional" });
      for (const own of [client, stranger, {}]) {
        const first = await join_({ ...only, ...own });
        // The client need not show the certificate again, nor have its key.
        const second = await join_({ ...only, session: await first.session });
        expect(second.tls.isSessionReused()).toBe(true);
        expect(second.told).toEqual(first.told);
        expect(second.told === null).toBe(own !== client);
      }
    });
  });
});

it("a WebSocket and a RawSocket that share an endpoint ask for the same", async () => {
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, tls: { ...tls, "client-certificates": "optional" } };
  const transports = ["websocket", "rawsocket"].map((type) => ({ type, endpoint, auth }));
  running = await startRouter({ plugins: [...OFFICIAL, spy], realms: REALMS, transports });
  for (const { url } of running.router.endpoints) {
    expect((await join_({ ...client }, {}, url)).told?.subject).toMatchObject({ cn: "client_0" });
    expect((await join_({ ...stranger }, {}, url)).told).toBeNull();
  }
});

it("a certificate that is for servers alone is none of a client", async () => {
  await start("websocket", { "client-certificates": "optional" });
  const extensions = [{ name: "extKeyUsage" as const, serverAuth: true }];
  expect((await join_({ ...(await authority.issue({ extensions })) })).told).toBeNull();
});

it("of a connection that a proxy made for its client the certificate is the proxy's: plugins are told of none", async () => {
  await start("websocket", {}, { "trusted-proxies": ["127.0.0.1"] });
  for (const forwarded of ["203.0.113.9", "127.0.0.1", "not an address", ""])
    expect((await join_({ ...client }, { "X-Forwarded-For": forwarded })).told).toBeNull();
  expect((await join_({ ...client })).told).not.toBeNull();
});

it("headers that name a certificate are not believed, and a client's own X-Forwarded-For hides none", async () => {
  await start("websocket", { "client-certificates": "optional" });
  const pem = encodeURIComponent(client.cert);
  const headers = { "X-SSL-Client-Cert": pem, "X-Forwarded-Client-Cert": `Cert="${pem}"`, "Client-Cert": `:${pem}:` };
  expect((await join_({}, headers)).told).toBeNull();
  expect((await join_({ ...client }, { "X-Forwarded-For": "203.0.113.9" })).told).not.toBeNull();
});

it("of a server that the program gives, it is the program that says who is asked for a certificate", async () => {
  const [key, cert] = await Promise.all([readFile(tls.key), readFile(tls.certificate)]);
  const secure = createTlsServer({ key, cert, ca: authority.cert, requestCert: true, rejectUnauthorized: false });
  servers.add(secure.listen(0, "127.0.0.1"));
  await once(secure, "listening");
  running = await startRouter(
    {
      plugins: [...OFFICIAL, spy],
      realms: REALMS,
      transports: [{ type: "websocket", endpoint: { type: "server", name: "main" }, auth }],
    },
    { servers: { main: secure } },
  );
  expect((await join_({ ...client })).told?.subject).toMatchObject({ cn: "client_0" });
  expect((await join_({ ...stranger })).told).toBeNull();
});

it("without TLS there is none", async () => {
  running = await startRouter({ plugins: [...OFFICIAL, spy], realms: REALMS, auth });
  const plain = await connectRaw(running.url);
  plain.hello();
  await plain.welcomed();
  expect(known[0]).toMatchObject({ client_cert: null, peer_cert: null });
});

it.each(["required", "optional"])(
  "client-certificates: %s needs ca-certificates, and the config says so",
  async (which) => {
    const endpoint = {
      type: "tcp",
      port: 0,
      tls: { key: tls.key, certificate: tls.certificate, "client-certificates": which },
    };
    const config = { plugins: OFFICIAL, realms: [], transports: [{ type: "websocket", endpoint, auth }] };
    await expect(createRouter(config as unknown as WampgateConfig)).rejects.toThrow(
      "transports[0].endpoint.tls.client-certificates: needs ca-certificates: the files of the authorities whose client certificates are accepted",
    );
  },
);
