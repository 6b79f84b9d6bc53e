import { jest } from "@jest/globals";
import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { median, rankDistance } from "./support/rank-test.ts";
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

async function compared(one: Try, other: Try, count: number): Promise<boolean[]> {
  const times: [number, number][][] = [[], []];
  for (let i = 0; i < count; i++)
    for (const which of i % 2 === 0 ? [0, 1] : [1, 0]) times[which]?.push(await timesOf(which === 0 ? one : other));
  return [0, 1].map((round) => {
    const [a = [], b = []] = times.map((list) => list.map((pair) => pair[round] ?? 0));
    const difference = Math.abs(median(a) - median(b)) / Math.min(median(a), median(b));
    return Math.abs(rankDistance(a, b)) > 4.5 && difference > 0.08;
  });
}

it.each([
  ["a known authid and an unknown one", KNOWN, UNKNOWN],
  ["a right first proof and a wrong one", RIGHT, KNOWN],
])("%s take the same time in both rounds", async (_, one, other) => {
  await compared(one, other, 50); // until the code is warm
  expect(await compared(one, other, 400)).toEqual([false, false]);
});
