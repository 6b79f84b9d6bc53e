import { Code } from "@wampgate/core";
import { type Parties, type Party, startParties } from "./support/party.ts";

const AUTHORIZER = "com.example.authorize";
const MANY = 500;

let router: Parties;
let answer: (isAllowed: boolean) => void;
beforeEach(async () => {
  const decided = new Promise<boolean>((resolve) => (answer = resolve));
  router = await startParties(
    [
      {
        name: "realm1",
        options: { "max-sessions": 20 },
        roles: [
          { name: "user", "allow-by-default": true },
          {
            name: "asked",
            authorizer: AUTHORIZER,
            permissions: [{ uri: "wamp.", match: "prefix", allow: { call: true } }],
          },
          { name: "authorizer", permissions: [{ uri: AUTHORIZER, allow: { register: true } }] },
        ],
      },
    ],
    [
      {
        module: async (session: { register: (uri: string, handler: () => unknown) => Promise<unknown> }) => {
          await session.register(AUTHORIZER, () => decided);
        },
        realm: "realm1",
        role: "authorizer",
      },
    ],
  );
});
afterEach(() => router.close());

const named = (i: number): string => `com.example.${i}`;

async function holdMuch(party: Party): Promise<void> {
  for (let i = 0; i < MANY; i++) {
    await party.register(named(i));
    await party.subscribe(named(i));
  }
}

it("what a session with much to take out held is free at once, and answered by nobody", async () => {
  const [holder, other] = [await router.join(), await router.join()];
  await holdMuch(holder);
  await holder.leave();
  other.call(named(MANY - 1));
  expect((await other.error()).uri).toBe("wamp.error.no_such_procedure");
  for (let i = MANY - 1; i >= 0; i--) await other.register(named(i));
  expect(await other.ask("wamp.session.count", [["user"]])).toBe(1);
});

it("that it has left is told once all that it held is taken out, all of it", async () => {
  const [holder, observer] = [await router.join(), await router.join()];
  await holdMuch(holder);
  await observer.subscribe("wamp.", { match: "prefix" });
  holder.vanish();
  const topics = new Map<unknown, number>();
  for (let topic: unknown; topic !== "wamp.session.on_leave";) {
    topic = (await observer.event()).details["topic"];
    topics.set(topic, (topics.get(topic) ?? 0) + 1);
  }
  expect(Object.fromEntries(topics)).toMatchObject({
    "wamp.subscription.on_unsubscribe": MANY,
    "wamp.subscription.on_delete": MANY,
    "wamp.registration.on_unregister": MANY,
    "wamp.registration.on_delete": MANY,
    "wamp.session.on_leave": 1,
  });
});

it("a testament that is decided on when its session has left is kept by nobody, and published to nobody", async () => {
  const listener = await router.join();
  await listener.subscribe("com.example.will");
  const asked = await router.join({ role: "asked" });
  asked.call("wamp.session.add_testament", {}, ["com.example.will", ["late"], {}]);
  asked.send(Code.GOODBYE, {}, "wamp.close.close_realm");
  await asked.next(Code.GOODBYE);
  answer(true);
  await listener.hearsNothing();
});

it("a testament that comes in one frame with GOODBYE goes with its session", async () => {
  const listener = await router.join();
  await listener.subscribe("com.example.will");
  const client = router.router.connect({ protocol: "wamp.2.json.batched" });
  const closed = new Promise<void>((resolve) => (client.onclose = resolve));
  const batch = (...messages: unknown[]): string =>
    messages.map((message) => `${JSON.stringify(message)}\x1e`).join("");
  client.send(batch([Code.HELLO, "realm1", { roles: { caller: {} }, authextra: { role: "user" } }]));
  await listener.hearsNothing();
  client.send(
    batch(
      [Code.CALL, 1, {}, "wamp.session.add_testament", ["com.example.will", ["too late"], {}]],
      [Code.GOODBYE, {}, "wamp.close.close_realm"],
    ),
  );
  await closed;
  await listener.hearsNothing();
});
