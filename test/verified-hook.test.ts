import { accept, challenge, Code, definePlugin, deny, type RouterHooks } from "@wampgate/core";
import { type FakeClient, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// The hook `verified`: all proofs are right, and nothing is granted yet.

type Tap = Parameters<RouterHooks["verified"]["tap"]>[1];

let router: TestRouter;
let seen: unknown[];
afterEach(() => router.close());

async function start(tap: Tap): Promise<void> {
  seen = [];
  const plugin = definePlugin({
    name: "guard",
    core: "*",
    apply: ({ hooks }) =>
      hooks.verified.tap("guard", (attempt, principal, proof) => {
        seen.push([attempt.authmethod, principal.authid, proof?.signature ?? null]);
        return tap(attempt, principal, proof);
      }),
  });
  router = await startTestRouter({
    plugins: [...OFFICIAL, plugin],
    auth: {
      anonymous: { type: "static", role: "user" },
      ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } },
    },
  });
}

/** Logs in with a ticket. @returns the client, when it has shown it */
async function withTicket(ticket = "secret"): Promise<FakeClient> {
  const client = router.connect();
  client.hello({ authid: "joe", authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client;
}

/** A second factor: a code, asked for once the first proof is right. */
const asksForCode: Tap = (_attempt, _principal, proof) => {
  if (proof === null) return challenge({ ask: "code" }, { state: 42 });
  return proof.signature === "123456" && proof.state === 42 ? undefined : deny();
};

it("is asked after a right proof, and lets the login go on", async () => {
  await start(() => undefined);
  await (await withTicket()).welcomed();
  const anonymous = router.connect();
  anonymous.hello({ authmethods: ["anonymous"] });
  await anonymous.welcomed();
  expect(seen).toMatchObject([
    ["ticket", "joe", null],
    ["anonymous", expect.any(String), null],
  ]);
});

it("is not asked after a wrong proof", async () => {
  await start(() => undefined);
  expect((await (await withTicket("wrong")).aborted()).reason).toBe("wamp.error.authentication_denied");
  expect(seen).toEqual([]);
});

it("may deny, and the log names its plugin", async () => {
  await start(() => deny("com.example.closed", "come back tomorrow"));
  expect(await (await withTicket()).aborted()).toEqual({ reason: "com.example.closed", message: "come back tomorrow" });
  expect(router.log.lines.find(({ message }) => message === "login refused")?.fields).toMatchObject({
    plugin: "guard",
  });
});

it("may challenge, and is then asked again with the answer and its state", async () => {
  await start(asksForCode);
  const client = await withTicket();
  expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "ticket", { ask: "code" }]);
  client.authenticate("123456");
  await client.welcomed();
  expect(seen).toEqual([
    ["ticket", "joe", null],
    ["ticket", "joe", "123456"],
  ]);
});

it("a wrong answer to its challenge is denied", async () => {
  await start(asksForCode);
  const client = await withTicket();
  await client.expect(Code.CHALLENGE);
  client.authenticate("000000");
  expect((await client.aborted()).reason).toBe("wamp.error.authentication_denied");
});

it("a login takes three rounds at most", async () => {
  await start(() => challenge({}));
  const client = await withTicket();
  for (let round = 2; round <= 3; round++) {
    await client.expect(Code.CHALLENGE);
    client.authenticate("again");
  }
  expect(await client.aborted()).toEqual({
    reason: "wamp.error.authentication_failed",
    message: "a login may take 3 rounds at most",
  });
});

it.each([
  ["answers accept()", () => accept(), /"guard" answered accept\(\) in verified/],
  [
    "throws",
    () => {
      throw new Error("broken");
    },
    /"guard".*broken/,
  ],
] as const)("a tap that %s denies the login, and the log says why", async (_, tap, said) => {
  await start(tap);
  expect((await (await withTicket()).aborted()).reason).toBe("wamp.error.authentication_failed");
  expect(router.log.text()).toMatch(said);
});

it("a client that leaves while a tap decides leaves nothing behind", async () => {
  let decide = (): void => undefined;
  let asked = (): void => undefined;
  const wasAsked = new Promise<void>((resolve) => (asked = resolve));
  await start(
    (() =>
      new Promise<undefined>((resolve) => {
        decide = () => resolve(undefined);
        asked();
      })) as unknown as Tap,
  );
  const client = await withTicket();
  await wasAsked;
  client.close();
  await client.closed;
  decide();
  await new Promise(setImmediate);
  expect(router.router.sessionCount).toEqual({ remote: 0, local: 0 });
});
