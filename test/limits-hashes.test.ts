import { Code, hashSecret } from "@wampgate/core";
import { type FakeClient, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// Logins by hashed tickets wait for two checks at once in the whole process; 1000 may wait.
const RUNNING = 2;
const WAITING = 1000;

let router: TestRouter;
let clients: FakeClient[];
beforeAll(async () => {
  const principals = { joe: { "ticket-hash": await hashSecret("right"), role: "user" } };
  router = await startTestRouter({ plugins: OFFICIAL, auth: { ticket: { type: "static", principals } } });
});
afterEach(() => clients.forEach((client) => client.close()));
afterAll(() => router.close());

/** Clients that send their tickets at the same time. */
async function checking(count: number): Promise<FakeClient[]> {
  clients = Array.from({ length: count }, () => router.connect());
  for (const client of clients) client.hello({ authid: "joe", authmethods: ["ticket"] });
  for (const client of clients) await client.expect(Code.CHALLENGE);
  for (const client of clients) client.authenticate("wrong");
  return clients;
}

it("where too many logins wait for the check of a hashed ticket, the newest one is told to come again: a limit, and no error", async () => {
  const all = await checking(RUNNING + WAITING + 3);
  for (const client of all.slice(-3))
    expect(await client.aborted()).toEqual({
      reason: "wampgate.error.limit_exceeded",
      message: "1000 logins wait for the check of a hashed secret already; try again later",
    });
  expect(router.router.stats.limits.get("hash-checks")).toBe(3);
  const lines = router.log.lines.filter(({ level }) => level === "warn" || level === "error");
  expect(lines.filter(({ fields }) => fields["limit"] === "hash-checks")).toHaveLength(1);
  expect(lines.filter(({ fields }) => fields["login"] === "refused").map(({ fields }) => fields["cause"])).toEqual(
    Array(3).fill("limit"),
  );
  expect(lines).toHaveLength(4);
});
