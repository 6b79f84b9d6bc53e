import { acceptAs, Code, definePlugin, type LoginSuccess } from "@wampgate/core";
import metrics from "@wampgate/metrics";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw, hangUp } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// Who observes logins is told of each, whatever else is loaded and in which order.

const gate = definePlugin({
  name: "gate",
  core: "*",
  apply: ({ hooks }) =>
    hooks.hello.tap("gate", ({ authid }) =>
      authid === "ann"
        ? acceptAs({ realm: "realm1", authid, role: "user" }, { authmethod: "gate", provider: "door" })
        : undefined,
    ),
});

const told: [authid: string, login: LoginSuccess | null][] = [];
const witness = definePlugin({
  name: "witness",
  core: "*",
  apply: ({ hooks }) => hooks.joined.tap("witness", ({ authid }, login) => void told.push([authid, login])),
});

let running: RunningRouter;
afterEach(async () => {
  hangUp();
  await running.close();
});

async function start(plugins: readonly unknown[]): Promise<void> {
  told.length = 0;
  running = await startRouter({
    plugins: [...OFFICIAL, ...plugins],
    realms: REALMS,
    auth: {
      ticket: [
        { type: "static", principals: { max: { ticket: "a ticket", role: "user", realm: "realm1" } } },
        dynamicBlock,
      ],
    },
    components: [
      {
        module: authenticatorOf(() => ({ role: "user" })),
        realm: "realm-auth",
        role: "authenticator",
        authid: "the authenticator",
      },
    ],
  });
}

async function enter(authid: string): Promise<void> {
  const client = await connectRaw(running.url);
  client.hello({ authid, authmethods: ["ticket"] });
  if (authid !== "ann") {
    await client.expect(Code.CHALLENGE);
    client.authenticate("a ticket");
  }
  await client.expect(Code.WELCOME);
}

it("the hook joined is told how long each login took and what decided it; nothing of sessions that log in nowhere", async () => {
  await start([gate, witness]);
  for (const authid of ["max", "joe", "ann"]) await enter(authid);
  const ms = expect.any(Number) as number;
  const login = (fields: object): unknown => expect.objectContaining({ ms, ...fields });
  expect(told).toEqual([
    ["the authenticator", null],
    ["max", login({ authmethod: "ticket", provider: "static", plugin: "@wampgate/auth-ticket" })],
    ["joe", login({ authmethod: "ticket", provider: "dynamic", plugin: "@wampgate/auth-dynamic" })],
    ["ann", login({ authmethod: "gate", provider: "door", plugin: "gate" })],
  ]);
  for (const [, login] of told.slice(1)) expect(login?.ms).toBeGreaterThan(0);
});

it.each([
  ["before", [gate, [metrics, { port: 0 }]]],
  ["after", [[metrics, { port: 0 }], gate]],
])("a login that a plugin listed %s the metrics settles in hello is counted and timed", async (_where, plugins) => {
  await start(plugins);
  await enter("ann");
  const page = running.log.lines.find(({ message }) => message === "serves metrics")?.fields["url"];
  const lines = (await (await fetch(String(page))).text()).split("\n");
  expect(lines.filter((line) => /^wampgate_login(s_total|_duration_seconds_count)/.test(line))).toEqual([
    'wampgate_logins_total{method="gate",strategy="door",outcome="welcome"} 1',
    'wampgate_login_duration_seconds_count{outcome="welcome"} 1',
  ]);
});
