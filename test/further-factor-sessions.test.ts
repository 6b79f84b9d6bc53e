import { createHmac } from "node:crypto";
import { Code } from "@wampgate/core";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";

// What further factors mean for limits, time, renewals and reloads.

const DENIED = "wamp.error.authentication_denied";
const RENEW = "wampgate.session.renew";

let running: LimitedRouter;
afterEach(async () => {
  hangUp();
  await running.close();
});

/** The second factor is a ticket, whose challenge says nothing. */
const users = { joe: { secret: "key", role: "user" } };
const SECOND = { type: "static", principals: { joe: { ticket: "second" } } };
const auth = { wampcra: { type: "static", then: "ticket", users }, ticket: SECOND };

const start = async (entry: object = {}, own: object = auth): Promise<void> => {
  running = await startLimited([transport({ auth: own, ...entry })]);
};

const sign = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("base64");

async function first(key = "key", extra = {}): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.hello({ authid: "joe", authmethods: ["wampcra"] });
  const [, , said] = (await client.expect(Code.CHALLENGE)) as [number, string, { challenge: string }];
  client.authenticate(sign(key, said.challenge), extra);
  return client;
}

async function both(key = "key", ticket = "second"): Promise<RawClient> {
  const client = await first(key);
  expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "ticket", { factor: 2 }]);
  client.authenticate(ticket);
  return client;
}

describe("a login with further factors counts as one failed login", () => {
  it.each([
    ["with a wrong first proof", () => both("wrong")],
    ["with a wrong second one", () => both("key", "wrong")],
    ["with two wrong ones", () => both("wrong", "wrong")],
  ])("%s", async (_, fail) => {
    await start({ "max-failed-logins-per-address": 2 });
    for (let i = 0; i < 3; i++) expect((await (await fail()).aborted()).reason).toBe(DENIED);
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["wampcra"] });
    expect(await client.aborted()).toEqual({ reason: DENIED, message: expect.stringMatching(/too many/) as string });
  });

  it.each(["key", "wrong"])("if its client leaves before the second proof, with the first key %s", async (key) => {
    await start({ "max-failed-logins-per-address": 1 });
    for (let i = 0; i < 2; i++) {
      const client = await first(key);
      await client.expect(Code.CHALLENGE);
      client.socket.terminate();
    }
    const held = async (): Promise<boolean> => {
      const client = await connectRaw(running.url);
      client.hello({ authid: "joe", authmethods: ["wampcra"] });
      return (await client.next())[0] === Code.ABORT;
    };
    while (!(await held())) await new Promise(setImmediate);
  });
});

it("each round has its own time", async () => {
  await start({ "auth-timeout": 1000 });
  const client = await connectRaw(running.url);
  client.hello({ authid: "joe", authmethods: ["wampcra"] });
  const [, , said] = (await client.expect(Code.CHALLENGE)) as [number, string, { challenge: string }];
  // The first round has begun before this, the second begins after it. A timer may be a millisecond early.
  const since = performance.now();
  client.authenticate(sign("key", said.challenge));
  await client.expect(Code.CHALLENGE);
  expect((await client.aborted()).message).toBe("the login took longer than 1000 ms");
  expect(performance.now() - since).toBeGreaterThan(998);
});

describe("a renewal", () => {
  async function result(client: RawClient): Promise<unknown> {
    const message = await client.next();
    return message[0] === Code.RESULT ? "renewed" : message[4];
  }

  async function renew(client: RawClient, key: string, extra: object): Promise<unknown> {
    client.send(Code.CALL, 1, {}, "wampgate.session.challenge");
    const [, , , [said]] = (await client.expect(Code.RESULT)) as [
      number,
      number,
      object,
      [{ extra: { challenge: string } }],
    ];
    client.send(Code.CALL, 2, {}, RENEW, [sign(key, said.extra.challenge)], { extra });
    return result(client);
  }

  it("takes the second proof, too", async () => {
    await start();
    const client = await both();
    await client.welcomed();
    expect(await renew(client, "key", { second_factor: "second" })).toBe("renewed");
    expect(await renew(client, "key", { second_factor: "wrong" })).toBe(DENIED);
    expect(await renew(client, "wrong", { second_factor: "second" })).toBe(DENIED);
    for (const key of ["key", "wrong"]) expect(await renew(client, key, {})).toBe("wamp.error.invalid_argument");
  });

  it("asks for a factor that a reload has added, of which the running session is not asked", async () => {
    const ticket = { type: "static", principals: { joe: { ticket: "first", role: "user" } } };
    await start({}, { ticket });
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("first");
    await client.welcomed();
    await running.router.reload({
      plugins: ["@wampgate/auth-ticket", "@wampgate/auth-wampcra"],
      realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
      transports: [transport({ auth: { ticket: { ...ticket, then: "wampcra" }, wampcra: { type: "static", users } } })],
    } as never);
    client.send(Code.CALL, 3, {}, RENEW, ["first"], { extra: { second_factor: "x" } });
    // A challenge has no room in a renewal.
    expect(await result(client)).toBe("wamp.error.feature_not_supported");
    const other = await connectRaw(running.url);
    other.hello({ authid: "joe", authmethods: ["ticket"] });
    await other.expect(Code.CHALLENGE);
    other.authenticate("first");
    expect((await other.expect(Code.CHALLENGE))[1]).toBe("wampcra");
  });
});
