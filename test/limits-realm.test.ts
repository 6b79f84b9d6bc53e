import { once } from "node:events";
import { Code, type Component } from "@wampgate/core";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw } from "./support/raw-client.ts";

let running: LimitedRouter;
afterEach(() => running.close());

const auth = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { joe: { ticket: "t", role: "user" }, ann: { ticket: "t", role: "user" } } },
};

async function login(authid?: string) {
  const client = await connectRaw(running.url);
  if (authid === undefined) client.send(...HELLO);
  else {
    client.hello({ authid, authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("t");
  }
  return client;
}

it("max-sessions: one too many is told, and a place that is left is free", async () => {
  running = await startLimited([transport({ auth })], { options: { "max-sessions": 2 } });
  const [first, second] = [await login(), await login()];
  await first.welcomed();
  await second.welcomed();
  expect(await (await login()).aborted()).toEqual({
    reason: "wampgate.error.limit_exceeded",
    message: "the realm has no room for more sessions; try again later",
  });
  expect(running.count("max-sessions")).toBe(1);
  first.send(Code.GOODBYE, {}, "wamp.close.close_realm");
  await first.closed;
  await (await login()).welcomed();
  expect(running.router.stats.transports[0]).toMatchObject({ pendingLogins: 0, sessions: 2 });
});

it("max-sessions holds when many log in at once", async () => {
  running = await startLimited([transport({ auth })], { options: { "max-sessions": 10 } });
  const answers = await Promise.all(Array.from({ length: 50 }, async () => (await (await login()).next())[0]));
  expect(answers.filter((code) => code === Code.WELCOME)).toHaveLength(10);
  expect(answers.filter((code) => code === Code.ABORT)).toHaveLength(40);
});

it("max-sessions-per-authid: an authid with too many sessions keeps nobody else out", async () => {
  running = await startLimited([transport({ auth })], { options: { "max-sessions-per-authid": 1 } });
  const joe = await login("joe");
  await joe.welcomed();
  expect(await (await login("joe")).aborted()).toEqual({
    reason: "wampgate.error.limit_exceeded",
    message: "an authid may have 1 sessions here at most",
  });
  await (await login("ann")).welcomed();
  const left = once(running.told, "left");
  joe.socket.terminate();
  await left;
  await (await login("joe")).welcomed();
  expect(running.count("max-sessions-per-authid")).toBe(1);
});

it("max-pending-calls is a limit for clients: slow logins of strangers keep nobody else from logging in", async () => {
  const component: Component = async (session) => {
    await session.register("com.authenticate", ([, authid]) =>
      authid === "slow" ? new Promise(() => undefined) : "user",
    );
  };
  const dynamic = { type: "dynamic", authenticator: "com.authenticate", "authenticator-realm": "realm1" };
  running = await startLimited([transport({ auth: { ticket: dynamic } })], {
    options: { "max-pending-calls": 2 },
    roles: [{ name: "authenticator", permissions: [{ uri: "com.authenticate", allow: { register: true } }] }],
  });
  await component(running.router.session("realm1", { role: "authenticator" }), undefined);
  await Promise.all([login("slow"), login("slow"), login("slow")]);
  await (await login("joe")).welcomed();
});

it("max-uri-length: a longer URI gets ERROR, for each of the four actions", async () => {
  running = await startLimited([transport({ auth })], { options: { "max-uri-length": 100 } });
  const client = await login();
  await client.welcomed();
  const uri = "com.".padEnd(101, "x");
  for (const [code, options] of [
    [Code.SUBSCRIBE, {}],
    [Code.SUBSCRIBE, { match: "prefix" }],
    [Code.REGISTER, {}],
    [Code.CALL, {}],
    [Code.PUBLISH, { acknowledge: true }],
  ] as const) {
    client.send(code, 1, options, uri);
    const answer = await client.next();
    expect(answer.slice(0, 2)).toEqual([Code.ERROR, code]);
    expect(answer[4]).toBe("wamp.error.invalid_uri");
    expect(JSON.stringify(answer[5])).toContain("max-uri-length");
  }
  client.send(Code.SUBSCRIBE, 2, {}, uri.slice(0, 100));
  await client.expect(Code.SUBSCRIBED);
});
