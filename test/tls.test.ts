import { join } from "node:path";
import { once } from "node:events";
import { connect } from "node:tls";
import selfsigned from "selfsigned";
import { WebSocket } from "ws";
import { type Component, type Router } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { AUTHENTICATOR, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { startRouter } from "./support/router.ts";

interface Certificate {
  readonly private: string;
  readonly cert: string;
}

let folder: string;
let server: Certificate;
let client: Certificate;

beforeAll(async () => {
  const make = (name: string): Promise<Certificate> =>
    selfsigned.generate([{ name: "commonName", value: name }], {
      keySize: 2048,
      extensions: [
        {
          name: "subjectAltName",
          altNames: [
            { type: 2, value: "localhost" },
            { type: 7, ip: "127.0.0.1" },
          ],
        },
      ],
    } as never);
  server = await make("localhost");
  client = await make("client");
  folder = await folderOf({ "key.pem": server.private, "cert.pem": server.cert, "client.pem": client.cert });
});

const tls = { key: "key.pem", certificate: "cert.pem" };
const HELLO = JSON.stringify([1, "realm1", { roles: { caller: {} } }]);

async function start(type: string, settings: object, told: unknown[] = []): Promise<Router> {
  const module: Component = async (session) => {
    await session.register(AUTHENTICATOR, ([, , details]) => {
      told.push((details as { transport: unknown }).transport);
      return "user";
    });
  };
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, tls: { ...tls, ...settings } };
  const config = {
    realms: REALMS,
    components: [{ module, realm: "realm-auth", role: "authenticator" }],
    transports: [{ type, endpoint, auth: { anonymous: dynamicBlock } }],
  };
  return (await startRouter(config, { file: join(folder, "wampgate.config.json") })).router;
}

const urlOf = (router: Router): string => router.endpoints[0]?.url ?? "";

/** Joins over `wss`, and gives WELCOME's code. */
async function join_(url: string, options: object): Promise<unknown> {
  const socket = new WebSocket(url, "wamp.2.json", options);
  await once(socket, "open");
  socket.send(HELLO);
  const [message] = (await once(socket, "message")) as [Buffer];
  socket.terminate();
  return (JSON.parse(message.toString()) as unknown[])[0];
}

it("a WebSocket endpoint with tls is reached by wss alone, and the authenticator is told", async () => {
  const told: Record<string, unknown>[] = [];
  const router = await start("websocket", {}, told);
  expect(urlOf(router)).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/ws$/);
  expect(await join_(urlOf(router), { ca: server.cert })).toBe(2);
  expect(told).toEqual([expect.objectContaining({ is_secure: true, channel_type: "tls", client_cert: null })]);
  await expect(join_(urlOf(router), {})).rejects.toThrow(/certificate/);
  await expect(join_(urlOf(router).replace("wss", "ws"), {})).rejects.toThrow();
  await router.close();
});

it("with ca-certificates a client must show a certificate of theirs, which the authenticator is told of", async () => {
  const told: { client_cert: { subject: unknown } }[] = [];
  const router = await start("websocket", { "ca-certificates": ["client.pem"] }, told);
  const own = { ca: server.cert, cert: client.cert, key: client.private };
  expect(await join_(urlOf(router), own)).toBe(2);
  expect(told[0]?.client_cert.subject).toEqual({ cn: "client" });
  await expect(join_(urlOf(router), { ca: server.cert })).rejects.toThrow();
  await expect(join_(urlOf(router), { ca: server.cert, cert: server.cert, key: server.private })).rejects.toThrow();
  await router.close();
});

it("clients older than minimum-version are refused", async () => {
  const router = await start("websocket", { "minimum-version": "TLSv1.3" });
  await expect(join_(urlOf(router), { ca: server.cert, maxVersion: "TLSv1.2" })).rejects.toThrow();
  expect(await join_(urlOf(router), { ca: server.cert })).toBe(2);
  await router.close();
});

it("a RawSocket endpoint speaks TLS too", async () => {
  const router = await start("rawsocket", {});
  expect(urlOf(router)).toMatch(/^rss:/);
  const port = Number(new URL(urlOf(router).replace("rss:", "https:")).port);
  const socket = connect({ host: "127.0.0.1", port, ca: server.cert });
  await once(socket, "secureConnect");
  socket.write(Uint8Array.of(0x7f, 0xf1, 0, 0));
  expect([...((await once(socket, "data")) as [Buffer])[0].subarray(0, 2)]).toEqual([0x7f, 0xf1]);
  socket.destroy();
  await router.close();
});

it.each([
  ["a key that is not there", { key: "none.pem" }, /TLS file .*none\.pem cannot be read/],
  [
    "a key of another certificate",
    { certificate: "client.pem" },
    /key key\.pem and the certificate client\.pem cannot be used/,
  ],
  ["a certificate that is none", { certificate: "key.pem" }, /cannot be used/],
])("%s stops the start, and is named", async (_what, settings, message) => {
  await expect(start("websocket", settings)).rejects.toThrow(message);
});
