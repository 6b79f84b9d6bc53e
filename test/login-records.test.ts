import { load } from "js-yaml";
import {
  type Cause,
  causeText,
  challenge,
  Code,
  createRouter,
  definePlugin,
  type LoginRecord,
  type LoginStep,
  type Router,
  type RouterHooks,
  stepText,
  type WampgateConfig,
} from "@wampgate/core";
import { CapturedLog, type FakeClient } from "@wampgate/plugin-testkit";
import { locatorOf } from "../packages/core/src/config/locate.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { OFFICIAL } from "./support/router.ts";

// What the hooks `loginStep` and `loginEnded` tell: each login, however it ends, with its steps and their places.

/** Marked secrets: none of them may stand in a record. */
const SECRETS = /s3cret|s3alt|b3arer/;

const TEXT = `
realms:
  - name: realm1
    roles:
      - { name: user, allow-by-default: true }
      - { name: seller }
  - name: backstage
    roles:
      - { name: backend, permissions: [{ uri: com.example.authenticate, allow: { register: true } }] }
transports:
  - type: websocket
    path: /ws
    endpoint: { type: tcp, host: 127.0.0.1, port: 0 }
    max-half-open: 2
    auth-timeout: 300
    auth:
      ticket:
        - type: static
          principals:
            joe: { ticket: s3cret-of-joe, role: user, extra: { key: s3cret-extra } }
            eva:
              role: user
              ticket: "\${WAMPGATE_TEST_TICKET}"
            max:
              role: user
              ticket: "\${file:${import.meta.filename}}"
            old:
              ticket: s3cret-of-old
              role: user
              expires: 2020-01-31T08:00:00Z
        - { type: dynamic, authenticator: com.example.authenticate, authenticator-realm: backstage }
      wampcra:
        type: static
        users:
          ann: { secret: s3cret-of-ann, role: user }
          salty: { password: s3cret-password, salt: s3alt, iterations: 10, keylen: 32, role: user }
      anonymous: { type: static, role: user }
`;

/** The line of the text that has this in it. */
function lineOf(text: string): number {
  return TEXT.split("\n").findIndex((line) => line.includes(text)) + 1;
}

let router: Router;
let url: string;
let records: LoginRecord[];
let steps: [session: number, step: LoginStep][];
let told: { next(): Promise<LoginRecord> };
afterEach(() => {
  hangUp();
  return router.close();
});

beforeAll(() => (process.env["WAMPGATE_TEST_TICKET"] = "s3cret-of-eva"));
afterAll(() => delete process.env["WAMPGATE_TEST_TICKET"]);

async function start(tap: (hooks: RouterHooks) => void = () => undefined): Promise<void> {
  [records, steps] = [[], []];
  const waiting: ((record: LoginRecord) => void)[] = [];
  let read = 0;
  told = {
    next: () =>
      new Promise((resolve) => {
        const come = records[read++];
        if (come === undefined) waiting.push(resolve);
        else resolve(come);
      }),
  };
  const witness = definePlugin({
    name: "witness",
    core: "*",
    apply({ hooks }) {
      tap(hooks);
      hooks.loginStep.tap("witness", (session, step) => void steps.push([session, step]));
      hooks.loginEnded.tap("witness", (record) => {
        records.push(record);
        waiting.shift()?.(record);
      });
    },
  });
  const config = { ...(load(TEXT) as object), plugins: [...OFFICIAL, witness] } as unknown as WampgateConfig;
  const options = { file: "/etc/wampgate.config.yaml", locate: locatorOf("yaml", TEXT), log: new CapturedLog() };
  router = await createRouter(config, { ...options, cwd: import.meta.dirname });
  await router.start();
  url = router.endpoints[0]?.url ?? "";
}

async function hello(authid: string, method = "ticket", more: object = {}): Promise<RawClient> {
  const client = await connectRaw(url);
  client.hello({ authid, authmethods: [method], ...more });
  return client;
}

async function byTicket(authid: string, ticket: string): Promise<FakeClient> {
  const client = await hello(authid);
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client;
}

async function registered(answer: () => unknown): Promise<void> {
  const session = router.session("backstage", { role: "backend" });
  await session.register("com.example.authenticate", answer);
}

const shown = ({ step, outcome, waitedFor }: LoginStep): string => `${step} ${outcome} ${waitedFor ?? "-"}`;

it("a login that succeeds is a record: who, what was asked for, what was assigned, and each step with its place", async () => {
  await start();
  await (await byTicket("joe", "s3cret-of-joe")).welcomed();
  const record = await told.next();
  expect(record).toMatchObject({
    seq: 1,
    outcome: "welcome",
    cause: null,
    reason: null,
    message: null,
    session: expect.any(Number) as number,
    transport: 0,
    address: "127.0.0.1",
    serializer: "json",
    asked: { realm: "realm1", authid: "joe", authmethods: ["ticket"] },
    assigned: { realm: "realm1", authid: "joe", role: "user", expires: null },
    method: "ticket",
    strategy: "static",
    by: "@wampgate/auth-ticket",
  });
  expect(record.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    "hello ok",
    "choose ok",
    "challenge ok",
    "authenticate waited",
    "authenticate ok",
    "verified ok",
    "complete ok",
    "welcome ok",
  ]);
  expect(record.steps.map((step) => [stepText(step), step.config?.line ?? null])).toEqual([
    ["no plugin taps it", lineOf("- type: websocket")],
    ["ticket is configured here", lineOf("ticket:")],
    ["CHALLENGE ticket", lineOf("ticket:")],
    ["waits", null],
    ["static: knows joe; the ticket is right", lineOf("joe:")],
    ["no plugin taps it", lineOf("name: user")],
    ["realm realm1, role user", lineOf("name: user")],
    ["no plugin taps it", lineOf("name: user")],
  ]);
  expect(record.steps[4]).toMatchObject({
    block: 0,
    strategy: "static",
    config: { path: "transports[0].auth.ticket[0].principals.joe", file: "/etc/wampgate.config.yaml" },
  });
  const times = record.steps.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(record.steps.every(({ ms }) => ms >= 0 && ms <= record.ms)).toBe(true);
});

it("the record says when the session will end, if its login expires", async () => {
  await start();
  await registered(() => ({ role: "user", expires: 4_000_000_000 }));
  await (await byTicket("ann", "t")).welcomed();
  expect((await told.next()).assigned).toMatchObject({ expires: 4_000_000_000 });
});

it("a step that waits tells at once who it waits for: the client, then the authenticator", async () => {
  let answer: (role: string) => void = () => undefined;
  await start();
  await registered(() => new Promise((resolve) => (answer = resolve)));
  const client = await hello("ann");
  await client.expect(Code.CHALLENGE);
  expect(steps.map(([, step]) => shown(step)).at(-1)).toBe("authenticate waited client");
  client.authenticate("s3cret-of-joe");
  while (shown(steps.at(-1)?.[1] as LoginStep) !== "authenticate waited authenticator") await new Promise(setImmediate);
  answer("user");
  const { session } = await client.welcomed();
  const record = await told.next();
  expect(new Set(steps.map(([id]) => id))).toEqual(new Set([session]));
  const authenticate = record.steps.find(({ step, outcome }) => step === "authenticate" && outcome === "ok");
  expect(authenticate).toMatchObject({
    waitedFor: "authenticator",
    block: 1,
    strategy: "dynamic",
    config: { line: lineOf("type: dynamic") },
  });
});

it("a login that is refused ends with the step that refused it, and the record has what the client was told", async () => {
  await start();
  await registered(() => "cashier");
  await (await byTicket("ann", "t")).aborted();
  const record = await told.next();
  expect(record).toMatchObject({
    outcome: "refused",
    cause: "no-role",
    params: { realm: "realm1", role: "cashier", roles: "user, seller" },
    reason: "wamp.error.no_such_role",
    message: 'realm "realm1" has no role "cashier"',
    assigned: null,
  });
  const last = record.steps.at(-1) as LoginStep;
  expect(shown(last)).toBe("complete no -");
  expect(stepText(last)).toBe("Realm realm1 has no role cashier; it has user, seller.");
  expect(last.config).toMatchObject({ path: "realms[0]", line: lineOf("name: realm1") });
});

it.each([
  ["joe", { line: lineOf("joe:") }, /with what the config has \(wampgate\.config\.yaml:\d+\)\.$/],
  [
    "eva",
    { line: lineOf("WAMPGATE_TEST_TICKET"), from: { env: "WAMPGATE_TEST_TICKET" } },
    /environment has \(wampgate\.config\.yaml:\d+, which came from the environment variable WAMPGATE_TEST_TICKET\)/,
  ],
  [
    "max",
    { line: lineOf("file:"), from: { file: import.meta.filename } },
    /the file has \(wampgate\.config\.yaml:\d+, which came from the file \/.*login-records\.test\.ts\)/,
  ],
])(
  "a wrong ticket of %s leads to the value it was compared with, and to where that came from",
  async (authid, config, todo) => {
    await start();
    await (await byTicket(authid, "s3cret-wrong")).aborted();
    const record = await told.next();
    const last = record.steps.at(-1) as LoginStep;
    expect(record.cause).toBe("wrong-proof");
    const path = `transports[0].auth.ticket[0].principals.${authid}.ticket`;
    expect(last.config).toEqual({ path, file: "/etc/wampgate.config.yaml", ...config });
    expect(causeText({ code: "wrong-proof", params: record.params } as Cause, last.config).todo).toMatch(todo);
    expect(JSON.stringify(record)).not.toMatch(SECRETS);
  },
);

it("where no method fits, the record names the transport's entry, its path, and the line of its auth", async () => {
  await start();
  await (await hello("joe", "scram")).aborted();
  const record = await told.next();
  const configured = "ticket, wampcra, anonymous";
  const transport = "the websocket transport /ws (transports[0])";
  expect(record).toMatchObject({ cause: "no-method", params: { offered: "scram", transport, configured } });
  expect(record.steps.at(-1)).toMatchObject({
    step: "choose",
    config: { path: "transports[0].auth", line: lineOf("auth:") },
  });
});

it("a realm that is not there leads to the list of realms", async () => {
  await start();
  await (await hello("joe", "anonymous", { realm: "nowhere" })).aborted();
  expect((await told.next()).steps.at(-1)?.config).toMatchObject({ path: "realms", line: lineOf("realms:") });
});

it("an expired login leads to the time in the config", async () => {
  await start();
  await (await byTicket("old", "s3cret-of-old")).aborted();
  expect((await told.next()).steps.at(-1)?.config).toMatchObject({ line: lineOf("expires:") });
});

it("a client that leaves while it is waited for is an abandoned login, and its last step says for what it waited", async () => {
  await start();
  const client = await hello("joe");
  await client.expect(Code.CHALLENGE);
  client.socket.terminate();
  const record = await told.next();
  expect(record).toMatchObject({
    outcome: "abandoned",
    cause: "left",
    params: { waiting: "AUTHENTICATE" },
    reason: null,
  });
  expect(shown(record.steps.at(-1) as LoginStep)).toBe("authenticate waited client");
});

it("a connection on which HELLO never comes is a record, too", async () => {
  await start();
  (await connectRaw(url)).socket.terminate();
  expect(await told.next()).toMatchObject({
    outcome: "abandoned",
    cause: "left",
    params: { waiting: "HELLO" },
    session: null,
    asked: { realm: null, authid: null, authmethods: [] },
  });
  await (
    await connectRaw(url)
  ).closed;
  expect(await told.next()).toMatchObject({
    seq: 2,
    outcome: "refused",
    cause: "timeout",
    params: { waiting: "HELLO", ms: 300 },
    reason: null,
  });
});

it("so is a connection that a limit refuses", async () => {
  await start();
  const clients = [await connectRaw(url), await connectRaw(url)];
  await expect(connectRaw(url)).rejects.toThrow("503");
  expect(await told.next()).toMatchObject({
    outcome: "refused",
    cause: "limit",
    params: { limit: "max-half-open" },
    address: "127.0.0.1",
    transport: 0,
    session: null,
  });
  for (const client of clients) client.socket.terminate();
});

it("a plugin's own challenge is a step that waits for the client", async () => {
  await start(({ verified }) =>
    verified.tap("factor", (_attempt, _principal, proof) => (proof === null ? challenge({ ask: "code" }) : undefined)),
  );
  const client = await byTicket("joe", "s3cret-of-joe");
  await client.expect(Code.CHALLENGE);
  client.authenticate("123456");
  await client.welcomed();
  const { steps: kept } = await told.next();
  expect(kept.map(({ step, outcome, by }) => `${step} ${outcome} ${by ?? "-"}`).slice(4)).toEqual([
    "authenticate ok @wampgate/auth-ticket",
    "verified ok factor",
    "verified waited -",
    "verified ok -",
    "complete ok -",
    "welcome ok -",
  ]);
});

it("texts from outside are cut, and so are lists", async () => {
  await start();
  const long = `com.${"ä".repeat(500)}`;
  const client = await connectRaw(url);
  client.hello({ realm: long, authid: long, authmethods: Array<string>(20).fill(long) });
  await client.aborted();
  const { asked, params } = await told.next();
  const cut = `com.${"ä".repeat(251)}…`;
  expect(asked).toEqual({ realm: cut, authid: cut, authmethods: Array<string>(16).fill(cut) });
  expect(JSON.stringify(params).length).toBeLessThan(16 * 300);
});

it("no secret stands in a record or a step, by whichever method and whether or not the login succeeds", async () => {
  await start();
  await registered(() => ({ role: "user", extra: { token: "b3arer" } }));
  const { wampcra } = await import("@wampgate/auth-wampcra");
  const extra = { authextra: { token: "b3arer" } };
  const secrets: [authid: string, method: string, secret: string][] = [
    ["joe", "ticket", "s3cret-of-joe"],
    ["joe", "ticket", "s3cret-wrong"],
    ["other", "ticket", "s3cret-dynamic"],
    ["ann", "wampcra", "s3cret-of-ann"],
    ["ann", "wampcra", "s3cret-wrong"],
    ["salty", "wampcra", "s3cret-password"],
    ["anonymous", "anonymous", ""],
  ];
  for (const [authid, method, secret] of secrets) {
    const client = await hello(authid, method, extra);
    const [code, , challenged] = await client.peek();
    if (code === Code.CHALLENGE) {
      await client.next();
      const answer =
        method === "wampcra"
          ? await wampcra.client?.answer(challenged as Record<string, unknown>, secret, client.said)
          : secret;
      client.authenticate(answer as string, { code: "s3cret-code" });
      await client.next();
    } else await client.next();
    await told.next();
  }
  expect(records.map(({ outcome }) => outcome)).toEqual([
    "welcome",
    "refused",
    "welcome",
    "welcome",
    "refused",
    "welcome",
    "welcome",
  ]);
  const all = JSON.stringify([records, steps]);
  expect(all).toContain("joe");
  expect(all).not.toMatch(SECRETS);
});
