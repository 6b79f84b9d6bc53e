import { Code } from "@wampgate/core";
import { gone, joinLight, openWebSocket } from "../support/light-client.ts";
import { addressOf, mib, report } from "../support/load.ts";
import { openToAll, RouterProcess } from "../support/router-process.ts";

// What clients can make the router hold, at the default limits.

const MiB = 1024 * 1024;

let router: RouterProcess;
let before: number;
beforeEach(async () => {
  router = await RouterProcess.start(openToAll());
  before = (await router.memory()).rss;
});
afterEach(() => router.kill());

/** How much larger the process has been than at the start, in bytes. */
const grown = async (): Promise<number> => (await router.memory()).peak - before;

it("60 clients that send half of a HELLO of 16 MiB hold next to nothing: they are disconnected at max-hello-size", async () => {
  const head = Buffer.alloc(14);
  head.set([0x81, 0xff]);
  head.writeBigUInt64BE(16n * 1024n * 1024n, 2);
  const begun = Array.from({ length: 60 }, async (_, i) => {
    const socket = await openWebSocket(router.url, { from: addressOf(i) });
    socket.write(head);
    for (let sent = 0; sent < 8 && !socket.destroyed; sent++) socket.write(Buffer.alloc(MiB));
    await gone(socket);
  });
  await Promise.all(begun);
  const more = await grown();
  report(`60 half-sent HELLOs of 16 MiB: the process grew by ${mib(more)}`);
  expect(more).toBeLessThan(100 * MiB);
});

it("12 subscribers that do not read hold max-buffered-total at most, and the publisher goes on", async () => {
  const subscribers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => joinLight(router.url, { from: addressOf(i) })),
  );
  for (const subscriber of subscribers) {
    subscriber.send(Code.SUBSCRIBE, 1, {}, "com.flood");
    await subscriber.expect(Code.SUBSCRIBED);
    subscriber.socket.pause();
  }
  const publisher = await joinLight(router.url);
  const text = "x".repeat(60_000);
  for (let i = 1; i <= 1000; i++) {
    publisher.send(Code.PUBLISH, i, { acknowledge: true }, "com.flood", [text]);
    await publisher.expect(Code.PUBLISHED);
  }
  const more = await grown();
  const ended = router.log.filter(({ limit }) => limit === "max-buffered-total").length;
  report(`12 clients that read none of 60 MiB each: the process grew by ${mib(more)}`);
  expect(more).toBeLessThan(450 * MiB); // of 720 MiB that would wait
  expect(ended).toBeGreaterThan(0);
});

it("sessions with all the subscriptions that they may have take no more than max-bytes-per-session each", async () => {
  const { used } = await router.memory();
  const sessions = await Promise.all(
    Array.from({ length: 4 }, (_, i) => joinLight(router.url, { from: addressOf(i) })),
  );
  await Promise.all(
    sessions.map(async (session, s) => {
      for (let i = 1; i <= 10_000; i++) {
        const uri = `com.s${s}.${i}.`.padEnd(511, "x");
        session.send(Code.SUBSCRIBE, i, { match: i % 2 === 0 ? "prefix" : "exact" }, uri);
        if (i % 100 === 0) for (let k = 0; k < 100; k++) await session.expect(Code.SUBSCRIBED);
      }
    }),
  );
  const more = (await router.memory()).used - used;
  report(`4 sessions with 10,000 subscriptions of 511 characters each: ${mib(more)} in use`);
  expect(more).toBeLessThan(4 * 32 * MiB);
});
