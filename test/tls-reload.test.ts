import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
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

it("a certificate that cannot be used leaves the old one, and the log names it", async () => {
  await writeFile(join(folder, "cert.pem"), second.cert);
  const { problems } = await router.reload(config);
  const sentence = "the TLS key key.pem and the certificate cert.pem cannot be used";
  expect(problems).toEqual([expect.stringContaining(sentence)]);
  expect(log.text()).toContain("127.0.0.1:0 keeps its old certificate");
  expect((await connected()).map(nameOf)).toEqual(["first", "first"]);
});
