import { Code } from "@wampgate/core";
import { connectLight, joinLight, logIn, type LightClient } from "../support/light-client.ts";
import { report } from "../support/load.ts";
import { RouterProcess } from "../support/router-process.ts";

const YEAR = 365 * 24 * 60 * 60 * 1000;

/** All in milliseconds. */
const PING_INTERVAL = 400;
const CALL_TIMEOUT = 1500;
const AUTH_TIMEOUT = 4000;

/** By how much a timer may fire too early, in milliseconds. */
const ROUNDING = 20;

const secret = "secret";
const config = {
  plugins: ["@wampgate/auth-anonymous", "@wampgate/auth-ticket", "@wampgate/auth-wampcra"],
  realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port: 0 },
      "ping-interval": PING_INTERVAL,
      "auth-timeout": AUTH_TIMEOUT,
      auth: {
        anonymous: { type: "static", role: "user" },
        ticket: { type: "static", principals: { joe: { ticket: secret, role: "user" } } },
        wampcra: { type: "static", users: { joe: { secret, role: "user" } } },
      },
    },
  ],
};

/** How many milliseconds it is since `began`, once this has happened. */
async function since(began: number, happening: Promise<unknown>): Promise<number> {
  await happening;
  return performance.now() - began;
}

/** Comes as far as CHALLENGE. @returns the client, and what it is challenged with */
async function challenged(url: string, method: string): Promise<{ client: LightClient; extra: { challenge: string } }> {
  const client = await connectLight(url);
  client.hello({ authid: "joe", authmethods: [method] });
  const [, , extra] = await client.expect(Code.CHALLENGE);
  return { client, extra: extra as { challenge: string } };
}

it.each([
  ["forward", YEAR],
  ["back", -YEAR],
])(
  "the wall clock jumps a year %s: no session, login or call ends by it, and none lasts longer",
  async (way, by) => {
    const router = await RouterProcess.start(config);
    const session = await joinLight(router.url);
    session.send(Code.REGISTER, 1, {}, "com.example.silent");
    expect((await session.next())[0]).toBe(Code.REGISTERED);
    const caller = await joinLight(router.url);
    const began = performance.now();
    const { client: quick } = await challenged(router.url, "ticket");
    const { client: late } = await challenged(router.url, "ticket");
    caller.send(Code.CALL, 1, { timeout: CALL_TIMEOUT }, "com.example.silent");
    const called = since(
      performance.now(),
      caller.expect(Code.ERROR).then(([, , , , uri]) => expect(uri).toBe("wamp.error.timeout")),
    );
    const waited = since(
      began,
      late.aborted().then(({ reason }) => expect(reason).toBe("wamp.error.authentication_failed")),
    );

    await router.setClock(by);
    const { extra } = await challenged(router.url, "wampcra");
    const { timestamp } = JSON.parse(extra.challenge) as { timestamp: string };
    expect(Math.abs(Date.parse(timestamp) - (Date.now() + by))).toBeLessThan(YEAR / 2); // it did jump
    quick.authenticate(secret);
    await quick.welcomed();
    const { client, answer } = await logIn(router.url, { authmethod: "wampcra", authid: "joe", secret });
    expect(answer[0]).toBe(Code.WELCOME);

    const [call, login] = [await called, await waited];
    expect(call).toBeGreaterThan(CALL_TIMEOUT - ROUNDING);
    expect(login).toBeGreaterThan(AUTH_TIMEOUT - ROUNDING);
    // Many a PING later all who have joined are there.
    for (const one of [session, caller, quick, client]) {
      one.send(Code.CALL, 2, {}, "wamp.session.count");
      const answers = one === session ? [await one.next(), await one.next()] : [await one.next()];
      expect(answers.at(-1)).toEqual([Code.RESULT, 2, {}, [4]]);
    }
    report(
      `a year ${way}: a call of ${CALL_TIMEOUT} ms ended after ${Math.round(call)}, a login of ${AUTH_TIMEOUT} ms after ${Math.round(login)}`,
    );
    expect(await router.stop()).toBe(0);
  },
  60_000,
);
