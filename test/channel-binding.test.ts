import type { ConnectionOptions, TLSSocket } from "node:tls";
import { type ChannelBinding, definePlugin } from "@wampgate/core";
import { makeTls } from "./support/certificate.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { connectOverTls, type TlsClient } from "./support/tls-client.ts";

type Bindings = (name: string) => ChannelBinding;

let known: Bindings[];
const spy = definePlugin({
  name: "spy",
  core: "*",
  apply: ({ hooks }) => hooks.hello.tap("spy", ({ transport }) => void known.push(transport.channelBinding)),
});

const auth = { anonymous: { type: "static", role: "user" } };
let tls: object;
let running: RunningRouter;
const sockets = new Set<TLSSocket>();
beforeAll(async () => {
  tls = await makeTls();
});
beforeEach(() => void (known = []));
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  hangUp();
  return running.close();
});

async function start(type: string, endpoint: object = { tls }): Promise<void> {
  const tcp = { type: "tcp", host: "127.0.0.1", port: 0, ...endpoint };
  running = await startRouter({
    plugins: [...OFFICIAL, spy],
    realms: [{ name: "realm1", roles: [{ name: "user" }] }],
    transports: [{ type, endpoint: tcp, auth }],
  });
}

/** Joins over TLS. @returns the client's socket, and what the router knows of the connection's bindings */
async function join(options: ConnectionOptions = {}, headers: Record<string, string> = {}) {
  const { client, tls } = await connectOverTls(running.url, options, headers);
  sockets.add(tls);
  return { tls, bindings: await greeted(client) };
}

async function greeted(client: Pick<TlsClient["client"], "hello" | "welcomed">): Promise<Bindings> {
  client.hello();
  await client.welcomed();
  const [bindings] = known.splice(0);
  if (bindings === undefined) throw new Error("no HELLO came");
  return bindings;
}

const exporter = (tls: TLSSocket): Buffer => tls.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));

describe.each(["websocket", "rawsocket"])("a %s over TLS", (type) => {
  it("1.3 has tls-exporter: the 32 bytes that its client computes too", async () => {
    await start(type);
    const { tls, bindings } = await join();
    expect(bindings("tls-exporter")).toEqual({ values: [exporter(tls)], tlsVersion: "TLSv1.3" });
    expect(bindings("tls-exporter")).not.toEqual((await join()).bindings("tls-exporter"));
  });

  it("1.2 has no tls-exporter, since two connections could have the same", async () => {
    await start(type);
    const { bindings } = await join({ maxVersion: "TLSv1.2" });
    expect(bindings("tls-exporter")).toEqual({
      values: null,
      reason: "it uses TLS 1.2, and this one needs TLS 1.3",
    });
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("%s has tls-unique: the Finished of client and server", async (version) => {
    await start(type);
    const { tls, bindings } = await join({ minVersion: version, maxVersion: version });
    const values = [tls.getFinished(), tls.getPeerFinished()];
    expect(bindings("tls-unique")).toEqual({ values, tlsVersion: version });
    expect(values[0]).toHaveLength(version === "TLSv1.2" ? 12 : 48);
  });

  it.each(["tls-server-end-point", "__proto__", "TLS-UNIQUE", ""])("has no binding %j", async (name) => {
    await start(type);
    const { bindings } = await join();
    expect(bindings(name)).toEqual({ values: null, reason: "no binding of that name is known" });
  });

  it("has none after its end", async () => {
    await start(type);
    const { tls, bindings } = await join();
    tls.destroy();
    await running.close();
    for (const name of ["tls-unique", "tls-exporter"])
      expect(bindings(name)).toEqual({ values: null, reason: "it has ended" });
  });
});

it.each(["TLSv1.2", "TLSv1.3"] as const)("a resumed %s session has no tls-unique", async (version) => {
  await start("websocket");
  const options = { minVersion: version, maxVersion: version };
  const first = await connectOverTls(running.url, options);
  sockets.add(first.tls);
  await greeted(first.client);
  const { tls, bindings } = await join({ ...options, session: await first.session });
  expect(tls.isSessionReused()).toBe(true);
  expect(bindings("tls-unique")).toEqual({ values: null, reason: "it resumes an earlier TLS session" });
  // RFC 9266 allows this one.
  if (version === "TLSv1.3") expect(bindings("tls-exporter")).toMatchObject({ values: [exporter(tls)] });
});

it("a client whose TLS a proxy ends has none, also where the proxy speaks TLS with the router", async () => {
  await start("websocket", { tls, "trusted-proxies": ["127.0.0.1"] });
  const forwarded = { "X-Forwarded-For": "203.0.113.9" };
  for (const name of ["tls-unique", "tls-exporter"]) {
    expect((await join({}, forwarded)).bindings(name)).toEqual({ values: null, reason: "its TLS ends at a proxy" });
    expect((await join()).bindings(name)).toMatchObject({ tlsVersion: "TLSv1.3" }); // the proxy's own login
  }
});

it("nor does a client's own header make it a proxy's", async () => {
  await start("websocket");
  const { bindings } = await join({}, { "X-Forwarded-For": "203.0.113.9" });
  expect(bindings("tls-unique")).toMatchObject({ tlsVersion: "TLSv1.3" });
});

it("connections without TLS have none", async () => {
  await start("websocket", {});
  const bindings = await greeted(await connectRaw(running.url));
  for (const name of ["tls-unique", "tls-exporter"])
    expect(bindings(name)).toEqual({ values: null, reason: "it does not use TLS" });
});
