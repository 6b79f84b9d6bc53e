import { Code, type Component, type LocalSession } from "@wampgate/core";
import { type Parties, type Party, startParties } from "./support/party.ts";

// What a session was allowed ends with the rule that allowed it, also where something was still under way.

const AUTHORIZER = "com.example.authorize";
const authorizerRole = { name: "authorizer", permissions: [{ uri: AUTHORIZER, allow: { register: true } }] };
const free = { name: "free", "allow-by-default": true };
const asked = { name: "user", authorizer: AUTHORIZER };
const realmOf = (user: object): object[] => [{ name: "realm1", roles: [user, free, authorizerRole] }];
const denied = { name: "user", permissions: [] };
const publisher = { name: "user", permissions: [{ uri: "com.", match: "prefix", allow: { publish: true } }] };

let router: Parties;
afterEach(() => router.close());

/** An authorizer that answers when it is told to. */
function hesitating(): { component: Component; isAsked: Promise<void>; answer: (allow: boolean) => void } {
  let came = (): void => undefined;
  let resolveAnswer: (allow: boolean) => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => (came = resolve));
  const answered = new Promise<boolean>((resolve) => (resolveAnswer = resolve));
  const component = async (session: LocalSession): Promise<void> => {
    await session.register(AUTHORIZER, () => {
      came();
      return answered;
    });
  };
  return { component, isAsked, answer: (allow) => resolveAnswer(allow) };
}

async function startAsked(user: object, component: Component): Promise<{ listener: Party; user: Party }> {
  router = await startParties(realmOf(user), [{ module: component, realm: "realm1", role: "authorizer" }]);
  return { listener: await router.join({ role: "free" }), user: await router.join({ role: "user" }) };
}

it("what an authorizer was still deciding is judged by the rules of a reload that came meanwhile", async () => {
  const { component, isAsked, answer } = hesitating();
  const { user } = await startAsked(asked, component);
  const request = user.request(Code.SUBSCRIBE, {}, "com.topic");
  await isAsked;
  await router.reload(realmOf(denied));
  answer(true);
  expect(await user.error()).toMatchObject({ request, uri: "wamp.error.not_authorized" });
});

it("an authorizer that the reload leaves is asked once more, and its last answer counts", async () => {
  let questions = 0;
  const { component, isAsked, answer } = hesitating();
  const counting: Component = async (session) => {
    await component(
      {
        register: (uri: string, handler: () => unknown) =>
          session.register(uri, () => {
            questions++;
            return questions === 1 ? handler() : false;
          }),
      } as unknown as LocalSession,
      undefined,
    );
  };
  const { user } = await startAsked(asked, counting);
  const request = user.request(Code.SUBSCRIBE, {}, "com.topic");
  await isAsked;
  await router.reload(realmOf({ ...asked, "trust-level": 1 }));
  answer(true);
  expect(await user.error()).toMatchObject({ request, uri: "wamp.error.not_authorized" });
  expect(questions).toBe(2);
});

describe("a testament", () => {
  async function leaveTestament(party: Party): Promise<void> {
    await party.ask("wamp.session.add_testament", ["com.will", ["mine"], {}]);
  }
  const calls = { uri: "wamp.session.add_testament", allow: { call: true } };
  const mayPublish = { name: "user", permissions: [calls, ...publisher.permissions] };

  it("is not published if a reload has taken the right to publish it", async () => {
    router = await startParties(realmOf(mayPublish));
    const [listener, user] = [await router.join({ role: "free" }), await router.join()];
    await listener.subscribe("com.will");
    await leaveTestament(user);
    await router.reload(realmOf({ ...denied, permissions: [calls] }));
    user.vanish();
    await listener.hearsNothing();
    expect(router.log.text()).toContain("a testament was not published");
  });

  it("is published by the rules in effect when its session has left", async () => {
    router = await startParties(realmOf(mayPublish));
    const [listener, user] = [await router.join({ role: "free" }), await router.join()];
    await listener.subscribe("com.will");
    await leaveTestament(user);
    await router.reload(realmOf({ ...mayPublish, "trust-level": 1 }));
    user.vanish();
    expect((await listener.event()).args).toEqual(["mine"]);
  });

  it("is judged by the authorizer again when its session has left", async () => {
    const seen: unknown[] = [];
    const component: Component = async (session) => {
      await session.register(AUTHORIZER, ([, uri, action]) => {
        seen.push([action, uri]);
        return seen.length === 1;
      });
    };
    const { listener, user } = await startAsked({ ...asked, permissions: [calls] }, component);
    await listener.subscribe("com.will");
    await leaveTestament(user);
    user.vanish();
    while (!router.log.text().includes("a testament was not published")) await listener.hearsNothing();
    expect(seen).toEqual([
      ["publish", "com.will"],
      ["publish", "com.will"],
    ]);
    await listener.hearsNothing();
  });
});
