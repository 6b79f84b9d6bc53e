import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { inTurns, type Samples, tellsApart } from "./support/rank-test.ts";
import { OFFICIAL } from "./support/router.ts";

// How long a login by two factors takes tells a stranger no more than what is sent.

jest.setTimeout(60_000);

interface Try {
  readonly authid: string;
  readonly ticket: string;
}

const KNOWN: Try = { authid: "known-user", ticket: "wrong" };
const UNKNOWN: Try = { authid: "other-user", ticket: "wrong" };
const RIGHT: Try = { authid: "known-user", ticket: "secret" };

let running: TestRouter;
beforeAll(async () => {
  running = await startTestRouter({
    plugins: OFFICIAL,
    auth: {
      ticket: { type: "static", then: "totp", principals: { "known-user": { ticket: "secret", role: "user" } } },
      totp: { type: "static", alone: false, principals: { "known-user": { seed: "CACKN3GRF3KQZMEK" } } },
    },
  });
});
afterAll(() => running.close());

/** How long each of both rounds takes, in milliseconds. */
async function timesOf({ authid, ticket }: Try): Promise<[number, number]> {
  const client = running.connect();
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  const first = performance.now();
  client.authenticate(ticket);
  await client.expect(Code.CHALLENGE);
  const second = performance.now();
  client.authenticate("000000");
  await client.expect(Code.ABORT);
  return [second - first, performance.now() - second];
}

it.each([
  ["a known authid and an unknown one", KNOWN, UNKNOWN],
  ["a right first proof and a wrong one", RIGHT, KNOWN],
])("%s take the same time in both rounds", async (_, one, other) => {
  const measure = (round: 0 | 1, count: number): Promise<Samples> =>
    inTurns(count, async (which) => (await timesOf(which === 0 ? one : other))[round]);
  await measure(0, 50); // until the code is warm
  for (const round of [0, 1] as const) expect(await tellsApart(() => measure(round, 300))).toBe(false);
});
