import { setMaxListeners } from "node:events";
import { Code, hashSecret, SecretHash } from "@wampgate/core";
import { startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// Two hashed tickets are checked at once in the whole process, and 1000 logins may wait.
const ROOM = 2 + 1000;

/** As slow as a hash may be, so that none is done before the clients have come. */
const SLOW = (await hashSecret("right")).replace("p=1", "p=4");

let router: TestRouter;
const filling = new AbortController();
setMaxListeners(0, filling.signal);
const filled: Promise<unknown>[] = [];
beforeAll(async () => {
  const principals = { joe: { "ticket-hash": SLOW, role: "user" } };
  router = await startTestRouter({ plugins: OFFICIAL, auth: { ticket: { type: "static", principals } } });
});
afterAll(async () => {
  filling.abort();
  await Promise.allSettled(filled);
  await router.close();
}, 30_000);

/** Takes all the room there is, as clients do that have no address either. */
function fill(): void {
  const client = { transport: { peer: "memory" }, signal: filling.signal };
  const hash = SecretHash.parse(SLOW);
  for (let i = 0; i < ROOM; i++) filled.push(hash.fits("wrong", client).catch(() => undefined));
}

it("where too many logins wait for the check of a hashed ticket, the next ones are told to come again: a limit, and no error", async () => {
  const clients = [router.connect(), router.connect(), router.connect()];
  for (const client of clients) client.hello({ authid: "joe", authmethods: ["ticket"] });
  for (const client of clients) await client.expect(Code.CHALLENGE);
  fill();
  for (const client of clients) client.authenticate("right");
  for (const client of clients)
    expect(await client.aborted()).toEqual({
      reason: "wampgate.error.limit_exceeded",
      message: "1000 logins wait for the check of a hashed secret already; try again later",
    });
  expect(router.router.stats.limits.get("hash-checks")).toBe(3);
  const lines = router.log.lines.filter(({ level }) => level === "warn" || level === "error");
  const of = (key: string, value: string): typeof lines => lines.filter(({ fields }) => fields[key] === value);
  expect(of("cause", "limit")).toHaveLength(3);
  expect(of("limit", "hash-checks")).toHaveLength(1);
  expect(lines).toHaveLength(4);
});
