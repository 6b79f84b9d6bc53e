import type { Socket } from "node:net";
import { setTimeout as pass } from "node:timers/promises";
import { Code } from "@wampgate/core";
import { clientOver, joinLight, type LightClient, openSocket, upgraded } from "../support/light-client.ts";
import { addressOf, inParallel, report, sizeOf } from "../support/load.ts";
import { openToAll, RouterProcess } from "../support/router-process.ts";

const SESSIONS = sizeOf(50, 500);

/** How many logIn while the router stands still. The system must queue so many: `net.core.somaxconn`, 4096 by default. */
const NEWCOMERS = sizeOf(1000, 3000);

/** In milliseconds. */
const PING_INTERVAL = 2000;
const STANDSTILL = 1.2 * PING_INTERVAL;

it(`a router that stood still throws nobody out, and lets in the ${NEWCOMERS} who knocked meanwhile`, async () => {
  const router = await RouterProcess.start(openToAll({ "ping-interval": PING_INTERVAL }));
  const sessions = await inParallel(SESSIONS, 50, () => joinLight(router.url));
  // The answers to this PING are there when it goes on, and not read yet.
  await new Promise<void>((resolve) => {
    (sessions[0] as LightClient).onping = () => {
      router.hold();
      resolve();
    };
  });
  (sessions[0] as LightClient).onping = null;
  const stoodStill = pass(STANDSTILL);
  const queued = await Promise.all(
    Array.from({ length: NEWCOMERS }, (_, i) => openSocket(router.url, { from: addressOf(i) })),
  );
  await stoodStill;
  router.release();

  const answers = await inParallel(NEWCOMERS, 50, async (i) => {
    const newcomer = clientOver(await upgraded(queued[i] as Socket));
    newcomer.hello({ authmethods: ["anonymous"] });
    return newcomer.next();
  });
  expect(new Set(answers.map(([code]) => code))).toEqual(new Set([Code.WELCOME]));
  expect(router.log).toEqual([]);
  const counts = await Promise.all(
    sessions.map((session) => {
      session.send(Code.CALL, 1, {}, "wamp.session.count");
      return session.next();
    }),
  );
  expect(counts).toEqual(Array(SESSIONS).fill([Code.RESULT, 1, {}, [SESSIONS + NEWCOMERS]]));
  report(`a router that stood still for ${STANDSTILL} ms: ${SESSIONS} sessions kept, ${NEWCOMERS} newcomers let in`);
  expect(await router.stop()).toBe(0);
}, 60_000);
