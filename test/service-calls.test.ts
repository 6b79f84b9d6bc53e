import { Code, definePlugin, type PluginApi, type ServiceCallEnd } from "@wampgate/core";
import { dynamicBlock, AUTHENTICATOR } from "./support/dynamic.ts";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw, type RawClient } from "./support/raw-client.ts";

// What the hook `serviceCallEnded` and `stats.serviceCalls` tell of the calls that the router makes itself.

const AUTHORIZER = "com.example.authorize";
const OTHER = "com.example.other";

let running: LimitedRouter;
let api: PluginApi;
let calls: ServiceCallEnd[];
let called: Promise<void>;
afterEach(() => running.close());

beforeEach(async () => {
  calls = [];
  let tell = (): void => undefined;
  called = new Promise((resolve) => (tell = resolve));
  const witness = definePlugin({
    name: "witness",
    core: "*",
    apply(given) {
      api = given;
      api.hooks.serviceCallEnded.tap("witness", (call) => {
        calls.push(call);
        tell();
      });
    },
  });
  const granted = [AUTHENTICATOR, AUTHORIZER, OTHER].map((uri) => ({ uri, allow: { register: true } }));
  const block = { ...dynamicBlock, "authenticator-realm": "realm1", wait: 4000 };
  running = await startLimited([transport({ auth: { ticket: block } })], {
    plugins: [witness],
    roles: [
      { name: "asked", authorizer: AUTHORIZER },
      { name: "backend", permissions: granted },
    ],
  });
});

const backend = () => running.router.session("realm1", { role: "backend" });

async function byTicket(): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate("t");
  return client;
}

it("an authenticator's call has the login's session, and how long it waited to be registered", async () => {
  const client = await byTicket();
  while (api.stats.serviceCalls.get(AUTHENTICATOR)?.pending !== 1) await new Promise(setImmediate);
  expect(api.stats.serviceCalls.get(AUTHENTICATOR)).toEqual({ callees: 0, pending: 1 });
  await backend().register(AUTHENTICATOR, () => "user");
  const { session } = await client.welcomed();
  await called;
  expect(calls).toMatchObject([
    { realm: "realm1", procedure: AUTHENTICATOR, kind: "result", purpose: "authenticator", session },
  ]);
  const { ms, waited } = calls[0] as ServiceCallEnd;
  expect(waited).toBeGreaterThan(0);
  expect(waited).toBeLessThanOrEqual(ms);
  expect(api.stats.serviceCalls.get(AUTHENTICATOR)).toEqual({ callees: 1, pending: 0 });
});

it("an authorizer's call has the session whose action it decides", async () => {
  const session = backend();
  await session.register(AUTHENTICATOR, () => "asked");
  await session.register(AUTHORIZER, () => false);
  const client = await byTicket();
  const { session: id } = await client.welcomed();
  client.send(Code.SUBSCRIBE, 1, {}, "com.topic");
  await client.expect(Code.ERROR);
  expect(calls.at(-1)).toMatchObject({ procedure: AUTHORIZER, purpose: "authorizer", session: id, waited: 0 });
  expect([...api.stats.serviceCalls.keys()].sort()).toEqual([AUTHENTICATOR, AUTHORIZER].sort());
});

it("what a plugin calls for itself is its own affair", async () => {
  await backend().register(OTHER, () => 42);
  expect(await api.call("realm1", OTHER, [])).toMatchObject({ kind: "result", args: [42] });
  expect(calls).toMatchObject([{ procedure: OTHER, purpose: "plugin", session: null, waited: 0 }]);
});
