import { once } from "node:events";
import { Code, definePlugin, deny, type LoginFailure, type Plugin } from "@wampgate/core";
import type { FakeClient } from "@wampgate/plugin-testkit";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

const DENIED = "wamp.error.authentication_denied";
const FAILED = "wamp.error.authentication_failed";

const refusals: LoginFailure[] = [];
/** Fires when the last client that said HELLO has left. */
let left: AbortSignal;
const house = definePlugin({
  name: "house-rules",
  core: "*",
  apply({ hooks }) {
    hooks.loginFailed.tap("house-rules", (refusal) => void refusals.push(refusal));
    hooks.hello.tap("house-rules", ({ authid, signal }) => {
      left = signal;
      if (authid === "banned") return deny("com.example.banned", "not you");
      if (authid === "crash") throw new Error("the list is gone");
      return undefined;
    });
  },
});

const staticBlock = { type: "static", principals: { joe: { ticket: "the secret", role: "user", realm: "realm1" } } };

let running: RunningRouter;
afterEach(() => {
  hangUp();
  return running.close();
});

async function start({ ticket = [staticBlock, dynamicBlock] as object[], authTimeout = 30_000 } = {}): Promise<void> {
  refusals.length = 0;
  running = await startRouter({
    plugins: [...OFFICIAL, house] as readonly Plugin[],
    realms: REALMS,
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        "auth-timeout": authTimeout,
        auth: { ticket },
      },
    ],
    components: [
      {
        module: authenticatorOf((_realm, authid) => {
          if (authid === "ann") throw Object.assign(new Error(), { error: "com.example.closed", args: ["gone home"] });
          throw Object.assign(new Error(), { error: "wamp.error.no_such_principal" });
        }),
        realm: "realm-auth",
        role: "authenticator",
      },
    ],
  });
}

async function logIn(
  authid: string,
  authmethods = ["ticket"],
): Promise<FakeClient & { socket: { terminate(): void } }> {
  const client = await connectRaw(running.url);
  client.hello({ realm: "realm1", authid, authmethods });
  return client;
}

async function attempt(authid: string, ticket: string): Promise<void> {
  const client = await logIn(authid);
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  await client.next();
}

/** The one line about the one login there was. */
function line(): Readonly<Record<string, unknown>> {
  const lines = running.log.lines.filter(({ fields }) => "login" in fields);
  expect(lines).toHaveLength(1);
  return { level: lines[0]?.level, text: lines[0]?.message, ...lines[0]?.fields };
}

const SOMEBODY = { session: expect.any(Number) as number, peer: expect.stringMatching(/^tcp4:127/) as string };
const asked = (authid: string): object => ({ ...SOMEBODY, realm: "realm1", authid, ms: expect.any(Number) as number });

it("a login that succeeds is one line: who, from where, by what, whose word it was, how long", async () => {
  await start();
  await attempt("joe", "the secret");
  expect(line()).toEqual({
    level: "info",
    text: "login welcome",
    login: "welcome",
    ...asked("joe"),
    authrole: "user",
    authmethod: "ticket",
    authprovider: "static",
    plugin: "@wampgate/auth-ticket",
  });
  expect(refusals).toEqual([]);
  expect(running.log.text()).not.toContain("the secret");
});

it("a wrong proof is one line, and the hook `loginFailed` is told the same", async () => {
  await start();
  await attempt("joe", "a guess");
  const by = { authmethod: "ticket", plugin: "@wampgate/auth-ticket", reason: DENIED };
  expect(line()).toEqual({
    level: "warn",
    text: "login refused",
    login: "refused",
    ...asked("joe"),
    ...by,
    authprovider: "static",
    message: "the authentication was denied: unknown authid or wrong proof",
    cause: "wrong-proof",
  });
  expect(refusals).toMatchObject([{ ...by, peer: SOMEBODY.peer, provider: "static", hello: { authid: "joe" } }]);
  expect(running.log.text()).not.toContain("a guess");
});

it("the log says that an authid is unknown, and the client is not told", async () => {
  await start({ ticket: [staticBlock] });
  await attempt("nobody", "a guess");
  expect(line()).toMatchObject({ login: "refused", known: false, authprovider: null, reason: DENIED });
});

it("what a strategy denies bears its plugin's name", async () => {
  await start();
  await attempt("ann", "a guess");
  const by = { authmethod: "ticket", plugin: "@wampgate/auth-dynamic", reason: "com.example.closed" };
  expect(line()).toMatchObject({ ...by, authprovider: "dynamic", message: "gone home" });
  expect(refusals).toMatchObject([{ ...by, provider: "dynamic" }]);
});

it("what the hook `hello` denies bears the tapping plugin's name", async () => {
  await start();
  await (await logIn("banned")).aborted();
  expect(line()).toMatchObject({ authmethod: null, plugin: "house-rules", reason: "com.example.banned" });
});

it("so does what a plugin fails at", async () => {
  await start();
  await (await logIn("crash")).aborted();
  expect(line()).toMatchObject({ plugin: "house-rules", reason: FAILED });
  expect(running.log.text()).toContain("the list is gone");
});

it("no method that is there is core's own refusal, and the line says what the client offered and what there is", async () => {
  await start();
  const { message } = await (await logIn("joe", ["scram", "cookie"])).aborted();
  expect(message).not.toContain("ticket");
  expect(line()).toMatchObject({
    authmethod: null,
    plugin: null,
    reason: "wamp.error.no_matching_auth_method",
    offered: ["scram", "cookie"],
    configured: ["ticket"],
  });
});

it.each([
  ["HELLO that is none", [1, "realm1", { roles: 5 }], expect.any(Number)],
  ["a first message that is not HELLO", [48, 1, {}, "com.a"], null],
])("%s is one line", async (_what, message, session) => {
  await start();
  const client = await connectRaw(running.url);
  client.send(...(message as [number]));
  await client.aborted();
  const told = { login: "refused", session: session as number, reason: "wamp.error.protocol_violation" };
  expect(line()).toMatchObject({ ...told, authid: null, peer: SOMEBODY.peer });
  expect(refusals).toMatchObject([{ hello: null, peer: SOMEBODY.peer, ms: expect.any(Number) as number }]);
});

it("a login that takes too long is one line, with the method it had come to", async () => {
  await start({ authTimeout: 100 });
  const client = await logIn("joe");
  await client.expect(Code.CHALLENGE);
  await client.aborted();
  expect(line()).toMatchObject({ reason: FAILED, message: "the login took longer than 100 ms", authmethod: "ticket" });
  expect(refusals).toMatchObject([{ hello: { authid: "joe" }, authmethod: "ticket", reason: FAILED }]);
});

it("a client that leaves in the middle of its login is one line, and was not refused", async () => {
  await start();
  const client = await logIn("joe");
  await client.expect(Code.CHALLENGE);
  const gone = once(left, "abort");
  client.socket.terminate();
  await gone;
  expect(line()).toMatchObject({ login: "abandoned", authid: "joe", authmethod: "ticket", cause: "left" });
  expect(refusals).toEqual([]);
});
