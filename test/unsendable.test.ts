import { acceptAs, challenge, Code, definePlugin, type Message, type Serializer, WampError } from "@wampgate/core";
import { type FakeClient, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { Party } from "./support/party.ts";

// A message that cannot be sent ends the session that was to get it, at most. It never ends the router, nor harms who
// made the router send it, whether it is sent at once or at the end of a wait.

/** What the serializer of a victim does at a type of message. */
const FAILURES = {
  "throws a TypeError": () => new TypeError("cannot read properties of undefined"),
  "throws a WampError": () => new WampError("wamp.error.invalid_argument", "cannot be said"),
  "throws what is no error": () => "nothing to be seen",
} as const;
type Failure = keyof typeof FAILURES;

/** A format that fails as it is told to: JSON in text frames. */
let failing: { readonly type: string; readonly failure: Failure } | null = null;

async function brokenJson(): Promise<Serializer> {
  const { json } = await import("../packages/core/src/serializers/json/codec.ts");
  const encode = (message: Message): Uint8Array => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a serializer may throw anything
    if (message.type === failing?.type) throw FAILURES[failing.failure]();
    return json.encode(message);
  };
  const parts = (message: Message): Uint8Array[] => [encode(message)];
  return Object.assign(Object.create(json) as Serializer, {
    name: "broken",
    encode,
    encodeParts: parts,
    write: () => -1,
  });
}

const AUTHORIZER = "com.example.authorize";
const REALMS = [
  {
    name: "realm1",
    roles: [
      { name: "free", "allow-by-default": true },
      { name: "asked", authorizer: AUTHORIZER },
      { name: "authorizer", permissions: [{ uri: AUTHORIZER, allow: { register: true } }] },
    ],
  },
];

let router: TestRouter;
beforeEach(async () => {
  failing = null;
  const gate = definePlugin({
    name: "gate",
    core: "*",
    serializers: [await brokenJson()],
    apply(api) {
      api.hooks.hello.tap("gate", ({ realm, authid, authmethods }) =>
        authmethods.includes("anonymous") ? acceptAs({ realm, authid, role: String(authid) }) : undefined,
      );
      api.hooks.challenge.for("ticket").tap({ name: "gate", stage: -1 }, () => challenge({}));
    },
  });
  const { default: anonymous } = await import("@wampgate/auth-anonymous");
  const { default: ticket } = await import("@wampgate/auth-ticket");
  router = await startTestRouter({
    plugins: [gate, anonymous, ticket],
    realms: REALMS,
    auth: { ticket: { type: "static", principals: {} } },
    components: [
      {
        module: async (session: { register: (uri: string, handler: () => Promise<boolean>) => Promise<unknown> }) => {
          await session.register(AUTHORIZER, () => new Promise((resolve) => setImmediate(() => resolve(true))));
        },
        realm: "realm1",
        role: "authorizer",
      },
    ],
  });
});
afterEach(() => router.close());

const features = (...names: string[]): object => ({ features: Object.fromEntries(names.map((name) => [name, true])) });
const ROLES = {
  caller: features("progressive_call_results", "call_canceling"),
  callee: features("progressive_call_results", "call_canceling", "registration_revocation"),
  subscriber: features("subscription_revocation"),
  publisher: {},
};

/** Says HELLO in a format of the router, for a role. */
function hello(role: string, protocol = "wamp.2.json"): FakeClient {
  const client = router.connect({ protocol });
  client.hello({ authid: role, authmethods: ["anonymous"], roles: ROLES });
  return client;
}

async function join(role: string, protocol?: string): Promise<Party> {
  const client = hello(role, protocol);
  return new Party(client, await client.welcomed());
}

const TOPIC = "com.example.topic";
const PROCEDURE = "com.example.procedure";

/** For each type of message: what makes the router send one to the victim, and what another session gets of it. */
const CASES: Readonly<Record<string, (victim: Party, other: Party) => unknown>> = {
  GOODBYE: (victim) => victim.send(Code.GOODBYE, {}, "wamp.close.close_realm"),
  ABORT: (victim) => victim.send(Code.HELLO, "realm1", {}),
  ERROR: (victim) => victim.call("com.example.nothing"),
  PUBLISHED: (victim) => victim.request(Code.PUBLISH, { acknowledge: true }, TOPIC),
  SUBSCRIBED: (victim) => victim.request(Code.SUBSCRIBE, {}, TOPIC),
  UNSUBSCRIBED: async (victim) => victim.request(Code.UNSUBSCRIBE, await victim.subscribe(TOPIC)),
  REGISTERED: (victim) => victim.request(Code.REGISTER, {}, PROCEDURE),
  UNREGISTERED: async (victim) => victim.request(Code.UNREGISTER, await victim.register(PROCEDURE)),
  EVENT: async (victim, other) => {
    await victim.subscribe(TOPIC);
    await other.subscribe(TOPIC);
    other.request(Code.PUBLISH, { exclude_me: false }, TOPIC, ["for all"]);
    expect((await other.event()).args).toEqual(["for all"]);
  },
  INVOCATION: async (victim, other) => {
    await victim.register(PROCEDURE);
    other.call(PROCEDURE);
    expect((await other.error()).uri).toBe("wamp.error.invalid_argument");
  },
  INTERRUPT: async (victim, other) => {
    await victim.register(PROCEDURE);
    const request = other.call(PROCEDURE);
    await victim.invocation();
    other.send(Code.CANCEL, request, { mode: "killnowait" });
    expect((await other.error()).uri).toBe("wamp.error.canceled");
  },
  RESULT: async (victim, other) => {
    await other.register(PROCEDURE);
    victim.call(PROCEDURE);
    other.yield((await other.invocation()).id, {}, ["result"]);
  },
};

const cases = Object.keys(CASES).flatMap((type) =>
  (Object.keys(FAILURES) as Failure[]).flatMap((failure) =>
    // The second role waits for an authorizer before each message.
    ["free", "asked"].map((role) => ({ type, failure, role })),
  ),
);

describe.each(cases)("a serializer that $failure at $type, for a session with the role $role", (how) => {
  it("harms nobody else, and ends its session where it fails for no reason of the message's", async () => {
    const { type, failure, role } = how;
    const [victim, other] = [await join(role, "wamp.2.broken"), await join("free")];
    failing = { type, failure };
    await CASES[type]?.(victim, other);
    if (failure !== "throws a WampError") await victim.client.closed;
    await other.hearsNothing();
    await (await join("free")).hearsNothing();
  });
});

describe("a login whose WELCOME or CHALLENGE cannot be sent", () => {
  it.each(Object.keys(FAILURES) as Failure[])("ends, alone: a serializer that %s", async (failure) => {
    const other = await join("free");
    for (const type of ["WELCOME", "CHALLENGE", "ABORT"]) {
      failing = { type, failure };
      const client = router.connect({ protocol: "wamp.2.broken" });
      client.hello({ authid: "free", authmethods: [type === "WELCOME" ? "anonymous" : "ticket"], roles: ROLES });
      if (type === "ABORT") client.authenticate("wrong");
      await client.closed;
    }
    await other.hearsNothing();
    expect(router.router.sessionCount.remote).toBe(1);
    expect(router.router.stats.transports[0]).toMatchObject({ pendingLogins: 0, sessions: 1 });
  });

  it("ends, alone: a plugin's tap of welcome adds a getter that throws", async () => {
    const spoil = definePlugin({
      name: "spoil",
      core: "*",
      apply(api) {
        const trap = {
          get deep(): never {
            throw new Error("a getter of a plugin");
          },
        };
        api.hooks.welcome.tap("spoil", ({ authid }, details) => {
          if (authid === "victim") details["x_spoilt"] = trap;
        });
      },
    });
    const { default: anonymous } = await import("@wampgate/auth-anonymous");
    const own = await startTestRouter({
      plugins: [anonymous, spoil],
      auth: { anonymous: { type: "static", role: "user" } },
    });
    const [victim, other] = [own.connect(), own.connect()];
    victim.hello({ authid: "victim" });
    await victim.closed;
    other.hello();
    await other.welcomed();
    await own.close();
  });
});
