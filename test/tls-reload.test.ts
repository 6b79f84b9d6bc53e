import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type ConnectionOptions, type SecureVersion, type TLSSocket } from "node:tls";
import selfsigned from "selfsigned";
import { type Router, type WampgateConfig } from "@wampgate/core";
import type { CapturedLog } from "@wampgate/plugin-testkit";
import { folderOf } from "../jest/folder.ts";
import { OFFICIAL, startRouter } from "./support/router.ts";

interface Certificate {
  readonly private: string;
  readonly cert: string;
}

let first: Certificate;
let second: Certificate;

beforeAll(async () => {
  const make = (name: string): Promise<Certificate> =>
    selfsigned.generate([{ name: "commonName", value: name }], { keySize: 2048 });
  [first, second] = [await make("first"), await make("second")];
});

let folder: string;
let router: Router;
let log: CapturedLog;
let sockets: TLSSocket[] = [];

const auth = { anonymous: { type: "static", role: "user" } };
const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, tls: { key: "key.pem", certificate: "cert.pem" } };
const config = {
  plugins: OFFICIAL,
  realms: [{ name: "realm1", roles: [{ name: "user" }] }],
  transports: [
    { type: "websocket", endpoint, auth },
    { type: "rawsocket", endpoint, auth },
  ],
} as unknown as WampgateConfig;

async function install({ private: key, cert }: Certificate): Promise<void> {
  await writeFile(join(folder, "key.pem"), key);
  await writeFile(join(folder, "cert.pem"), cert);
}

beforeEach(async () => {
  folder = await folderOf();
  await install(first);
  ({ router, log } = await startRouter({ ...config }, { file: join(folder, "wampgate.config.json") }));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await router.close();
});

/** Connects to each endpoint. @returns the sockets; whom the server says to be is the certificate's common name */
async function connected(): Promise<TLSSocket[]> {
  return Promise.all(
    router.endpoints.map(async ({ url }) => {
      const port = Number(/:(\d+)/.exec(url)?.[1]);
      const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
      sockets.push(socket);
      await once(socket, "secureConnect");
      return socket;
    }),
  );
}

const nameOf = (socket: TLSSocket): unknown => socket.getPeerCertificate().subject.CN;

it("after a reload new connections get the new certificate, on WebSocket and RawSocket, and old ones stay", async () => {
  const old = await connected();
  expect(old.map(nameOf)).toEqual(["first", "first"]);
  await install(second);
  expect(await router.reload(config)).toMatchObject({ restart: [], problems: [] });
  expect((await connected()).map(nameOf)).toEqual(["second", "second"]);
  const [webSocket, rawSocket] = old as [TLSSocket, TLSSocket];
  rawSocket.write(Uint8Array.of(0x7f, 0xf1, 0, 0));
  expect([...((await once(rawSocket, "data")) as [Buffer])[0]]).toEqual([0x7f, 0xf1, 0, 0]);
  webSocket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(String(((await once(webSocket, "data")) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 200/);
});

/** A connection on which the router has answered RawSocket's handshake; rejects if it turns the client away. */
async function answeredBy(options: ConnectionOptions): Promise<{ socket: TLSSocket; session: Buffer }> {
  const port = Number(/:(\d+)/.exec(router.endpoints[1]?.url ?? "")?.[1]);
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  sockets.push(socket);
  // In TLS 1.3 tickets come after the handshake.
  let session: Buffer | undefined;
  socket.on("session", (ticket: Buffer) => (session = ticket));
  await once(socket, "secureConnect");
  socket.write(Uint8Array.of(0x7f, 0xf1, 0, 0));
  const [answer] = (await Promise.race([
    once(socket, "data"),
    once(socket, "close").then(() => Promise.reject(new Error("closed"))),
  ])) as [Buffer];
  expect([...answer]).toEqual([0x7f, 0xf1, 0, 0]);
  return { socket, session: session ?? (socket.getSession() as Buffer) };
}

const reused = async (options: ConnectionOptions): Promise<boolean> =>
  (await answeredBy(options)).socket.isSessionReused();

describe.each(["TLSv1.2", "TLSv1.3"] as const)(
  "the sessions of %s that clients may resume",
  (version: SecureVersion) => {
    const only = { minVersion: version, maxVersion: version };

    it("stay through a reload that changes no file of the certificate", async () => {
      const { session } = await answeredBy(only);
      expect(await reused({ ...only, session })).toBe(true);
      await router.reload(config);
      expect(await reused({ ...only, session })).toBe(true);
    });

    it("end with the certificate", async () => {
      const { session } = await answeredBy(only);
      await install(second);
      await router.reload(config);
      const { socket } = await answeredBy({ ...only, session });
      expect([socket.isSessionReused(), nameOf(socket)]).toEqual([false, "second"]);
    });

    it("end with the authority that the client's certificate is from: its client is turned away", async () => {
      await router.close();
      const own = { ...endpoint, tls: { ...endpoint.tls, "ca-certificates": ["ca.pem"] } };
      const transports = config.transports.map((entry) => ({ ...entry, endpoint: own }));
      const trusting = { ...config, transports } as WampgateConfig;
      await writeFile(join(folder, "ca.pem"), first.cert);
      const file = join(folder, "wampgate.config.json");
      ({ router, log } = await startRouter({ ...trusting }, { file }));
      const [old, other] = [first, second].map(({ private: key, cert }) => ({ ...only, key, cert }));
      const { session } = await answeredBy(old as ConnectionOptions);
      expect(await reused({ ...old, session })).toBe(true);
      await writeFile(join(folder, "ca.pem"), second.cert);
      await router.reload(trusting);
      await expect(answeredBy({ ...old, session })).rejects.toThrow();
      await expect(answeredBy(old as ConnectionOptions)).rejects.toThrow();
      expect(await reused(other as ConnectionOptions)).toBe(false);
    });
  },
);

it("a certificate that cannot be used leaves the old one, and the log names it", async () => {
  await writeFile(join(folder, "cert.pem"), second.cert);
  const { problems } = await router.reload(config);
  const sentence = "the TLS key key.pem and the certificate cert.pem cannot be used";
  expect(problems).toEqual([expect.stringContaining(sentence)]);
  expect(log.text()).toContain("127.0.0.1:0 keeps its old certificate");
  expect((await connected()).map(nameOf)).toEqual(["first", "first"]);
});
