import { sign as wampcraSign } from "wampy/wampcra.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";
import { Wampy } from "wampy";
import { WebSocket } from "ws";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

let running: RunningRouter;

beforeAll(async () => {
  const module = authenticatorOf((_realm, _authid, { authmethod, ticket }) => {
    if (authmethod === "wampcra") return { role: "user", secret: "cra secret" };
    return ticket === "secret" ? { role: "user", realm: "realm1", extra: { greeting: "hi" } } : { role: null };
  });
  running = await startRouter({
    realms: REALMS,
    auth: { anonymous: { type: "static", role: "user" }, ticket: dynamicBlock, wampcra: dynamicBlock },
    components: [{ module, realm: "realm-auth", role: "authenticator" }],
  });
});
afterAll(() => running.close());

const client = (options: object): Wampy =>
  new Wampy(running.url, { ws: WebSocket, realm: "realm1", maxRetries: 0, autoReconnect: false, ...options } as never);

describe.each([
  ["JSON", () => new JsonSerializer()],
  ["MessagePack", () => new MsgpackSerializer()],
])("wampy over %s", (_name, serializer) => {
  it("logs in by ticket, and is shown the authenticator's extra", async () => {
    const wampy = client({
      serializer: serializer(),
      authid: "joe",
      authmethods: ["ticket"],
      onChallenge: () => "secret",
    });
    expect(await wampy.connect()).toMatchObject({ authrole: "user", authextra: { greeting: "hi" } });
    await wampy.disconnect();
  });

  it("logs in by WAMP-CRA", async () => {
    const wampy = client({
      serializer: serializer(),
      authid: "joe",
      authmethods: ["wampcra"],
      onChallenge: wampcraSign("cra secret"),
    });
    expect(await wampy.connect()).toMatchObject({ authid: "joe", authprovider: "dynamic" });
    await wampy.disconnect();
  });

  it("is told that its ticket is wrong", async () => {
    const wampy = client({
      serializer: serializer(),
      authid: "joe",
      authmethods: ["ticket"],
      onChallenge: () => "wrong",
    });
    await expect(wampy.connect()).rejects.toThrow();
  });

  it("registers, calls, subscribes and publishes", async () => {
    const [one, two] = [client({ serializer: serializer() }), client({ serializer: serializer() })];
    await Promise.all([one.connect(), two.connect()]);
    await one.register("com.example.add", ({ argsList = [] }) => ({
      argsList: [(argsList as number[]).reduce((a, b) => a + b)],
    }));
    expect(await two.call("com.example.add", [2, 3])).toMatchObject({ argsList: [5] });
    const event = new Promise((resolve) => {
      void two.subscribe("com.example.topic", resolve).then(() => one.publish("com.example.topic", [{ a: 1 }]));
    });
    expect(await event).toMatchObject({ argsList: [{ a: 1 }] });
    await expect(two.call("com.example.nothing")).rejects.toMatchObject({ errorUri: "wamp.error.no_such_procedure" });
    await Promise.all([one.disconnect(), two.disconnect()]);
  });
});
