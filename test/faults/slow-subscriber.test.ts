import { Code } from "@wampgate/core";
import { joinLight, type LightClient } from "../support/light-client.ts";
import { openToAll, RouterProcess } from "../support/router-process.ts";
import { mib, report, sizeOf } from "../support/load.ts";

const READERS = 100;
const EVENTS = sizeOf(1500, 10_000);
const PAYLOAD = "x".repeat(8 * 1024);

/** How many are published before the others have read them. */
const AT_ONCE = 25;

const MAX_BUFFERED = 1024 * 1024;

/** What an event takes on the wire beside its payload, in bytes, generously. */
const HEAD = 256;

/** By how much the router's memory may grow while it waits for who does not read, in bytes. */
const BOUND = 128 * 1024 * 1024;

/** Reads the events with these numbers, in order and nothing between them. */
async function readEvents(reader: LightClient, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    const [code, , , , args] = await reader.next();
    if (code !== Code.EVENT || (args as unknown[])[0] !== n)
      throw new Error(`expected event ${n}, got message ${code}`);
  }
}

it(`a subscriber that never reads misses events, and is disconnected in time; ${READERS} others get each of ${EVENTS} events, in order`, async () => {
  const router = await RouterProcess.start(openToAll({ "max-buffered": MAX_BUFFERED, "send-timeout": 1000 }));
  const subscribed = async (): Promise<LightClient> => {
    const client = await joinLight(router.url);
    client.send(Code.SUBSCRIBE, 1, {}, "com.example.topic");
    expect((await client.next())[0]).toBe(Code.SUBSCRIBED);
    return client;
  };
  const readers = await Promise.all(Array.from({ length: READERS }, subscribed));
  const deaf = await subscribed();
  deaf.socket.pause();
  const publisher = await joinLight(router.url);
  const before = await router.memory();

  for (let first = 0; first < EVENTS; first += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, i) => first + i);
    for (const n of numbers) {
      publisher.send(Code.PUBLISH, n + 1, { acknowledge: true }, "com.example.topic", [n, PAYLOAD]);
    }
    await Promise.all(readers.map((reader) => readEvents(reader, numbers)));
    for (const n of numbers) expect((await publisher.next()).slice(0, 2)).toEqual([Code.PUBLISHED, n + 1]);
  }

  const isTold = (key: string): boolean => router.log.some(({ limit }) => limit === key);
  for (let request = EVENTS + 1; !isTold("send-timeout"); request++) {
    publisher.send(Code.CALL, request, {}, "wamp.session.count");
    await publisher.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  deaf.socket.resume(); // only who reads learns that it has been disconnected
  await deaf.closed;
  expect(router.log.filter(({ limit }) => limit === "max-buffered")).not.toHaveLength(0);
  const cuts = router.log.filter(({ limit }) => limit === "send-timeout");
  expect(cuts).toHaveLength(1);
  expect(Number(/(\d+) bytes/.exec(String(cuts[0]?.["msg"]))?.[1])).toBeLessThanOrEqual(
    MAX_BUFFERED + PAYLOAD.length + HEAD,
  );
  publisher.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await publisher.next()).toEqual([Code.RESULT, 1, {}, [READERS + 1]]);

  const after = await router.memory();
  report(
    `a subscriber that never reads, ${EVENTS} events of ${PAYLOAD.length} bytes: RSS at most ${mib(after.peak)}, ` +
      `${mib(after.peak - before.peak)} over what it was; ${mib(after.used - before.used)} more in use after it`,
  );
  expect(after.peak - before.peak).toBeLessThan(BOUND);
  expect(await router.stop()).toBe(0);
}, 120_000);
