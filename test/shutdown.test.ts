import { once } from "node:events";
import { connect } from "node:net";
import { Code, type Component } from "@wampgate/core";
import { type CliRouter, folderWith, startCli } from "./support/cli.ts";
import { startParties } from "./support/party.ts";
import { connectRaw } from "./support/raw-client.ts";
import { startRouter } from "./support/router.ts";

const PROCEDURE = "com.example.slow";

function configWith(shutdownTimeout: number): string {
  return `
plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket"]
realms: [{ name: realm1, roles: [{ name: user, allow-by-default: true }] }]
shutdown-timeout: ${shutdownTimeout}
transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 0 }
    auth:
      anonymous: { type: static, role: user }
      ticket: { type: static, principals: { joe: { ticket: secret, role: user } } }
`;
}

async function start(shutdownTimeout: number): Promise<CliRouter> {
  return startCli(await folderWith({ "wampgate.config.yaml": configWith(shutdownTimeout) }));
}

async function joined(url: string) {
  const client = await connectRaw(url);
  client.hello();
  await client.welcomed();
  return client;
}

/** A caller whose call has reached its callee. */
async function callUnderWay(url: string) {
  const [callee, caller] = [await joined(url), await joined(url)];
  callee.send(Code.REGISTER, 1, {}, PROCEDURE);
  await callee.expect(Code.REGISTERED);
  caller.send(Code.CALL, 1, {}, PROCEDURE);
  const [, invocation] = await callee.expect(Code.INVOCATION);
  return { callee, caller, invocation };
}

const probe = (url: string, path: string): Promise<Response> => fetch(url.replace(/^ws(.*)\/ws$/, `http$1${path}`));

describe("after SIGTERM", () => {
  it("a call under way gets its RESULT, while logins are refused; then all get GOODBYE, and it ends with 0", async () => {
    const router = await start(60_000);
    const { callee, caller, invocation } = await callUnderWay(router.url);
    const knocking = await connectRaw(router.url);
    knocking.hello({ authid: "joe", authmethods: ["ticket"] });
    await knocking.expect(Code.CHALLENGE);
    expect((await probe(router.url, "/readyz")).status).toBe(200);

    router.kill("SIGTERM");
    expect((await knocking.aborted()).reason).toBe("wamp.close.system_shutdown");
    await expect(connectRaw(router.url)).rejects.toThrow("503");
    expect((await probe(router.url, "/readyz")).status).toBe(503);
    expect((await probe(router.url, "/healthz")).status).toBe(200);

    callee.send(Code.YIELD, invocation, {}, ["done"]);
    expect(await caller.next()).toEqual([Code.RESULT, 1, {}, ["done"]]);
    for (const client of [callee, caller]) {
      expect(await client.next()).toMatchObject([Code.GOODBYE, {}, "wamp.close.system_shutdown"]);
      client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
    }
    expect(await router.ended).toBe(0);
  }, 20_000);

  it("a call that takes longer than shutdown-timeout is given up, which the log tells, and it ends with 0", async () => {
    const router = await start(100);
    const { callee, caller } = await callUnderWay(router.url);
    router.kill("SIGTERM");
    expect(await router.logged(/still pending/)).toMatchObject({ calls: 1 });
    for (const client of [callee, caller]) client.socket.terminate();
    expect(await router.ended).toBe(0);
  }, 20_000);

  it("a second signal ends it at once, with 1", async () => {
    const router = await start(60_000);
    const { callee, caller } = await callUnderWay(router.url);
    router.kill("SIGTERM");
    await router.logged(/no new clients/);
    // The first ones may be echoes of one Ctrl-C, which count once.
    const insisting = setInterval(() => router.kill("SIGINT"), 50);
    expect(await router.ended).toBe(1);
    clearInterval(insisting);
    for (const client of [callee, caller]) client.socket.terminate();
  }, 20_000);
});

describe("drain", () => {
  it("waits for a call about which an authorizer is still asked", async () => {
    let decide = (): void => undefined;
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const authorizer: Component = async (session) => {
      await session.register("com.example.authorize", async () => {
        asked();
        await new Promise<void>((resolve) => (decide = resolve));
        return true;
      });
      await session.register(PROCEDURE, () => "done");
    };
    const realms = [
      {
        name: "realm1",
        roles: [
          { name: "user", authorizer: "com.example.authorize" },
          {
            name: "authorizer",
            permissions: ["com.example.authorize", PROCEDURE].map((uri) => ({ uri, allow: { register: true } })),
          },
        ],
      },
    ];
    const { router, join, close } = await startParties(realms, [
      { module: authorizer, realm: "realm1", role: "authorizer" },
    ]);
    const caller = await join();
    const request = caller.call(PROCEDURE);
    await isAsked;
    const drained = router.drain();
    decide();
    await drained;
    expect(await caller.next(Code.RESULT)).toEqual([request, {}, ["done"]]);
    await close();
  });

  it("turns away who was connected but had not begun to log in, and lets nobody connect any more", async () => {
    const auth = { anonymous: { type: "static", role: "user" } };
    const config = {
      realms: [{ name: "realm1", roles: [{ name: "user" }] }],
      transports: [
        { type: "memory", auth },
        { type: "rawsocket", endpoint: { type: "tcp", port: 0 }, auth },
      ],
    };
    const { router } = await startRouter(config);
    const port = Number(/\d+$/.exec(router.endpoints[1]?.url ?? "")?.[0]);
    const handshake = Uint8Array.of(0x7f, 0xf1, 0, 0);
    const [silent, speaking] = [connect({ port, host: "127.0.0.1" }), connect({ port, host: "127.0.0.1" })];
    speaking.write(handshake);
    await once(speaking, "data"); // by now the router has both of them

    await router.drain();
    expect(() => router.connect()).toThrow("stopped");
    await expect(once(connect({ port, host: "127.0.0.1" }), "connect")).rejects.toThrow("ECONNREFUSED");
    silent.write(handshake);
    let answer = "";
    for await (const chunk of silent) answer += String(chunk);
    expect(answer).toContain('[3,{"message":"the router is shutting down"},"wamp.close.system_shutdown"]');
    await router.close();
  });
});
