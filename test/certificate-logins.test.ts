import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join, resolve } from "node:path";
import type { ConnectionOptions, SecureVersion, TLSSocket } from "node:tls";
import { jest } from "@jest/globals";
import { Code, type Component, type WampgateConfig } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { login, Refused } from "./support/autobahn.ts";
import { type Authority, type Certificate, makeAuthority, makeTls } from "./support/certificate.ts";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";
import { connectOverTls } from "./support/tls-client.ts";

// The method tls over real sockets: what TLS tells of a client's certificate, and who is let in by it.

const DENIED = "wamp.error.authentication_denied";

let authority: Authority;
let client: Certificate;
let other: Certificate;
let stranger: Certificate;
let server: { key: string; certificate: string };
let folder: string;
let running: RunningRouter;
const sockets = new Set<TLSSocket>();
const servers = new Set<Server>();

beforeAll(async () => {
  authority = await makeAuthority();
  client = await authority.issue({ alternatives: ["DNS:client.example.com", "URI:spiffe://example.com/client"] });
  other = await authority.issue({ name: [["commonName", "client_1"]] });
  stranger = await (await makeAuthority("stranger")).issue({});
  server = await makeTls();
});
beforeEach(async () => void (folder = await folderOf({ "ca.pem": authority.cert })));
afterEach(() => {
  jest.restoreAllMocks();
  for (const socket of sockets) socket.destroy();
  for (const own of servers) own.close().closeAllConnections();
  hangUp();
  return running.close();
});

const fingerprint = ({ cert }: Certificate): string => new X509Certificate(cert).fingerprint256;
const ticket = { type: "static", principals: { joe: { ticket: "secret", role: "user" } } };
const named = (own: object): object => ({ type: "static", principals: { joe: { ...own, role: "user" } } });
const ofClient = (): object => named({ "certificate-sha256": fingerprint(client) });

interface Options {
  readonly type?: string;
  /** Of the endpoint's `tls`. */
  readonly settings?: object;
  readonly endpoint?: object;
  readonly components?: readonly object[];
}

function configOf(block: unknown, { type = "websocket", settings = {}, endpoint = {}, components = [] }: Options) {
  const tls = { ...server, "ca-certificates": [join(folder, "ca.pem")], ...settings };
  return {
    realms: REALMS,
    components,
    transports: [
      { type, endpoint: { type: "tcp", host: "127.0.0.1", port: 0, tls, ...endpoint }, auth: { tls: block, ticket } },
    ],
  };
}

async function start(block: unknown, options: Options = {}): Promise<void> {
  running = await startRouter(configOf(block, options), { file: join(folder, "wampgate.config.json") });
}

/** Replaces files, and reloads the config. */
async function reloadWith(files: Readonly<Record<string, string>>, block: unknown, options: Options): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(resolve(folder, name), text);
  const config = { plugins: OFFICIAL, ...configOf(block, options) } as unknown as WampgateConfig;
  expect((await running.router.reload(config)).problems).toEqual([]);
}

/** Shows a certificate, or none, and logs in. @returns WELCOME's details; rejects if TLS refuses */
async function outcomeOf(
  shown: ConnectionOptions,
  authmethods = ["tls"],
  headers: Record<string, string> = {},
): Promise<{ end: Record<string, unknown>; session: Promise<Buffer>; tls: TLSSocket }> {
  const { client: connection, session, tls } = await connectOverTls(running.url, shown, headers);
  sockets.add(tls);
  connection.hello({ authmethods });
  const [code, , second] = await connection.next();
  const end = code === Code.WELCOME ? (second as Record<string, unknown>) : { reason: second };
  return { end, session, tls };
}

/** What wampgate check would warn of. */
const messages = (): string => running.router.warnings.map(({ message }) => message).join("\n");

const endOf = async (...args: Parameters<typeof outcomeOf>): Promise<unknown> => (await outcomeOf(...args)).end;

describe.each(["websocket", "rawsocket"])("over a %s", (type) => {
  it.each<[string, () => object, object]>([
    ["by its fingerprint", ofClient, { authid: "joe", authrole: "user" }],
    ["by its subject", () => named({ subject: { cn: "client_0" } }), { authid: "joe" }],
    ["by a name", () => named({ "subject-alt-name": "URI:spiffe://example.com/client" }), { authid: "joe" }],
    [
      "by its authority alone",
      () => ({ type: "static", "authid-from": "san.dns", "default-role": "user" }),
      { authid: "client.example.com" },
    ],
  ])("a client is known %s", async (_how, block, welcome) => {
    await start(block(), { type });
    expect(await endOf({ ...client })).toMatchObject({ realm: "realm1", authmethod: "tls", ...welcome });
    expect(await endOf({ ...other })).toEqual({ reason: DENIED });
  });

  it("with optional certificates all others may log in by other methods, but not fall back on them", async () => {
    await start(ofClient(), { type, settings: { "client-certificates": "optional" } });
    expect(await endOf({ ...client }, ["tls", "ticket"])).toMatchObject({ authid: "joe", authmethod: "tls" });
    for (const shown of [{}, { ...stranger }]) {
      expect(await endOf(shown)).toEqual({ reason: DENIED });
      expect(await endOf(shown, ["tls", "ticket"])).toEqual({ reason: DENIED });
      const { client: connection, tls } = await connectOverTls(running.url, shown);
      sockets.add(tls);
      connection.hello({ authid: "joe", authmethods: ["ticket"] });
      await connection.expect(Code.CHALLENGE);
      connection.authenticate("secret");
      expect(await connection.welcomed()).toMatchObject({ authid: "joe", authmethod: "ticket" });
    }
  });

  it("who has connected before a reload removed its authority, and says HELLO after it, is denied; sessions stay", async () => {
    const options = { type };
    await start(ofClient(), options);
    const [early, joined] = [await connectOverTls(running.url, { ...client }), await outcomeOf({ ...client })];
    sockets.add(early.tls);
    await reloadWith({ "ca.pem": (await makeAuthority("another")).cert }, ofClient(), options);
    early.client.hello({ authmethods: ["tls"] });
    expect((await early.client.aborted()).reason).toBe(DENIED);
    expect([joined.end["authid"], joined.tls.destroyed]).toEqual(["joe", false]);
    expect(running.router.sessionCount.remote).toBe(1);
  });

  it("a reload that changes another file, or none, denies nobody", async () => {
    const options = { type };
    await start(ofClient(), options);
    const early = await connectOverTls(running.url, { ...client });
    sockets.add(early.tls);
    const { key, certificate } = await makeTls();
    await writeFile(server.key, await readFile(key));
    await reloadWith({ [server.certificate]: await readFile(certificate, "utf8") }, ofClient(), options);
    early.client.hello({ authmethods: ["tls"] });
    expect(await early.client.welcomed()).toMatchObject({ authid: "joe" });
  });

  describe.each<SecureVersion>(["TLSv1.2", "TLSv1.3"])("with %s", (version) => {
    const only = { minVersion: version, maxVersion: version };

    it("a client that resumes its connection is known again, but a certificate that has expired since is denied", async () => {
      await start(ofClient(), { type });
      const first = await outcomeOf({ ...only, ...client });
      const second = await outcomeOf({ ...only, session: await first.session });
      expect([second.tls.isSessionReused(), second.end["authid"]]).toEqual([true, "joe"]);
      const now = Date.now();
      jest.spyOn(Date, "now").mockImplementation(() => now + 2 * 86_400_000);
      const third = await outcomeOf({ ...only, session: await first.session });
      expect([third.tls.isSessionReused(), third.end]).toEqual([true, { reason: DENIED }]);
    });

    it.each(["required", "optional"])(
      "no connection is resumed by which an authority vouched that a reload has removed, with %s certificates",
      async (which) => {
        const options = { type, settings: { "client-certificates": which } };
        await start(ofClient(), options);
        const { session } = await outcomeOf({ ...only, ...client });
        const resumed = { ...only, ...client, session: await session };
        expect(await endOf(resumed)).toMatchObject({ authid: "joe" });
        await reloadWith({ "ca.pem": (await makeAuthority("another")).cert }, ofClient(), options);
        for (const shown of [resumed, { ...only, session: await session }, { ...only, ...client }]) {
          const end = await endOf(shown).catch(() => "refused by TLS");
          expect(end).toEqual(which === "required" ? "refused by TLS" : { reason: DENIED });
        }
      },
    );
  });
});

describe("a strategy decides at HELLO, by the certificate", () => {
  const cn = `details.transport.client_cert.subject.cn`;

  it("dynamic: a procedure, which is not asked about a client without a certificate", async () => {
    const calls: unknown[] = [];
    const module: Component = authenticatorOf((_realm, _authid, { transport }) => {
      const { sha256, subject } = (transport as { client_cert: { sha256: string; subject: { cn: string } } })
        .client_cert;
      calls.push(sha256);
      return { authid: subject.cn, role: "user2" };
    });
    const components = [{ module, realm: "realm-auth", role: "authenticator" }];
    await start(dynamicBlock, { settings: { "client-certificates": "optional" }, components });
    expect(await endOf({ ...client })).toMatchObject({
      authid: "client_0",
      authrole: "user2",
      authprovider: "dynamic",
    });
    expect(await endOf({})).toEqual({ reason: DENIED });
    expect(await endOf({ ...stranger })).toEqual({ reason: DENIED });
    expect(calls).toEqual([fingerprint(client)]);
  });

  it("function: one in the router's process", async () => {
    const text = `export const create = () => (_realm, _authid, details) =>
      ${cn} === "client_0" ? { authid: ${cn}, role: "user" } : null;`;
    await writeFile(join(folder, "auth.mjs"), text);
    await start({ type: "function", module: "./auth.mjs" });
    expect(await endOf({ ...client })).toMatchObject({ authid: "client_0", authprovider: "function" });
    expect(await endOf({ ...other })).toEqual({ reason: DENIED });
  });

  it("http: a web server", async () => {
    const web = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { details } = JSON.parse(Buffer.concat(chunks).toString()) as {
          details: { transport: { client_cert: { subject: { cn: string } } } };
        };
        const authid = details.transport.client_cert.subject.cn;
        response.statusCode = authid === "client_0" ? 200 : 404;
        response.end(JSON.stringify({ authid, role: "user" }));
      });
    }).listen(0, "127.0.0.1");
    servers.add(web);
    await once(web, "listening");
    const { port } = web.address() as { port: number };
    await start({ type: "http", url: `http://127.0.0.1:${port}/`, secret: "a secret of 16 bytes or more" });
    // The answers hold no secret, so plain HTTP on this machine will do.
    expect(messages()).not.toContain("TLS");
    expect(await endOf({ ...client })).toMatchObject({ authid: "client_0", authprovider: "http" });
    expect(await endOf({ ...other })).toEqual({ reason: DENIED });
  });

  it("and a static block may know some, before a strategy is asked about the others", async () => {
    const module = authenticatorOf(() => ({ authid: "known", role: "user" }));
    await start([ofClient(), dynamicBlock], { components: [{ module, realm: "realm-auth", role: "authenticator" }] });
    expect(await endOf({ ...client })).toMatchObject({ authid: "joe", authprovider: "static" });
    expect(await endOf({ ...other })).toMatchObject({ authid: "known", authprovider: "dynamic" });
  });
});

describe("behind a proxy that ends TLS there is no certificate", () => {
  it("whatever the headers say that the proxy, or its client, has written", async () => {
    await start(ofClient(), { endpoint: { tls: undefined, "trusted-proxies": ["127.0.0.1"] } });
    const pem = encodeURIComponent(client.cert);
    const connection = await connectRaw(running.url, "wamp.2.json", {
      headers: {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-SSL-Client-Verify": "SUCCESS",
        "X-SSL-Client-Cert": pem,
        "X-SSL-Client-S-DN": "CN=client_0",
        "X-Forwarded-Client-Cert": `Hash=${fingerprint(client).replaceAll(":", "").toLowerCase()};Cert="${pem}"`,
        "Client-Cert": `:${pem}:`,
      },
    });
    connection.hello({ authmethods: ["tls"] });
    expect((await connection.aborted()).reason).toBe(DENIED);
  });

  it("and the proxy's own, in its TLS with the router, is that of none of its clients", async () => {
    await start(ofClient(), { endpoint: { "trusted-proxies": ["127.0.0.1"] } });
    for (const forwarded of ["203.0.113.9", "127.0.0.1", "", "unknown"])
      expect(await endOf({ ...client }, ["tls"], { "X-Forwarded-For": forwarded })).toEqual({ reason: DENIED });
    expect(await endOf({ ...client })).toMatchObject({ authid: "joe" });
  });
});

it("a server that the program gives asks for certificates itself", async () => {
  const [key, cert] = await Promise.all([readFile(server.key), readFile(server.certificate)]);
  const secure = createTlsServer({ key, cert, ca: authority.cert, requestCert: true, rejectUnauthorized: false });
  servers.add(secure.listen(0, "127.0.0.1"));
  await once(secure, "listening");
  const transports = [{ type: "websocket", endpoint: { type: "server", name: "main" }, auth: { tls: ofClient() } }];
  running = await startRouter({ realms: REALMS, transports }, { servers: { main: secure } });
  expect(messages()).not.toContain("no client can log in");
  expect(await endOf({ ...client })).toMatchObject({ authid: "joe" });
  expect(await endOf({ ...stranger })).toEqual({ reason: DENIED });
});

it.each([22, 26] as const)("autobahn-js %i shows its certificate, and needs no authid", async (version) => {
  await start(ofClient());
  const tlsConfiguration = { ca: await readFile(server.certificate, "utf8"), ...client };
  const options = { url: running.url, realm: "realm1", authmethods: ["tls"], version };
  const { details, session, close } = await login({ ...options, tlsConfiguration });
  expect(details).toMatchObject({ authid: "joe", authrole: "user", authmethod: "tls", authprovider: "static" });
  await session.register("com.example.add2", ([a, b]: number[]) => (a ?? 0) + (b ?? 0));
  expect(await session.call("com.example.add2", [2, 3])).toBe(5);
  await close();
  const wrong = { ...options, tlsConfiguration: { ...tlsConfiguration, ...other } };
  await expect(login(wrong)).rejects.toEqual(new Refused(DENIED, expect.any(String) as unknown as string));
});

it("what a client cannot renew it is told: its certificate is no proof that it could show again", async () => {
  await start(ofClient());
  const { client: connection, tls } = await connectOverTls(running.url, { ...client });
  sockets.add(tls);
  connection.hello({ authmethods: ["tls"] });
  await connection.welcomed();
  connection.send(Code.CALL, 1, {}, "wampgate.session.renew", ["x"]);
  const [, , , , uri] = await connection.expect(Code.ERROR);
  expect(uri).toBe("wamp.error.feature_not_supported");
});
