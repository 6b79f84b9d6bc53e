import {
  CAUSE_CODES,
  type Cause,
  type CauseCode,
  causeText,
  challenge,
  Code,
  defineMethod,
  definePlugin,
  defineStrategy,
  denied,
  deny,
  type LoginRecord,
  type RouterHooks,
  type Strategy,
  z,
} from "@wampgate/core";
import { AUTHENTICATOR, dynamicBlock } from "./support/dynamic.ts";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { Party } from "./support/party.ts";
import { connectRaw, type RawClient } from "./support/raw-client.ts";

// Why a login ended, for the operator: each cause of the table is reached by a login that ends for it.

const LARGE = "x".repeat(256 * 1024);

let running: LimitedRouter;
afterEach(() => running.close());
afterAll(() => expect(Object.keys(CASES).sort()).toEqual([...CAUSE_CODES].sort()));

/** The record of the next login that ends without WELCOME. */
let ended: Promise<LoginRecord>;
let tell: (record: LoginRecord) => void;
/** What `loginFailed` was told. */
let told: Cause[];

function nextEnd(): void {
  told = [];
  ended = new Promise((resolve) => (tell = resolve));
}

/** A method that never has enough. */
const asking = defineMethod({
  name: "asking",
  at: "hello",
  credential: z.unknown(),
  static: { schema: z.strictObject({}), find: () => deny() as never, assignments: () => [] },
  challenge: () => challenge({}),
  authenticate: () => challenge({}),
  decoy: () => deny() as never,
});

const TICKET = { type: "static", principals: { joe: { ticket: "right", role: "user" } } };
const AUTHENTICATOR_LOGIN = { type: "static", principals: { backend: { ticket: "t", role: "authenticator" } } };
const permissions = [{ uri: "com.example.", match: "prefix", allow: { register: true, call: true } }];

interface Stage {
  readonly auth?: object;
  readonly entry?: object;
  readonly options?: object;
  readonly strategies?: readonly Strategy[];
  readonly tap?: (hooks: RouterHooks) => void;
}

/** @param stage.tap further taps of the plugin `house` */
async function start({
  auth = { ticket: TICKET },
  entry = {},
  options = {},
  strategies = [],
  tap,
}: Stage = {}): Promise<void> {
  nextEnd();
  const house = definePlugin({
    name: "house",
    core: "*",
    methods: [asking],
    strategies,
    apply({ hooks }) {
      hooks.loginFailed.tap("house", ({ cause }) => told.push(cause));
      hooks.loginEnded.tap("house", (record) => {
        if (record.outcome !== "welcome") tell(record);
      });
      tap?.(hooks);
    },
  });
  running = await startLimited([transport({ auth, ...entry })], {
    plugins: [house],
    options,
    roles: [
      { name: "authenticator", permissions: [...permissions, { uri: AUTHENTICATOR, allow: { register: true } }] },
    ],
  });
}

async function hello(authid: string, method = "ticket", realm = "realm1"): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.hello({ authid, authmethods: [method], realm });
  return client;
}

async function byTicket(authid: string, ticket: string): Promise<RawClient> {
  const client = await hello(authid);
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client;
}

const DYNAMIC = { ...dynamicBlock, "authenticator-realm": "realm1" };

/** Asks an authenticator of the realm itself, where one that answers so is registered. */
async function byAuthenticator(answer: (() => unknown) | null, block: object = {}): Promise<void> {
  await start({ auth: { ticket: { ...DYNAMIC, ...block } } });
  const session = running.router.session("realm1", { role: "authenticator" });
  if (answer !== null) await session.register(AUTHENTICATOR, answer);
  await byTicket("joe", "t");
}

/** By a strategy whose source of principals fails for this cause. */
async function byFailing(code: CauseCode, params: object): Promise<void> {
  const type = "failing";
  const resolve = () => denied(undefined, undefined, { code, params } as Cause);
  await start({
    auth: { ticket: { type } },
    strategies: [defineStrategy<object>({ type, block: z.strictObject({}), resolve })],
  });
  await byTicket("joe", "t");
}

const CASES: Readonly<Record<CauseCode, [login: () => Promise<unknown>, params: object]>> = {
  "unknown-authid": [
    async () => {
      await start();
      await byTicket("jo", "right");
    },
    { method: "ticket", authid: "jo" },
  ],
  "wrong-proof": [
    async () => {
      await start();
      await byTicket("joe", "wrong");
    },
    { authid: "joe", proof: "ticket" },
  ],
  "second-factor": [
    async () => {
      const users = { joe: { secret: "key" } };
      await start({ auth: { ticket: { ...TICKET, then: "wampcra" }, wampcra: { type: "static", users } } });
      const client = await byTicket("joe", "right");
      await client.expect(Code.CHALLENGE);
      client.authenticate("wrong");
    },
    { method: "wampcra", authid: "joe", proof: "signature" },
  ],
  "no-factor": [
    () => byAuthenticator(() => ({ role: "user", then: "totp" })),
    { method: "totp", transport: "the websocket transport /ws (transports[0])", problem: "it is not configured there" },
  ],
  expired: [
    async () => {
      const joe = { ticket: "right", role: "user", expires: "2020-01-31T08:00:00Z" };
      await start({ auth: { ticket: { type: "static", principals: { joe } } } });
      await byTicket("joe", "right");
    },
    { authid: "joe", expired: "2020-01-31T08:00:00.000Z" },
  ],
  "no-method": [
    async () => {
      await start();
      await hello("joe", "scram");
    },
    { offered: "scram", transport: "the websocket transport /ws (transports[0])", configured: "ticket" },
  ],
  "no-authenticator": [() => byAuthenticator(null), { uri: AUTHENTICATOR, realm: "realm1" }],
  "authenticator-error": [
    () =>
      byAuthenticator(() => {
        throw Object.assign(new Error(), { error: "com.example.closed" });
      }),
    { uri: AUTHENTICATOR, error: "com.example.closed" },
  ],
  "authenticator-timeout": [
    () => byAuthenticator(() => new Promise(() => undefined), { timeout: 30 }),
    { uri: AUTHENTICATOR, timeout: 30 },
  ],
  "authenticator-gone": [
    async () => {
      await start({ auth: { ticket: DYNAMIC } });
      const session = running.router.session("realm1", { role: "authenticator" });
      await session.register(AUTHENTICATOR, () => {
        session.leave();
        return new Promise(() => undefined);
      });
      await byTicket("joe", "t");
    },
    { uri: AUTHENTICATOR },
  ],
  "authenticator-busy": [
    async () => {
      await start({
        auth: { ticket: [AUTHENTICATOR_LOGIN, DYNAMIC] },
        entry: { "max-buffered": 64 * 1024 },
      });
      const client = await byTicket("backend", "t");
      const backend = new Party(client, await client.welcomed());
      await backend.register(AUTHENTICATOR);
      await backend.register("com.example.other");
      client.socket.pause();
      const caller = running.router.session("realm1", { role: "user" });
      while (running.count("max-buffered") === 0) {
        caller.call("com.example.other", [LARGE]).catch(() => undefined);
        await new Promise(setImmediate);
      }
      await byTicket("joe", "t");
    },
    { uri: AUTHENTICATOR },
  ],
  "authenticator-failed": [() => byFailing("authenticator-failed", { uri: "./auth.js" }), { uri: "./auth.js" }],
  "authenticator-unavailable": [
    () => byFailing("authenticator-unavailable", { uri: "https://auth.example.com/", problem: "status 500" }),
    { uri: "https://auth.example.com/", problem: "status 500" },
  ],
  "authenticator-answer": [
    () => byAuthenticator(() => 42),
    { uri: AUTHENTICATOR, problem: "it answered an integer, expected a role or a dictionary" },
  ],
  "bad-row": [
    () => byFailing("bad-row", { uri: "sql (pg)", problem: "its role: expected a text" }),
    { uri: "sql (pg)", problem: "its role: expected a text" },
  ],
  "bad-token": [() => byFailing("bad-token", { problem: "it has expired" }), { problem: "it has expired" }],
  "bad-certificate": [
    async () => {
      const cause: Cause = { code: "bad-certificate", params: { problem: "it is not asked for" } };
      await start({ tap: ({ hello }) => hello.tap("cards", () => deny(undefined, undefined, cause)) });
      await hello("joe");
    },
    { problem: "it is not asked for" },
  ],
  "no-keys": [
    () => byFailing("no-keys", { uri: "https://id.example.com/jwks", problem: "no connection" }),
    { uri: "https://id.example.com/jwks", problem: "no connection" },
  ],
  "no-store": [() => byFailing("no-store", { what: "codes" }), { what: "codes" }],
  "no-realm": [
    async () => {
      await start({ auth: { anonymous: { type: "static", role: "user" } } });
      await hello("joe", "anonymous", "nowhere");
    },
    { realm: "nowhere" },
  ],
  "no-role": [
    () => byAuthenticator(() => "cashier"),
    { realm: "realm1", role: "cashier", roles: "user, authenticator" },
  ],
  "no-principal": [() => byAuthenticator(() => ({ role: "user", authid: null })), { realm: "realm1" }],
  "plugin-denied": [
    async () => {
      await start({ tap: ({ hello }) => hello.tap("ban-list", () => deny("com.example.banned")) });
      await hello("joe");
    },
    { plugin: "ban-list", hook: "hello" },
  ],
  "plugin-threw": [
    async () => {
      const boom = (): never => {
        throw new Error("boom");
      };
      await start({ tap: ({ principal }) => principal.for("static").tap({ name: "counter", stage: -1 }, boom) });
      await byTicket("joe", "right");
    },
    { plugin: "counter", hook: "principal.static", code: "WG_HOOK_FAILED" },
  ],
  "too-many-rounds": [
    async () => {
      await start({ auth: { asking: { type: "static" } } });
      const client = await hello("joe", "asking");
      for (let round = 1; round <= 3; round++) {
        await client.expect(Code.CHALLENGE);
        client.authenticate("more");
      }
    },
    { method: "asking", rounds: 3 },
  ],
  reloaded: [
    async () => {
      const realms = [{ name: "realm1", roles: [{ name: "guest" }] }];
      const reload = (): Promise<unknown> =>
        running.router.reload({
          plugins: ["@wampgate/auth-ticket"],
          realms,
          transports: [transport({ auth: { ticket: { type: "static", principals: {} } } })],
        } as never);
      await start({
        tap: ({ welcome }) =>
          welcome.tapPromise("slow", async () => {
            await reload();
          }),
      });
      await byTicket("joe", "right");
    },
    { why: expect.stringContaining("is not in the realm realm1 any more") as unknown },
  ],
  "held-back": [
    async () => {
      await start({ entry: { "max-failed-logins-per-address": 1 } });
      for (let i = 0; i < 2; i++) await (await byTicket("joe", "wrong")).aborted();
      nextEnd();
      await hello("joe");
    },
    { limit: "max-failed-logins-per-address", seconds: 1 },
  ],
  limit: [
    async () => {
      await start({ options: { "max-sessions": 1 } });
      await (await byTicket("joe", "right")).welcomed();
      await byTicket("joe", "right");
    },
    { limit: "max-sessions" },
  ],
  timeout: [
    async () => {
      await start({ entry: { "auth-timeout": 50 } });
      await hello("joe");
    },
    { waiting: "AUTHENTICATE", ms: 50 },
  ],
  left: [
    async () => {
      await start();
      const client = await hello("joe");
      await client.expect(Code.CHALLENGE);
      client.socket.terminate();
    },
    { waiting: "AUTHENTICATE" },
  ],
  protocol: [
    async () => {
      await start();
      (await connectRaw(running.url)).send(Code.CALL, 1, {}, "com.example.procedure");
    },
    { violation: "the first message must be HELLO, found CALL" },
  ],
  stopping: [
    async () => {
      await start();
      await (await hello("joe")).expect(Code.CHALLENGE);
      void running.router.close();
    },
    { why: "the router is shutting down" },
  ],
  failed: [
    async () => {
      await start({
        tap: ({ welcome }) =>
          welcome.tap("odd", (_attempt, details) => {
            details["x_self"] = details;
          }),
      });
      await byTicket("joe", "right");
    },
    { what: "WELCOME could not be sent" },
  ],
};

it.each(Object.entries(CASES))("a login that ends for %s says so, and nothing else", async (code, [login, params]) => {
  await login();
  const record = await ended;
  const isRefused = code !== "left";
  expect(record).toMatchObject({ cause: code, params, outcome: isRefused ? "refused" : "abandoned" });
  const { sentence, todo } = causeText({ code, params: record.params } as Cause, {
    path: "transports[0]",
    file: "/etc/wampgate.config.yaml",
    line: 12,
  });
  expect(sentence).toMatch(/^\S.*\.$/);
  expect(`${sentence} ${todo ?? ""}`).not.toMatch(/undefined|\[object/);
  expect(record.steps.at(-1)).toMatchObject({ code, params, outcome: isRefused ? "no" : "waited" });
  expect(record.steps.slice(0, -1).map(({ outcome }) => outcome)).not.toContain("no");
  const lines = running.log.lines.filter(({ fields }) => fields["login"] !== undefined);
  expect(lines.at(-1)?.fields["cause"]).toBe(code);
  expect(told).toEqual(isRefused ? [{ code, params }] : []);
});
