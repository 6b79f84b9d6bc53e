import { Code } from "@wampgate/core";
import { inParallel, mib, report, sizeOf } from "../support/load.ts";
import { joinLight } from "../support/light-client.ts";
import { openToAll, RouterProcess } from "../support/router-process.ts";

const SESSIONS = sizeOf(5000, 10_000);

/** How many log in at the same time. */
const AT_ONCE = 100;

/** What a session may take of the router's memory, in bytes. */
const BOUND = 32 * 1024;

it(`${SESSIONS} idle sessions are all counted, and all alive, on ${BOUND / 1024} KiB each at most`, async () => {
  const router = await RouterProcess.start(openToAll({ "ping-interval": 5000 }));
  const witness = await joinLight(router.url);
  const before = await router.memory();
  const clients = await inParallel(SESSIONS, AT_ONCE, () => joinLight(router.url));
  witness.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await witness.next()).toEqual([Code.RESULT, 1, {}, [SESSIONS + 1]]);
  const after = await router.memory();

  const answers = await Promise.all(
    clients.map((client) => {
      client.send(Code.CALL, 1, {}, "wamp.session.count");
      return client.next();
    }),
  );
  expect(answers.filter(([code]) => code === Code.RESULT)).toHaveLength(SESSIONS);
  const each = (after.used - before.used) / SESSIONS;
  report(
    `${SESSIONS} idle sessions: ${mib(after.used - before.used)} in use, ${Math.round(each)} bytes each; ${mib(after.rss)} of RSS in all`,
  );
  expect(each).toBeLessThan(BOUND);

  for (const client of clients) client.close();
  expect(await router.stop()).toBe(0);
  await witness.closed;
}, 120_000);
