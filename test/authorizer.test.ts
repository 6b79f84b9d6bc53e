import { Code, type Component } from "@wampgate/core";
import { type Party, startParties } from "./support/party.ts";

const AUTHORIZER = "com.example.authorize";

type Answer = (session: Record<string, unknown>, uri: string, action: string, options: object) => unknown;

/** A router whose role `user` asks `answer` what it may do; `asked` has each question. */
async function withAuthorizer(
  answer: Answer | null,
  use: (parties: {
    join: Awaited<ReturnType<typeof startParties>>["join"];
    asked: unknown[][];
    log: string;
  }) => Promise<void>,
  { home = "realm-auth" }: { home?: string } = {},
): Promise<void> {
  const asked: unknown[][] = [];
  const module: Component = async (session) => {
    if (answer === null) return;
    await session.register(AUTHORIZER, (args) => {
      asked.push(args);
      return answer(...(args as Parameters<Answer>));
    });
  };
  const authorizer = { name: "authorizer", permissions: [{ uri: AUTHORIZER, allow: { register: true } }] };
  const router = await startParties(
    [
      {
        name: "realm1",
        roles: [
          {
            name: "user",
            authorizer: AUTHORIZER,
            ...(home === "realm1" ? {} : { "authorizer-realm": home }),
            permissions: [{ uri: "wamp.session.count", allow: { call: true } }],
          },
          { name: "free", "allow-by-default": true },
          authorizer,
        ],
      },
      { name: "realm-auth", roles: [authorizer] },
    ],
    [{ module, realm: home, role: "authorizer" }],
  );
  try {
    await use({
      join: router.join,
      asked,
      get log() {
        return router.log.text();
      },
    });
  } finally {
    await router.close();
  }
}

const refusal = async (party: Party, procedure = "com.any"): Promise<string> => {
  party.call(procedure);
  return (await party.error()).uri;
};

describe("a role with an authorizer", () => {
  it("asks it in its own realm with session, uri, action and options, and does as it says", async () => {
    await withAuthorizer(
      (_session, uri) => uri.startsWith("com.open."),
      async ({ join, asked }) => {
        const party = await join();
        await party.subscribe("com.open.", { match: "prefix" });
        await party.register("com.open.proc");
        await party.publish("com.open.topic", { exclude_me: true });
        expect(await refusal(party, "com.closed.proc")).toBe("wamp.error.not_authorized");
        expect(asked.map(([, uri, action]) => [uri, action])).toEqual([
          ["com.open.", "subscribe"],
          ["com.open.proc", "register"],
          ["com.open.topic", "publish"],
          ["com.closed.proc", "call"],
        ]);
        expect(asked[0]?.[0]).toMatchObject({
          session: party.id,
          realm: "realm1",
          authid: "joe",
          authrole: "user",
          authmethod: "test",
          authprovider: "test",
          authextra: {},
          transport: { type: "memory" },
        });
        expect(asked[0]?.[3]).toEqual({ match: "prefix" });
        party.vanish();
      },
    );
  });

  it("is told of the transport what authenticators are, key by key, and nothing that only plugins see", async () => {
    await withAuthorizer(
      () => true,
      async ({ join, asked }) => {
        const party = await join();
        await party.register("com.proc");
        const [{ transport }] = asked[0] as [{ transport: object }];
        expect(Object.keys(transport)).toEqual([
          "type",
          "protocol",
          "peer",
          "cbtid",
          "client_cert",
          "http_headers_received",
          "http_headers_sent",
          "channel_type",
          "channel_framing",
          "channel_serializer",
          "is_secure",
          "peer_cert",
          "websocket_protocol",
          "http_cbtid",
        ]);
        party.vanish();
      },
    );
  });

  it("asks it in the session's realm where no authorizer-realm is named", async () => {
    await withAuthorizer(
      () => true,
      async ({ join, asked }) => {
        const party = await join();
        await party.register("com.proc");
        expect(asked).toHaveLength(1);
        party.vanish();
      },
      { home: "realm1" },
    );
  });

  it("is not asked where a static rule has decided", async () => {
    await withAuthorizer(
      () => false,
      async ({ join, asked }) => {
        const party = await join();
        await party.ask("wamp.session.count");
        expect(asked).toEqual([]);
        party.vanish();
      },
    );
  });

  it("discloses as it says", async () => {
    await withAuthorizer(
      (_session, _uri, action) => ({ allow: true, disclose: action === "call" }),
      async ({ join }) => {
        const [party, callee] = [await join(), await join({ role: "free" })];
        await callee.register("com.proc");
        party.call("com.proc");
        expect((await callee.invocation()).details).toMatchObject({ caller: party.id });
        [party, callee].forEach((each) => each.vanish());
      },
    );
  });

  it("keeps an answer with cache: true for this session, action, URI and match policy, and no other", async () => {
    await withAuthorizer(
      () => ({ allow: true, cache: true }),
      async ({ join, asked }) => {
        const [one, two] = [await join(), await join()];
        for (let i = 0; i < 3; i++) await one.subscribe("com.a");
        expect(asked).toHaveLength(1);
        await one.subscribe("com.a", { match: "prefix" });
        await one.publish("com.a", { exclude_me: true });
        await two.subscribe("com.a");
        expect(asked).toHaveLength(4);
        [one, two].forEach((each) => each.vanish());
      },
    );
  });

  it("asks again where the answer may not be kept", async () => {
    await withAuthorizer(
      () => true,
      async ({ join, asked }) => {
        const party = await join();
        for (let i = 0; i < 3; i++) await party.subscribe("com.a");
        expect(asked).toHaveLength(3);
        party.vanish();
      },
    );
  });

  it.each<[string, Answer | null]>([
    ["throws", () => Promise.reject(new Error("a secret reason"))],
    ["answers a string", () => "yes"],
    ["answers nothing", () => undefined],
    ["answers null", () => null],
    ["answers a list", () => [true]],
    ["answers without allow", () => ({ disclose: true })],
    ["answers allow as 1", () => ({ allow: 1 })],
    ["answers an unknown key", () => ({ allow: true, alow: true })],
    ["asks for validation", () => ({ allow: true, validate: { x: "y" } })],
    ["is not there", null],
  ])("that %s allows nothing: authorization_failed, and the log says why", async (_what, answer) => {
    await withAuthorizer(answer, async (router) => {
      const party = await router.join();
      expect(await refusal(party)).toBe("wamp.error.authorization_failed");
      expect(router.log).toContain(AUTHORIZER);
      party.vanish();
    });
  });

  it("a session's messages keep their order while one waits for an answer", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await withAuthorizer(
      async (_session, uri) => {
        if (uri === "com.slow") await gate;
        return true;
      },
      async ({ join }) => {
        const [party, free] = [await join(), await join({ role: "free" })];
        await free.subscribe("com.", { match: "prefix" });
        const topics = ["com.slow", "com.fast", "com.faster"];
        for (const topic of topics) party.request(Code.PUBLISH, {}, topic);
        await free.hearsNothing();
        release();
        const events = [await free.event(), await free.event(), await free.event()];
        expect(events.map(({ details }) => details["topic"])).toEqual(topics);
        [party, free].forEach((each) => each.vanish());
      },
    );
  });

  it("a client that leaves while it is asked leaves nothing behind", async () => {
    let asked = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await withAuthorizer(
      async () => {
        asked();
        await gate;
        return true;
      },
      async ({ join }) => {
        const [party, free] = [await join(), await join({ role: "free" })];
        party.request(Code.REGISTER, {}, "com.late");
        await waiting;
        party.vanish();
        release();
        free.call("com.late");
        expect(await free.error()).toMatchObject({ uri: "wamp.error.no_such_procedure" });
        free.vanish();
      },
    );
  });

  it("nobody becomes the authorizer, or calls it, by a broad rule", async () => {
    await withAuthorizer(
      null,
      async ({ join }) => {
        const free = await join({ role: "free" });
        free.request(Code.REGISTER, {}, AUTHORIZER);
        expect(await free.error()).toMatchObject({ uri: "wamp.error.not_authorized" });
        expect(await refusal(free, AUTHORIZER)).toBe("wamp.error.not_authorized");
        free.vanish();
      },
      { home: "realm1" },
    );
  });
});

it("does not grant what ends sessions, subscriptions and registrations of others: that needs a rule", async () => {
  const procedures = [
    "wamp.session.kill",
    "wamp.session.kill_by_authid",
    "wamp.session.kill_by_authrole",
    "wamp.session.kill_all",
    "wamp.subscription.remove_subscriber",
    "wamp.registration.remove_callee",
  ];
  await withAuthorizer(
    () => true,
    async ({ join, asked }) => {
      const victim = await join({ role: "free" });
      const user = await join();
      for (const procedure of procedures) expect(await refusal(user, procedure)).toBe("wamp.error.not_authorized");
      expect(asked).toEqual([]);
      await victim.hearsNothing();
    },
  );
});
