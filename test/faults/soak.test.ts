import { join } from "node:path";
import { Code } from "@wampgate/core";
import { connectLight, joinLight, logIn, type Login } from "../support/light-client.ts";
import { eventually, inParallel, mib, report, sizeOf } from "../support/load.ts";
import { RouterProcess } from "../support/router-process.ts";

/** For how long; `SOAK_MINUTES` says otherwise. */
const MINUTES = Number(process.env["SOAK_MINUTES"] ?? sizeOf(0.25, 30));

/** By which share the line through the memory of the second half may rise: in seconds little can be told. */
const BOUND = MINUTES < 5 ? 0.3 : 0.05;

/** How often something is done in a round. */
const TIMES = 20;

const AUTHENTICATOR = join(import.meta.dirname, "../../examples/advanced/authenticator.mjs");

const config = {
  plugins: ["anonymous", "ticket", "wampcra", "dynamic"].map((name) => `@wampgate/auth-${name}`),
  realms: [
    {
      name: "realm-auth",
      roles: [
        {
          name: "authenticator",
          permissions: [{ uri: "com.example.authenticate", match: "exact", allow: { register: true } }],
        },
      ],
    },
    { name: "realm1", roles: [{ name: "user", "allow-by-default": true }] },
    { name: "realm-user1", roles: [{ name: "user", "allow-by-default": true }] },
  ],
  components: [{ module: AUTHENTICATOR, realm: "realm-auth", role: "authenticator" }],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port: 0 },
      // Thousands of wrong logins a minute from one address are part of the load.
      "max-failed-logins-per-address": 1_000_000_000,
      "max-failed-logins-per-authid": 1_000_000_000,
      auth: {
        anonymous: { type: "static", role: "user" },
        ticket: [
          { type: "static", principals: { joe: { ticket: "secret", role: "user" } } },
          { type: "dynamic", authenticator: "com.example.authenticate", "authenticator-realm": "realm-auth" },
        ],
        wampcra: { type: "static", users: { joe: { secret: "secret", role: "user" } } },
      },
    },
  ],
};

const LOGINS: readonly (Login & { readonly isRight: boolean })[] = [
  { authmethod: "anonymous", authid: "joe", secret: "", isRight: true },
  { authmethod: "ticket", authid: "joe", secret: "secret", isRight: true },
  { authmethod: "ticket", authid: "joe", secret: "wrong", isRight: false },
  { authmethod: "wampcra", authid: "joe", secret: "secret", isRight: true },
  { authmethod: "wampcra", authid: "nobody", secret: "secret", isRight: false },
  { authmethod: "ticket", realm: "realm-user1", authid: "user1", secret: "123secret", isRight: true },
  { authmethod: "ticket", realm: "realm-user1", authid: "user1", secret: "wrong", isRight: false },
];

/** They log in, and leave in one of three ways. */
async function logins(url: string): Promise<void> {
  await inParallel(LOGINS.length * 3, LOGINS.length, async (i) => {
    const { isRight, ...login } = LOGINS[i % LOGINS.length] as (typeof LOGINS)[0];
    const { client, answer } = await logIn(url, login);
    expect(answer[0]).toBe(isRight ? Code.WELCOME : Code.ABORT);
    if (!isRight) return client.closed;
    if (i % 3 === 0) {
      client.send(Code.GOODBYE, {}, "wamp.close.close_realm");
      await client.expect(Code.GOODBYE);
    } else if (i % 3 === 1) client.close();
    else client.socket.resetAndDestroy();
    await client.closed;
  });
}

/** Two sessions, one of which serves and the other uses it. */
async function work(url: string): Promise<void> {
  const [server, user] = await Promise.all([joinLight(url), joinLight(url)]);
  let request = 0;
  server.send(Code.REGISTER, 1, {}, "com.example.procedure");
  const [, , registration] = await server.expect(Code.REGISTERED);
  server.send(Code.SUBSCRIBE, 2, {}, "com.example.topic");
  const [, , subscription] = await server.expect(Code.SUBSCRIBED);
  for (let i = 0; i < TIMES; i++) {
    user.send(Code.CALL, ++request, {}, "com.example.procedure", [i]);
    const [, invocation] = await server.expect(Code.INVOCATION);
    server.send(Code.YIELD, invocation, {}, [i, "x".repeat(1000)]);
    expect((await user.expect(Code.RESULT))[1]).toBe(request);
    user.send(Code.PUBLISH, ++request, { acknowledge: true }, "com.example.topic", [i]);
    await user.expect(Code.PUBLISHED);
    expect((await server.expect(Code.EVENT))[4]).toEqual([i]);
  }
  user.send(Code.CALL, ++request, {}, "com.example.procedure");
  await server.expect(Code.INVOCATION);
  user.send(Code.CANCEL, request, { mode: "skip" });
  expect((await user.expect(Code.ERROR))[4]).toBe("wamp.error.canceled");
  server.send(Code.UNSUBSCRIBE, 3, subscription);
  await server.expect(Code.UNSUBSCRIBED);
  server.send(Code.UNREGISTER, 4, registration);
  await server.expect(Code.UNREGISTERED);
  server.close();
  user.close();
  await Promise.all([server.closed, user.closed]);
}

/** Some stop in the middle of their login, send garbage, or go while their call is open. */
async function misbehave(url: string): Promise<void> {
  const stopped = await connectLight(url);
  stopped.hello({ authid: "joe", authmethods: ["wampcra"] });
  await stopped.expect(Code.CHALLENGE);
  stopped.socket.resetAndDestroy();
  const garbler = await joinLight(url);
  garbler.sendFrame("%&/(");
  await garbler.aborted();
  const callee = await joinLight(url);
  callee.send(Code.REGISTER, 1, {}, "com.example.own");
  await callee.expect(Code.REGISTERED);
  callee.send(Code.CALL, 2, {}, "com.example.own");
  await callee.expect(Code.INVOCATION);
  callee.close();
  await Promise.all([stopped.closed, callee.closed]);
}

/** By how much the straight line through the samples rises from the first to the last of them. */
function rise(samples: readonly { at: number; used: number }[]): number {
  const mean = (of: (sample: { at: number; used: number }) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [at, used] = [mean((sample) => sample.at), mean((sample) => sample.used)];
  const covariance = mean((sample) => (sample.at - at) * (sample.used - used));
  const variance = mean((sample) => (sample.at - at) ** 2);
  return (covariance / variance) * ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0));
}

it(
  `after ${MINUTES} minutes of mixed load nothing has failed, nothing is left over, and the memory line is flat`,
  async () => {
    const router = await RouterProcess.start(config);
    const witness = await joinLight(router.url);
    const began = performance.now();
    const samples: { at: number; used: number }[] = [];
    const { timers } = await router.resources();
    while (performance.now() - began < MINUTES * 60_000) {
      await Promise.all([logins(router.url), work(router.url), misbehave(router.url)]);
      await eventually(async () => (await router.resources()).sockets === 1); // the witness
      samples.push({ at: performance.now() - began, used: (await router.memory()).used });
    }
    witness.send(Code.CALL, 1, {}, "wamp.session.count");
    expect(await witness.next()).toEqual([Code.RESULT, 1, {}, [1]]);
    expect((await router.resources()).timers).toBeLessThanOrEqual(timers);

    const second = samples.slice(samples.length / 2);
    const risen = rise(second);
    const level = second.reduce((sum, { used }) => sum + used, 0) / second.length;
    const { rss } = await router.memory();
    report(
      `${MINUTES} minutes of mixed load, ${samples.length} rounds: the line through the second half rises by ${mib(risen)} ` +
        `at ${mib(level)} in use, from ${mib(samples[0]?.used ?? 0)} after the first round; ${mib(rss)} of RSS`,
    );
    expect(risen / level).toBeLessThan(BOUND);
    expect(await router.stop()).toBe(0);
    // Some of the clients are refused, and some break the protocol.
    expect(router.log.filter(({ msg, left }) => msg !== "login refused" && left !== "violation")).toEqual([]);
  },
  MINUTES * 60_000 + 60_000,
);
