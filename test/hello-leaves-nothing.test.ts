import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { jest } from "@jest/globals";
import { Code, definePlugin, type Hello } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// Who has logged in, or was turned away, holds no memory of what its HELLO said: a client decides how long that is.

// The garbage of all tests before in this process is collected with it.
jest.setTimeout(30_000);
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let seen: { hello: WeakRef<Hello>; authextra: WeakRef<object>; roles: Hello["roles"] }[];
let running: TestRouter;
/** What a careless plugin would do. */
let keeps = false;
const kept: Hello[] = [];

const witness = definePlugin({
  name: "witness",
  core: "*",
  apply({ hooks }) {
    hooks.hello.tap("witness", (hello) => {
      seen.push({ hello: new WeakRef(hello), authextra: new WeakRef(hello.authextra ?? {}), roles: hello.roles });
      if (keeps) kept.push(hello);
      return undefined;
    });
  },
});

const AUTH = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { joe: { ticket: "a ticket", role: "user" } } },
};

beforeAll(async () => (running = await startTestRouter({ plugins: [...OFFICIAL, witness], auth: AUTH })));
beforeEach(() => (seen = []));
afterAll(() => running.close());

const roles = {
  caller: { features: { payload_passthru_mode: true, ["x".repeat(1000)]: true } },
  callee: { features: { call_timeout: "yes" } },
  unknown: { features: {} },
};
const authextra = { a: ["x".repeat(1000), { b: {} }] };

/** What of the HELLOs is still held, by anybody. A WeakRef holds on until the turn it was read in is over. */
async function held(): Promise<string[]> {
  let left = stillHeld();
  for (let i = 0; i < 5 && left.length > 0; i++) {
    await setImmediate();
    collect();
    left = stillHeld();
  }
  return left;
}

function stillHeld(): string[] {
  return seen.flatMap(({ hello, authextra }) => [
    ...(hello.deref() === undefined ? [] : ["the hello"]),
    ...(authextra.deref() === undefined ? [] : ["its authextra"]),
  ]);
}

it("after WELCOME nothing of HELLO is held", async () => {
  const client = running.connect();
  client.hello({ authmethods: ["anonymous"], authextra, roles });
  await client.expect(Code.WELCOME);
  expect(seen).toHaveLength(1);
  expect(await held()).toEqual([]);
  client.send(48, 1, {}, "wamp.session.count"); // the session is still there
  await client.expect(Code.RESULT);
});

it("after WELCOME nothing of HELLO is held where there was a challenge", async () => {
  const client = running.connect();
  client.hello({ authid: "joe", authmethods: ["ticket"], authextra, roles });
  await client.expect(Code.CHALLENGE);
  client.authenticate("a ticket");
  await client.expect(Code.WELCOME);
  expect(await held()).toEqual([]);
  client.close();
});

it.each([
  ["a proof that is wrong", "ticket"],
  ["a method that is not there", "scram"],
])("after ABORT for %s nothing of HELLO is held", async (_why, method) => {
  const client = running.connect();
  client.hello({ authid: "joe", authmethods: [method], authextra, roles });
  if (method === "ticket") {
    await client.expect(Code.CHALLENGE);
    client.authenticate("wrong");
  }
  await client.expect(Code.ABORT);
  expect(seen).toHaveLength(1);
  expect(await held()).toEqual([]);
});

it("a plugin that keeps a hello holds it, which these tests would see", async () => {
  keeps = true;
  const client = running.connect();
  client.hello({ authmethods: ["anonymous"], authextra, roles });
  await client.expect(Code.WELCOME);
  keeps = false;
  expect(await held()).toEqual(["the hello", "its authextra"]);
  kept.length = 0;
});

it("plugins see the roles and features that the router reads, as booleans, and no others", async () => {
  const client = running.connect();
  client.hello({ authmethods: ["anonymous"], authextra, roles });
  await client.expect(Code.WELCOME);
  expect(Object.keys(seen[0]?.roles ?? {})).toEqual(["caller", "callee"]);
  expect(seen[0]?.roles.caller?.features).toEqual({ payload_passthru_mode: true });
  expect(seen[0]?.roles.callee?.features["call_timeout"]).toBe(false);
});
