import { startTestRouter, type TestRouter, Wire } from "@wampgate/plugin-testkit";
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
  if (answer[0] === Wire.CHALLENGE) {
    client.authenticate("wrong");
    answer = await client.next();
  }
  expect(answer[0]).toBe(Wire.ABORT);
  expect(bytesOf(answer)).toBeLessThan(MOST);
  for (const line of running.log.lines.slice(seen)) expect(bytesOf(line)).toBeLessThan(2 * MOST);
});
