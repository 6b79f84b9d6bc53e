import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// A refusal does not grow with what is refused: else a stranger who sends much makes the router send, and log, as much.

/** 512 bytes of a sentence, and what stands around it. */
const MOST = 640;
/** As long as a URI may be by the router's rules, and legal. */
const LONG = `com.${"日".repeat(15_000)}`;

const REALMS = [
  {
    name: "realm1",
    roles: [{ name: "user", permissions: [{ uri: "", match: "prefix", allow: { register: true, call: true } }] }],
  },
];
const AUTH = {
  anonymous: { type: "static", role: "user" },
  ticket: { type: "static", principals: { joe: { ticket: "a ticket", role: "user" } } },
};

let running: TestRouter;
beforeAll(async () => (running = await startTestRouter({ plugins: OFFICIAL, auth: AUTH, realms: REALMS })));
afterAll(() => running.close());

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

it.each([
  ["realm that is not there", { realm: LONG, authmethods: ["anonymous"] }],
  ["realm that is no URI", { realm: `${LONG} \n`, authmethods: ["anonymous"] }],
  ["list of methods", { authmethods: Array(2000).fill("x".repeat(20)) }],
  ["key in authmethods", { authmethods: { [LONG]: 1 } }],
  ["key for a role", { authmethods: ["anonymous"], roles: { [LONG]: {} } }],
  ["authid", { authmethods: ["ticket"], authid: LONG }],
  ["authrole", { authmethods: ["scram"], authrole: LONG }],
])("an ABORT is short, however long a %s is, and so is the line in the log", async (_what, hello) => {
  const client = running.connect();
  const seen = running.log.lines.length;
  client.hello(hello as Parameters<typeof client.hello>[0]);
  let answer = await client.next();
  if (answer[0] === Code.CHALLENGE) {
    client.authenticate("wrong");
    answer = await client.next();
  }
  expect(answer[0]).toBe(Code.ABORT);
  expect(bytesOf(answer)).toBeLessThan(MOST);
  for (const line of running.log.lines.slice(seen)) expect(bytesOf(line)).toBeLessThan(2 * MOST);
});

it.each([
  ["CALL", [48, 1, {}, LONG]],
  ["SUBSCRIBE of what is not allowed", [32, 1, {}, LONG]],
  ["PUBLISH of what is not allowed", [16, 1, { acknowledge: true }, LONG]],
  ["SUBSCRIBE of what is no URI", [32, 1, {}, `${LONG} \u0007`]],
  ["REGISTER of what is no URI", [64, 1, {}, `${LONG}..`]],
  ["REGISTER with a wrong option", [64, 1, { invoke: LONG }, "com.a"]],
  ["message with a wrong field", [48, LONG, {}, "com.a"]],
  ["message of an unknown kind", [LONG]],
])("the answer to a %s is short, however long it is", async (_what, message) => {
  const client = running.connect();
  client.hello({ authmethods: ["anonymous"] });
  await client.expect(Code.WELCOME);
  client.send(...(message as [number, ...unknown[]]));
  const answer = await client.next();
  expect([3, 8]).toContain(answer[0]);
  expect(bytesOf(answer)).toBeLessThan(MOST);
});

it("the answer to a REGISTER of what is registered is short, however long it is", async () => {
  const client = running.connect();
  client.hello({ authmethods: ["anonymous"] });
  await client.expect(Code.WELCOME);
  const answers: unknown[] = [];
  for (const request of [1, 2]) {
    client.send(64, request, {}, LONG);
    answers.push(await client.next());
  }
  expect(bytesOf(answers[1])).toBeLessThan(MOST);
});
