import { Code } from "@wampgate/core";
import { type Parties, type Party, startParties } from "./support/party.ts";

// What a role may do by a pattern: never more than by each URI under it. Keeps the row of docs/guides/crossbar.md "a pattern is
// authorized as if it were one URI".

const may = { call: true, publish: true, subscribe: true, register: true };
const REALMS = [
  {
    name: "realm1",
    options: { "event-history": [{ uri: "com.example.", match: "prefix" }] },
    roles: [
      { name: "boss", "allow-by-default": true },
      {
        name: "user",
        permissions: [
          { uri: "com.example.", match: "prefix", allow: may },
          { uri: "com.example.secret", match: "exact", allow: {} },
          { uri: "com.example.secret.", match: "prefix", allow: {} },
          { uri: "com..hidden", match: "wildcard", allow: {} },
          { uri: "wamp.subscription.", match: "prefix", allow: { call: true } },
        ],
      },
      {
        name: "careful",
        "allow-by-default": true,
        permissions: [{ uri: "com.example.secret", match: "exact", allow: {} }],
      },
      { name: "chat", permissions: [{ uri: "com.chat", match: "exact", allow: may }] },
      { name: "parts", permissions: [{ uri: "com..open", match: "wildcard", allow: may }] },
    ],
  },
];

let router: Parties;
let boss: Party;
beforeEach(async () => {
  router = await startParties(REALMS);
  boss = await router.join({ role: "boss" });
});
afterEach(() => router.close());

const DENIED = ["com.example.secret", "com.example.secret.deep"];

/** The code of the answer to SUBSCRIBE or REGISTER, or the error's URI. */
async function answer(party: Party, code: number, uri: string, match: string): Promise<unknown> {
  party.request(code, { match }, uri);
  const message = await party.client.next();
  return message[0] === Code.ERROR ? message[4] : message[0];
}

describe("a pattern is granted only by a rule that covers all of it", () => {
  it.each([
    ["chat", "com.chat", "prefix", false],
    ["chat", "com.chat", "wildcard", false],
    ["chat", "com.chat", "exact", true],
    ["user", "com.example.", "prefix", true],
    ["user", "com.example.a.", "prefix", true],
    ["user", "com.example..b", "wildcard", true],
    ["user", "com.", "prefix", false],
    ["user", "", "prefix", false],
    ["user", "com..b", "wildcard", false],
    ["user", "com.example.secret.", "prefix", false],
    ["parts", "com..open", "wildcard", true],
    ["parts", "com.a.open", "exact", true],
    ["parts", "com..", "wildcard", false],
    ["parts", "com.", "prefix", false],
    ["careful", "com.", "prefix", true],
  ])("%s: %s as %s: %s", async (role, uri, match, isGranted) => {
    const party = await router.join({ role });
    const refused = "wamp.error.not_authorized";
    expect(await answer(party, Code.SUBSCRIBE, uri, match)).toBe(isGranted ? Code.SUBSCRIBED : refused);
    expect(await answer(party, Code.REGISTER, uri, match)).toBe(isGranted ? Code.REGISTERED : refused);
  });
});

describe("what a more specific rule denies below a pattern that was granted", () => {
  it("is not delivered: no live event, no retained one, and nothing of the history", async () => {
    for (const topic of [...DENIED, "com.example.open"]) await boss.publish(topic, { retain: true }, [`old ${topic}`]);
    const user = await router.join({ role: "user" });
    const subscription = await user.subscribe("com.example.", { match: "prefix", get_retained: true });
    expect((await user.event()).args).toEqual(["old com.example.open"]);
    for (const topic of [...DENIED, "com.example.open"]) await boss.publish(topic, {}, [`new ${topic}`]);
    expect((await user.event()).args).toEqual(["new com.example.open"]);
    const past = (await user.ask("wamp.subscription.get_events", [subscription])) as { details: { topic: string } }[];
    expect(past.map(({ details }) => details.topic)).toEqual(["com.example.open", "com.example.open"]);
  });

  it("is delivered to subscribers of the same pattern whose roles may have it", async () => {
    const user = await router.join({ role: "user" });
    const other = await router.join({ role: "boss" });
    for (const party of [user, other]) await party.subscribe("com.example.", { match: "prefix" });
    await boss.publish("com.example.secret", {}, ["for bosses"]);
    await boss.publish("com.example.open", {}, ["for all"]);
    expect((await other.event()).args).toEqual(["for bosses"]);
    expect((await other.event()).args).toEqual(["for all"]);
    expect((await user.event()).args).toEqual(["for all"]);
  });

  it("is not answered by the pattern's callee, but by the next who may", async () => {
    const [user, other] = [await router.join({ role: "user" }), await router.join({ role: "boss" })];
    await user.register("com.example.", { match: "prefix" });
    for (const procedure of DENIED) {
      boss.call(procedure);
      expect((await boss.error()).uri).toBe("wamp.error.no_such_procedure");
    }
    await other.register("com.", { match: "prefix" });
    for (const procedure of DENIED) {
      boss.call(procedure);
      const { id, details } = await other.invocation();
      expect(details).toEqual({ procedure });
      other.yield(id);
      await boss.next(Code.RESULT);
    }
    boss.call("com.example.open");
    expect((await user.invocation()).details).toEqual({ procedure: "com.example.open" });
  });

  it("is passed over by a shared registration, whose other callees get all calls of it", async () => {
    const [user, other] = [await router.join({ role: "user" }), await router.join({ role: "boss" })];
    for (const party of [user, other]) await party.register("com.example.", { match: "prefix", invoke: "roundrobin" });
    for (let i = 0; i < 3; i++) {
      boss.call("com.example.secret");
      other.yield((await other.invocation()).id);
      await boss.next(Code.RESULT);
    }
  });

  it("is not delivered by a wildcard either", async () => {
    const careful = await router.join({ role: "careful" });
    await careful.subscribe("com..", { match: "wildcard" });
    await boss.publish("com.example.secret", {}, ["secret"]);
    await boss.publish("com.example.open", {}, ["open"]);
    expect((await careful.event()).args).toEqual(["open"]);
  });

  it("holds after a reload as the rules are then, for sessions that stay", async () => {
    const careful = await router.join({ role: "careful" });
    await careful.subscribe("com.", { match: "prefix" });
    await careful.register("com.", { match: "prefix" });
    const [realm] = REALMS;
    const roles = realm?.roles.map((role) =>
      role.name === "careful"
        ? { ...role, permissions: [{ uri: "com.example.open", match: "exact", allow: {} }] }
        : role,
    );
    await router.reload([{ ...realm, roles }]);
    await boss.publish("com.example.open", {}, ["open"]);
    await boss.publish("com.example.secret", {}, ["secret"]);
    expect((await careful.event()).args).toEqual(["secret"]);
    boss.call("com.example.open");
    expect((await boss.error()).uri).toBe("wamp.error.no_such_procedure");
  });
});
