import { Code } from "@wampgate/core";
import { type Party, startParties } from "./support/party.ts";

const everything = { "allow-by-default": true };
const realm = (name: string, options: object = {}) => ({ name, roles: [{ name: "user", ...everything }], options });

let router: Awaited<ReturnType<typeof startParties>>;
beforeAll(async () => {
  router = await startParties([
    realm("realm1"),
    realm("strict", { "uri-check": "strict", "request-ids": "strict" }),
    realm("lax", { "request-ids": "off" }),
  ]);
});
afterAll(() => router.close());

const uris = async (party: Party, code: number, uri: string, options: object = {}): Promise<string> => {
  party.request(code, options, uri);
  const [answer, ...rest] = await party.client.next();
  return answer === Code.ERROR ? String(rest[3]) : "ok";
};

describe("uri-check", () => {
  it.each([
    ["loose", "realm1", "Com.Example.ÄÖ-1", "ok"],
    ["loose", "realm1", "com..example", "wamp.error.invalid_uri"],
    ["loose", "realm1", "com.exa mple", "wamp.error.invalid_uri"],
    ["loose", "realm1", "com.#", "wamp.error.invalid_uri"],
    ["loose", "realm1", "", "wamp.error.invalid_uri"],
    ["strict", "strict", "com.example_1", "ok"],
    ["strict", "strict", "Com.Example", "wamp.error.invalid_uri"],
    ["strict", "strict", "com.exa-mple", "wamp.error.invalid_uri"],
  ])("%s: in %s, subscribing to %j is %s", async (_check, name, uri, expected) => {
    const party = await router.join({ realm: name });
    expect(await uris(party, Code.SUBSCRIBE, uri)).toBe(expected);
    party.vanish();
  });

  it("what begins with wamp. is the router's: nobody registers it or publishes to it, and anybody may subscribe", async () => {
    const party = await router.join();
    expect(await uris(party, Code.REGISTER, "wamp.mine")).toBe("wamp.error.invalid_uri");
    expect(await uris(party, Code.PUBLISH, "wamp.session.on_join", { acknowledge: true })).toBe(
      "wamp.error.invalid_uri",
    );
    expect(await uris(party, Code.SUBSCRIBE, "wamp.anything")).toBe("ok");
    expect(await uris(party, Code.REGISTER, "wampum.mine")).toBe("ok");
    party.vanish();
  });
});

describe("request-ids", () => {
  const topics = (party: Party, ...requests: number[]): void => {
    for (const request of requests) party.send(Code.SUBSCRIBE, request, {}, "com.topic");
  };

  it("strict: a gap ends the session", async () => {
    const party = await router.join({ realm: "strict" });
    topics(party, 1, 3);
    await party.next(Code.SUBSCRIBED);
    expect(await party.client.aborted()).toEqual({
      reason: "wamp.error.protocol_violation",
      message: "SUBSCRIBE.request is 3, but ids count from 1 by 1: expected 2",
    });
  });

  it("warn: it is answered, and told once in the log", async () => {
    const party = await router.join();
    topics(party, 123, 789, 5);
    for (let i = 0; i < 3; i++) await party.next(Code.SUBSCRIBED);
    const told = router.log.lines.filter(({ fields }) => "expected" in fields).map(({ message }) => message);
    expect(told).toEqual([
      "SUBSCRIBE.request is 123, but ids count from 1 by 1: expected 1; told once for this session",
    ]);
    party.vanish();
  });

  it("off: it is answered, and nobody told", async () => {
    const party = await router.join({ realm: "lax" });
    topics(party, 9, 3);
    for (let i = 0; i < 2; i++) await party.next(Code.SUBSCRIBED);
    expect(router.log.text()).not.toContain("request is 9");
    party.vanish();
  });
});

describe("limits of a session", () => {
  it("hold for subscriptions, registrations and calls that are not answered, each session by itself", async () => {
    const own = await startParties([
      realm("realm1", { "max-subscriptions": 2, "max-registrations": 1, "max-pending-calls": 2 }),
    ]);
    const [party, other] = [await own.join(), await own.join()];
    const refused = { uri: "wampgate.error.limit_exceeded" };
    await party.subscribe("com.a");
    const second = await party.subscribe("com.b");
    expect(await party.subscribe("com.b")).toBe(second);
    party.request(Code.SUBSCRIBE, {}, "com.c");
    expect(await party.error()).toMatchObject(refused);
    await other.subscribe("com.c");
    await party.register("com.proc");
    party.request(Code.REGISTER, {}, "com.more");
    expect(await party.error()).toMatchObject(refused);
    for (let i = 0; i < 3; i++) other.call("com.proc");
    expect(await other.error()).toMatchObject({ ...refused, message: expect.stringContaining("2 calls") as string });
    party.yield((await party.invocation()).id);
    await other.next(Code.RESULT);
    other.call("com.proc");
    await party.invocation();
    await party.invocation();
    [party, other].forEach((each) => each.vanish());
    await own.close();
  });
});

describe("ids", () => {
  it("of sessions and publications are random, and those of invocations count for each callee", async () => {
    const [one, two, caller] = [await router.join(), await router.join(), await router.join()];
    expect(Math.abs(one.id - two.id)).toBeGreaterThan(1);
    const published = [await one.publish("com.a"), await one.publish("com.a")];
    expect(Math.abs((published[0] ?? 0) - (published[1] ?? 0))).toBeGreaterThan(1);
    await one.register("com.one");
    await two.register("com.two");
    for (const [callee, procedure, expected] of [
      [one, "com.one", 1],
      [one, "com.one", 2],
      [two, "com.two", 1],
    ] as const) {
      caller.call(procedure);
      expect((await callee.invocation()).id).toBe(expected);
    }
    [one, two, caller].forEach((party) => party.vanish());
  });
});
