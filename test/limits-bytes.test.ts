import { Code } from "@wampgate/core";
import { HELLO, type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw, type RawClient } from "./support/raw-client.ts";

// What sessions hold is limited in bytes: max-bytes-per-session and max-bytes of a realm.

let running: LimitedRouter;
afterEach(() => running.close());

const start = async (options: object): Promise<LimitedRouter> =>
  (running = await startLimited([transport({})], { options }));

async function login(): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.send(...HELLO);
  await client.welcomed();
  return client;
}

const name = (i: number): string => `com.example.${i}.${"x".repeat(400)}`;

/** Asks `count` times; resolves to how many got `granted`, when all are answered. */
async function granted(client: RawClient, count: number, code: number, ask: (i: number) => void): Promise<number> {
  let got = 0;
  for (let i = 1; i <= count; i++) ask(i);
  for (let i = 1; i <= count; i++) {
    const [answered, , , , error] = await client.next();
    if (answered === code) got++;
    else expect([answered, error]).toEqual([Code.ERROR, "wampgate.error.limit_exceeded"]);
  }
  return got;
}

const subscribe = (client: RawClient, count: number): Promise<number> =>
  granted(client, count, Code.SUBSCRIBED, (i) => client.send(Code.SUBSCRIBE, i, {}, name(i)));

it("max-bytes-per-session limits what one session subscribes to and registers, and no other session", async () => {
  await start({ "max-bytes-per-session": 50_000 });
  const greedy = await login();
  const subscribed = await subscribe(greedy, 40);
  expect(subscribed).toBeGreaterThan(15);
  expect(subscribed).toBeLessThan(30);
  const register = (i: number): void =>
    greedy.send(Code.REGISTER, 40 + i, {}, `com.example.procedure.${i}.${"x".repeat(400)}`);
  expect(await granted(greedy, 5, Code.REGISTERED, register)).toBe(0);
  expect(running.count("max-bytes-per-session")).toBe(40 - subscribed + 5);
  expect(await subscribe(await login(), 10)).toBe(10);
});

it("what a session gives back, or held when it left, has room for others", async () => {
  await start({ "max-bytes": 50_000 });
  const greedy = await login();
  const subscribed = await subscribe(greedy, 40);
  expect(subscribed).toBeLessThan(30);
  const next = await login();
  expect(await subscribe(next, 1)).toBe(0);
  greedy.send(Code.UNSUBSCRIBE, 41, 1);
  await greedy.expect(Code.UNSUBSCRIBED);
  next.send(Code.SUBSCRIBE, 2, {}, name(2));
  await next.expect(Code.SUBSCRIBED);
  greedy.send(Code.GOODBYE, {}, "wamp.close.close_realm");
  await greedy.closed;
  expect(await subscribe(await login(), 10)).toBe(10);
  expect(running.count("max-bytes")).toBe(40 - subscribed + 1);
});

it("testaments count, until they are flushed", async () => {
  await start({ "max-bytes-per-session": 50_000 });
  const client = await login();
  const leave = (request: number): void =>
    client.send(Code.CALL, request, {}, "wamp.session.add_testament", ["com.a", ["x".repeat(10_000)], {}]);
  expect(await granted(client, 5, Code.RESULT, leave)).toBe(2);
  client.send(Code.CALL, 6, {}, "wamp.session.flush_testaments");
  await client.expect(Code.RESULT);
  leave(7);
  await client.expect(Code.RESULT);
});

it("retained events and history never hold more than max-bytes, and give way to subscriptions", async () => {
  await start({ "max-bytes": 100_000, "event-history": [{ uri: "com.history" }] });
  const publisher = await login();
  const publish = (request: number, topic: string, options: object = {}): void =>
    publisher.send(Code.PUBLISH, request, { acknowledge: true, ...options }, topic, ["x".repeat(30_000)]);
  for (let i = 1; i <= 4; i++) publish(i, `com.retained.${i}`, { retain: true });
  publish(5, "com.history");
  for (let i = 1; i <= 5; i++) await publisher.expect(Code.PUBLISHED);
  const reader = await login();
  const seen: unknown[] = [];
  for (let i = 1; i <= 4; i++) reader.send(Code.SUBSCRIBE, i, { get_retained: true }, `com.retained.${i}`);
  reader.send(Code.CALL, 5, {}, "wamp.session.count");
  for (let [code, , , details] = await reader.next(); code !== Code.RESULT; [code, , , details] = await reader.next())
    if (code === Code.EVENT) seen.push(details);
  // The oldest two have given their room to the third, the fourth and the event in the history.
  expect(seen).toEqual([{ retained: true }, { retained: true }]);
  expect(await subscribe(await login(), 40)).toBe(40);
  const late = await login();
  late.send(Code.SUBSCRIBE, 1, { get_retained: true }, "com.retained.3");
  late.send(Code.CALL, 2, {}, "wamp.session.count");
  await late.expect(Code.SUBSCRIBED);
  await late.expect(Code.RESULT);
});
