import { type ClientCertificate, Code, constantTimeEqual, ErrorUri, WampError } from "@wampgate/core";
import { type FakeClient, sampleCertificate, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { clientHalf } from "../packages/auth-scram/src/client.ts";
import { CROSSBAR } from "../packages/auth-scram/src/dialect.ts";
import {
  AUTHENTICATOR,
  byTicket,
  dynamicBlock,
  outcomeOf,
  REALMS,
  startDynamic,
  withDynamic,
} from "./support/dynamic.ts";
import { OFFICIAL } from "./support/router.ts";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";

// Each test names the row of docs/guides/crossbar.md that it keeps.

const raise = (uri: string, ...args: unknown[]): never => {
  throw new WampError(uri, undefined, { args });
};
const FAILED = ErrorUri.authenticationFailed;
const user = (): string => "user";

describe("kept of Crossbar", () => {
  it("call: realm, authid and details, positional, no kwargs, by a caller that is disclosed as trusted", async () => {
    const router = await startDynamic(null);
    const calls: unknown[] = [];
    const session = router.router.session("realm-auth", { role: "authenticator" });
    await session.register(AUTHENTICATOR, (args, kwargs, { caller_authrole }) => {
      calls.push([args.length, args[0], args[1], kwargs, caller_authrole]);
      return "user";
    });
    const client = await byTicket(router);
    await client.welcomed();
    expect(calls).toEqual([[3, "realm1", "joe", {}, "trusted"]]);
    await router.close();
  });

  it("call: null for a realm and an authid that HELLO did not name", async () => {
    const seen: unknown[] = [];
    const { end } = await outcomeOf(
      (realm, authid) => {
        seen.push(realm, authid);
        return { realm: "realm1", authid: "somebody", role: "user" };
      },
      { realm: null, authid: null },
    );
    expect(seen).toEqual([null, null]);
    expect(end).toMatchObject({ realm: "realm1", authid: "somebody" });
  });

  it("when: ticket is decided after AUTHENTICATE, wampcra and anonymous at HELLO", async () => {
    const order: string[] = [];
    await withDynamic(
      (_realm, _authid, { authmethod }) => {
        order.push(String(authmethod));
        return authmethod === "wampcra" ? { role: "user", secret: "x" } : "user";
      },
      async (router) => {
        const ticket = router.connect();
        ticket.hello({ authid: "joe", authmethods: ["ticket"] });
        await ticket.expect(Code.CHALLENGE);
        order.push("CHALLENGE ticket");
        ticket.authenticate("secret");
        await ticket.welcomed();
        const cra = router.connect();
        cra.hello({ authid: "joe", authmethods: ["wampcra"] });
        await cra.expect(Code.CHALLENGE);
        order.push("CHALLENGE wampcra");
        const anonymous = router.connect();
        anonymous.hello({ authmethods: ["anonymous"] });
        await anonymous.welcomed();
      },
    );
    expect(order).toEqual(["CHALLENGE ticket", "ticket", "wampcra", "CHALLENGE wampcra", "anonymous"]);
  });

  it("when: cryptosign is decided at HELLO, before CHALLENGE, with the client's key in authextra.pubkey", async () => {
    const key = new SigningKey("a1".repeat(32));
    const order: unknown[] = [];
    await withDynamic(
      (_realm, _authid, { authmethod, authextra }) => {
        order.push(authmethod, (authextra as { pubkey: string }).pubkey);
        return { role: "user", authid: "device-1", pubkey: key.publicKey, extra: { foo: 23 } };
      },
      async ({ connect }) => {
        const client = connect();
        client.hello({ authmethods: ["cryptosign"], authextra: { pubkey: key.publicKey } });
        const [, , { challenge }] = (await client.expect(Code.CHALLENGE)) as [number, string, { challenge: string }];
        order.push("CHALLENGE");
        client.authenticate(key.sign(Buffer.from(challenge, "hex")));
        expect(await client.welcomed()).toMatchObject({ authid: "device-1", authextra: { foo: 23 } });
      },
    );
    expect(order).toEqual(["cryptosign", key.publicKey, "CHALLENGE"]);
  });

  it("when: tls calls the authenticator at HELLO, with the certificate in transport, and there is no CHALLENGE", async () => {
    const certificate = sampleCertificate();
    const calls: unknown[] = [];
    await withDynamic(
      (realm, authid, { authmethod, transport }) => {
        const { client_cert: shown, peer_cert } = transport as { client_cert: ClientCertificate; peer_cert: unknown };
        calls.push([realm, authid, authmethod, shown, peer_cert]);
        return { authid: (shown.subject as { cn: string }).cn, role: "user" };
      },
      async ({ connect }) => {
        const client = connect({ certificate });
        client.hello({ authid: "joe", authmethods: ["tls"] });
        expect(await client.welcomed()).toMatchObject({
          authid: "client_0",
          authrole: "user",
          authmethod: "tls",
          authprovider: "dynamic",
        });
      },
    );
    expect(calls).toEqual([["realm1", "joe", "tls", certificate, certificate]]);
  });

  it("where: without authenticator-realm the authenticator is called in the realm of HELLO", async () => {
    const block = { type: "dynamic", authenticator: AUTHENTICATOR };
    const realms = [
      {
        name: "realm1",
        roles: [
          { name: "user", "allow-by-default": true },
          { name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] },
        ],
      },
      { name: "realm2", roles: [{ name: "user" }] },
    ];
    const router = await startTestRouter({ plugins: OFFICIAL, auth: { ticket: block }, realms });
    const session = router.router.session("realm1", { role: "authenticator" });
    await session.register(AUTHENTICATOR, user);
    await (await byTicket(router)).welcomed();
    expect((await (await byTicket(router, { realm: "realm2" })).aborted()).reason).toBe(FAILED);
    expect((await (await byTicket(router, { realm: "nope" })).aborted()).reason).toBe(ErrorUri.noSuchRealm);
    expect((await (await byTicket(router, { realm: null })).aborted()).reason).toBe(ErrorUri.noSuchRealm);
    await router.close();
  });

  it("answer: a role as a string", async () => {
    const { end } = await outcomeOf(user);
    expect(end).toMatchObject({ realm: "realm1", authid: "joe", authrole: "user", authmethod: "ticket" });
  });

  it("answer: a dictionary, unknown keys ignored", async () => {
    const { end } = await outcomeOf(() => ({ role: "user", cache: true, nonsense: [1] }));
    expect(end).toMatchObject({ authrole: "user" });
  });

  it("realm null in HELLO: the authenticator's realm, else ABORT no_such_realm", async () => {
    const assigned = await outcomeOf(() => ({ realm: "realm2", role: "user2" }), { realm: null });
    expect(assigned.end).toMatchObject({ realm: "realm2" });
    const none = await outcomeOf(user, { realm: null });
    expect(none.end).toMatchObject({ reason: ErrorUri.noSuchRealm });
  });

  it("override: realm, authid and role replace the client's, extra becomes authextra", async () => {
    const extra = { "my-custom-welcome-data": [1, 2, 3] };
    const { end } = await outcomeOf(() => ({ realm: "realm2", authid: "ID09125", role: "user2", extra }));
    expect(end).toMatchObject({ realm: "realm2", authid: "ID09125", authrole: "user2", authextra: extra });
  });

  it.each([
    [{ realm: null, role: "user" }, ErrorUri.noSuchRealm],
    [{ realm: "", role: "user" }, ErrorUri.noSuchRealm],
    [{ authid: null, role: "user" }, ErrorUri.noSuchPrincipal],
    [{ authid: "", role: "user" }, ErrorUri.noSuchPrincipal],
    [{ role: null }, ErrorUri.noSuchRole],
    [{ role: "" }, ErrorUri.noSuchRole],
  ])("override: %j counts as none assigned", async (answer, reason) => {
    expect((await outcomeOf(() => answer)).end).toMatchObject({ reason });
  });

  it("override: the realm of HELLO need not exist where an authenticator-realm is configured", async () => {
    const { end } = await outcomeOf(() => ({ realm: "realm2", role: "user2" }), { realm: "nope" });
    expect(end).toMatchObject({ realm: "realm2" });
  });

  it("ERROR raised: the same URI, the first argument as message if it is a string", async () => {
    const worded = await outcomeOf(() => raise("com.example_invalid_realm", "not this realm", "more"));
    expect(worded.end).toEqual({ reason: "com.example_invalid_realm", message: "not this realm" });
    const wordless = await outcomeOf(() => raise("com.example.invalid_ticket", { why: "wrong" }));
    expect(wordless.end).toEqual({ reason: "com.example.invalid_ticket", message: undefined });
    const bare = await outcomeOf(() => raise("com.example.invalid_ticket"));
    expect(bare.end).toEqual({ reason: "com.example.invalid_ticket", message: undefined });
  });

  it("ERROR raised: a reason that is no URI at all becomes authentication_failed", async () => {
    expect((await outcomeOf(() => raise("not a uri"))).end).toMatchObject({ reason: FAILED });
  });

  it.each([[null], [true], [false], [42], [["user"]], [undefined]])(
    "wrong type: %j is ABORT authentication_failed",
    async (answer) => {
      expect((await outcomeOf(() => answer)).end).toMatchObject({ reason: FAILED });
    },
  );

  it("wrong type: several results or kwargs are ABORT authentication_failed", async () => {
    const { Result } = await import("@wampgate/core");
    for (const answer of [
      new Result(["user", "user"]),
      new Result([], { role: "user" }),
      new Result(["user"], { a: 1 }),
    ]) {
      expect((await outcomeOf(() => answer)).end).toMatchObject({ reason: FAILED });
    }
  });

  it("no role: default-role of the block, else ABORT no_such_role", async () => {
    expect((await outcomeOf(() => ({}))).end).toEqual({
      reason: ErrorUri.noSuchRole,
      message: "no authrole was assigned",
    });
    expect((await outcomeOf(() => ({}), {}, { "default-role": "user" })).end).toMatchObject({ authrole: "user" });
    expect((await outcomeOf(() => ({ role: "" }), {}, { "default-role": "user" })).end).toMatchObject({
      authrole: "user",
    });
  });

  it("no authid: ABORT no_such_principal", async () => {
    expect((await outcomeOf(user, { authid: null })).end).toMatchObject({ reason: ErrorUri.noSuchPrincipal });
  });

  it("no role: a static principal without one is legal config, check warns, its login gets no_such_role", async () => {
    const auth = { ticket: { type: "static", principals: { joe: { ticket: "secret" } } } };
    const router = await startTestRouter({ plugins: OFFICIAL, auth });
    expect(router.router.warnings.map(({ message }) => message).join()).toMatch(/no_such_role/);
    expect((await (await byTicket(router)).aborted()).reason).toBe(ErrorUri.noSuchRole);
    await router.close();
  });

  it("realm or role not there: ABORT no_such_realm or no_such_role, and nothing is created", async () => {
    expect((await outcomeOf(() => ({ realm: "nope", role: "user" }))).end).toEqual({
      reason: ErrorUri.noSuchRealm,
      message: 'no realm "nope" exists on this router',
    });
    expect((await outcomeOf(() => "nobody")).end).toEqual({
      reason: ErrorUri.noSuchRole,
      message: 'realm "realm1" has no role "nobody"',
    });
  });

  describe("authmethods", () => {
    let router: TestRouter;
    beforeAll(async () => {
      const users = { joe: { secret: "secret", role: "user" } };
      const principals = { joe: { ticket: "secret", role: "user" } };
      router = await startTestRouter({
        plugins: OFFICIAL,
        auth: {
          ticket: { type: "static", principals },
          wampcra: { type: "static", users },
          anonymous: { type: "static", role: "user" },
        },
      });
    });
    afterAll(() => router.close());

    it("authmethods: the client's order, the first one configured decides", async () => {
      for (const [authmethods, first] of [
        [["wampcra", "ticket"], "wampcra"],
        [["ticket", "wampcra"], "ticket"],
        [["scram", "ticket"], "ticket"],
      ] as const) {
        const client = router.connect();
        client.hello({ authid: "joe", authmethods });
        expect((await client.expect(Code.CHALLENGE))[1]).toBe(first);
      }
    });

    it("authmethods: no fall-through after a denial", async () => {
      const client = router.connect();
      client.hello({ authid: "joe", authmethods: ["ticket", "anonymous"] });
      await client.expect(Code.CHALLENGE);
      client.authenticate("wrong");
      expect((await client.aborted()).reason).toBe(ErrorUri.authenticationDenied);
    });

    it("authmethods: none given, or an empty list, means anonymous", async () => {
      for (const hello of [{}, { authmethods: [] }]) {
        const client = router.connect();
        client.hello(hello);
        expect((await client.welcomed())["authmethod"]).toBe("anonymous");
      }
    });

    it("one bad authmethod name: unknown names are skipped", async () => {
      const client = router.connect();
      client.hello({ authid: "joe", authmethods: ["foo", "__proto__", "constructor", "ticket"] });
      expect((await client.expect(Code.CHALLENGE))[1]).toBe("ticket");
    });

    it("nothing usable: the spec's no_matching_auth_method", async () => {
      const client = router.connect();
      client.hello({ authmethods: ["foo", "toString"] });
      expect((await client.aborted()).reason).toBe("wamp.error.no_matching_auth_method");
    });

    it("anonymous authid: the client's is ignored", async () => {
      const client = router.connect();
      client.hello({ authid: "joe", authmethods: ["anonymous"] });
      expect((await client.welcomed())["authid"]).toMatch(/^([345679ACEFGHJKLMNPQRSTUVWXY]{4}-?){6}$/);
    });

    it("after ABORT the socket closes, and AUTHENTICATE cannot be tried again", async () => {
      const client = router.connect();
      client.hello({ authid: "joe", authmethods: ["ticket"] });
      await client.expect(Code.CHALLENGE);
      client.authenticate("wrong");
      client.authenticate("secret");
      expect((await client.aborted()).reason).toMatch(/authentication_denied|protocol_violation/);
      await expect(client.next()).rejects.toThrow("closed");
    });

    it("HELLO's authextra is not echoed", async () => {
      const client = router.connect();
      client.hello({ authid: "joe", authmethods: ["anonymous"], authextra: { a: 1 } });
      expect((await client.welcomed())["authextra"]).toEqual({});
      expect((await (await byTicket(router, { authextra: { a: 1 } })).welcomed())["authextra"]).toEqual({});
    });
  });

  it("session id: the one told to the authenticator and in the CRA challenge is the one in WELCOME", async () => {
    const told: unknown[] = [];
    await withDynamic(
      (_realm, _authid, { session, authmethod }) => {
        told.push(session);
        return authmethod === "ticket" ? "user" : { role: "user", secret: "x" };
      },
      async (router) => {
        const { session } = await (await byTicket(router)).welcomed();
        const cra = router.connect();
        cra.hello({ authid: "joe", authmethods: ["wampcra"] });
        const [, , extra] = await cra.expect(Code.CHALLENGE);
        const challenge = JSON.parse((extra as { challenge: string }).challenge) as { session: number };
        expect(told).toEqual([session, challenge.session]);
      },
    );
  });

  it("wampcra challenge: a JSON string with these keys in this order, of the assigned values", async () => {
    await withDynamic(
      () => ({ role: "user2", authid: "ID09125", secret: "x" }),
      async ({ connect }) => {
        const client = connect();
        client.hello({ authid: "hans", authmethods: ["wampcra"] });
        const [, method, extra] = await client.expect(Code.CHALLENGE);
        const challenge = JSON.parse((extra as { challenge: string }).challenge) as Record<string, unknown>;
        expect(method).toBe("wampcra");
        expect(Object.keys(challenge)).toEqual([
          "authid",
          "authrole",
          "authmethod",
          "authprovider",
          "session",
          "nonce",
          "timestamp",
        ]);
        expect(challenge).toMatchObject({
          authid: "ID09125",
          authrole: "user2",
          authmethod: "wampcra",
          authprovider: "dynamic",
        });
        expect(Buffer.from(String(challenge["nonce"]), "base64")).toHaveLength(48);
        expect(challenge["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      },
    );
  });

  it("WELCOME: realm, authid, authrole, authmethod, authprovider, authextra, roles with features", async () => {
    const { end } = await outcomeOf(user);
    expect(Object.keys(end).sort()).toEqual(
      ["authextra", "authid", "authmethod", "authprovider", "authrole", "realm", "roles"].sort(),
    );
    expect(end).toMatchObject({
      authprovider: "dynamic",
      roles: { broker: { features: {} }, dealer: { features: {} } },
    });
  });

  it("anonymous authid: a random serial, told to the dynamic authenticator", async () => {
    const seen: unknown[] = [];
    await withDynamic(
      (_realm, authid) => {
        seen.push(authid);
        return "user";
      },
      async ({ connect }) => {
        const client = connect();
        client.hello({ authid: "joe", authmethods: ["anonymous"] });
        seen.push((await client.welcomed())["authid"]);
      },
    );
    expect(seen[0]).toMatch(/^[345679ACEFGHJKLMNPQRSTUVWXY]{4}-/);
    expect(seen[1]).toBe(seen[0]);
  });

  it("batched: batches are understood, whichever separator ends them, and answered with the same", async () => {
    for (const separator of ["\u001e", "\u0018"]) {
      await withDynamic(user, async ({ router }) => {
        const link = router.connect({ protocol: "wamp.2.json.batched" });
        const frame = new Promise<string>((resolve) => (link.onframe = (data) => resolve(String(data))));
        link.send(`[1,"realm1",{"roles":{"caller":{}},"authmethods":["anonymous"]}]${separator}`);
        expect(await frame).toMatch(new RegExp(`^\\[2,.*\\]${separator}$`));
        link.close();
      });
    }
  });
});

describe("done better than Crossbar", () => {
  it("authenticator not registered: authentication_failed, its URI only in the log, at error level", async () => {
    const { end, log } = await outcomeOf(null);
    expect(end).toMatchObject({ reason: FAILED });
    expect(JSON.stringify(end)).not.toContain(AUTHENTICATOR);
    const errors = log.lines.filter(({ level }) => level === "error").map(({ message }) => message);
    expect(errors.join()).toContain(AUTHENTICATOR);
    expect(errors.join()).toContain("realm-auth");
  });

  it("authenticator not registered: wait holds the login until it is there", async () => {
    await withDynamic(
      null,
      async (router) => {
        const client = await byTicket(router);
        const session = router.router.session("realm-auth", { role: "authenticator" });
        await session.register(AUTHENTICATOR, user);
        expect((await client.welcomed())["authrole"]).toBe("user");
      },
      { wait: 5000 },
    );
  });

  it("authenticator not registered: after wait is over it is authentication_failed", async () => {
    expect((await outcomeOf(null, {}, { wait: 30 })).end).toMatchObject({ reason: FAILED });
  });

  it("authenticator leaves during the call: authentication_failed", async () => {
    await withDynamic(null, async (router) => {
      const session = router.router.session("realm-auth", { role: "authenticator" });
      await session.register(AUTHENTICATOR, () => {
        session.leave();
        return new Promise(() => undefined);
      });
      const { reason, message } = await (await byTicket(router)).aborted();
      expect(reason).toBe(FAILED);
      expect(message).not.toContain(AUTHENTICATOR);
    });
  });

  it("authenticator crashes: runtime_error without its text, which is logged", async () => {
    const { end, log } = await outcomeOf(() => {
      throw new Error("the database password is hunter2");
    });
    expect(end).toEqual({ reason: "wamp.error.runtime_error", message: undefined });
    expect(log.text()).toContain("hunter2");
    const foreign = await outcomeOf(() => raise("wamp.error.runtime_error", "boom"));
    expect(foreign.end).toEqual({ reason: "wamp.error.runtime_error", message: undefined });
    expect(foreign.log.text()).toContain("boom");
  });

  it("whoever may register by a prefix rule cannot become the authenticator: only an exact rule grants it", async () => {
    const realms = [
      {
        name: "realm-auth",
        roles: [
          { name: "open", "allow-by-default": true },
          {
            name: "prefix",
            permissions: [{ uri: "com.example.", match: "prefix", allow: { register: true, call: true } }],
          },
          {
            name: "wild",
            permissions: [{ uri: "com..authenticate", match: "wildcard", allow: { register: true, call: true } }],
          },
          { name: "exact", permissions: [{ uri: AUTHENTICATOR, allow: { register: true, call: true } }] },
        ],
      },
      { name: "realm1", roles: [{ name: "user" }] },
    ];
    const router = await startTestRouter({ plugins: OFFICIAL, realms, auth: { ticket: dynamicBlock } });
    for (const role of ["open", "prefix", "wild"]) {
      const session = router.router.session("realm-auth", { role });
      await expect(session.register(AUTHENTICATOR, user)).rejects.toMatchObject({ uri: ErrorUri.notAuthorized });
      await expect(session.call(AUTHENTICATOR, [])).rejects.toThrow(/configured as an authenticator.*exact/);
    }
    expect(router.log.text()).toMatch(/action denied .*"rule":"no exact rule, which an authenticator/);
    const exact = router.router.session("realm-auth", { role: "exact" });
    await exact.register(AUTHENTICATOR, user);
    await (await byTicket(router)).welcomed();
    await router.close();
  });

  it("realm and role are checked after the proof for every method", async () => {
    const router = await startTestRouter({
      plugins: OFFICIAL,
      auth: {
        ticket: { type: "static", principals: { joe: { ticket: "secret", role: "user" } } },
        wampcra: { type: "static", users: { joe: { secret: "secret", role: "user" } } },
      },
    });
    for (const method of ["ticket", "wampcra"]) {
      const client = router.connect();
      client.hello({ realm: "nope", authid: "joe", authmethods: [method] });
      await client.expect(Code.CHALLENGE);
      client.authenticate("wrong");
      expect((await client.aborted()).reason).toBe(ErrorUri.authenticationDenied);
    }
    expect((await (await byTicket(router, { realm: "nope" })).aborted()).reason).toBe(ErrorUri.noSuchRealm);
    await router.close();
  });

  it("authenticator never answers: authentication_failed after timeout, and the call is cancelled", async () => {
    const { end } = await outcomeOf(() => new Promise(() => undefined), {}, { timeout: 30 });
    expect(end).toMatchObject({ reason: FAILED });
  });

  it.each([
    ["extra that is no mapping", { role: "user", extra: "str" }],
    ["a role that is a number", { role: 5 }],
    ["a realm that is a list", { role: "user", realm: ["realm1"] }],
    ["an authid that is a dictionary", { role: "user", authid: {} }],
  ])("wrong type of a key: %s is authentication_failed, and the log says what was wrong", async (_what, answer) => {
    const { end, log } = await outcomeOf(() => answer);
    expect(end).toMatchObject({ reason: FAILED });
    expect(log.text()).toMatch(/its (extra|role|realm|authid): expected .*, found/);
  });

  it.each([
    ["a role string", "user"],
    ["no secret", { role: "user" }],
    ["an empty secret", { role: "user", secret: "" }],
    ["a null secret", { role: "user", secret: null }],
    ["a secret that is a number", { role: "user", secret: 5 }],
    ["salt alone", { role: "user", secret: "x", salt: "y" }],
    ["secret and password", { role: "user", secret: "x", password: "y" }],
    ["too many iterations", { role: "user", secret: "x", salt: "y", iterations: 1_000_001, keylen: 32 }],
  ])("wampcra: %s is authentication_failed, and the log says that wampcra cannot check it", async (_what, answer) => {
    await withDynamic(
      () => answer,
      async ({ connect, log }) => {
        const client = connect();
        client.hello({ authid: "joe", authmethods: ["wampcra"] });
        expect((await client.aborted()).reason).toBe(FAILED);
        expect(log.text()).toMatch(/wampcra/);
      },
    );
  });

  it.each([
    ["a role string", "user"],
    ["no pubkey", { role: "user" }],
    ["a null pubkey", { role: "user", pubkey: null }],
    ["a pubkey that is a number", { role: "user", pubkey: 5 }],
    ["a short pubkey", { role: "user", pubkey: "ab" }],
    ["no pubkeys", { role: "user", pubkey: [] }],
    ["too many pubkeys", { role: "user", pubkey: Array.from({ length: 17 }, () => "ab".repeat(32)) }],
    ["a pubkey for which anybody can sign", { role: "user", pubkey: `01${"00".repeat(31)}` }],
  ])("cryptosign: %s is authentication_failed, and the log says what was wrong", async (_what, answer) => {
    await withDynamic(
      () => answer,
      async ({ connect, log }) => {
        const client = connect();
        client.hello({ authid: "joe", authmethods: ["cryptosign"], authextra: { pubkey: "ab".repeat(32) } });
        expect((await client.aborted()).reason).toBe(FAILED);
        expect(log.text()).toMatch(/cryptosign can check: pubkey/);
      },
    );
  });

  it("wampcra: a salted secret that is not the derived key cannot be proved, and the log says what to do", async () => {
    const salting = { salt: "y", iterations: 10, keylen: 16 };
    const warned = async (answer: object): Promise<string[]> =>
      withDynamic(
        () => ({ role: "user", ...answer }),
        async ({ connect, log }) => {
          const client = connect();
          client.hello({ authid: "joe", authmethods: ["wampcra"] });
          await client.expect(Code.CHALLENGE);
          return log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
        },
      );
    expect(await warned({ secret: "plain-secret", ...salting })).toEqual([
      expect.stringMatching(/^wampcra: its secret is not the derived key, base64 of 16 bytes, .* is called password/),
    ]);
    expect(await warned({ secret: Buffer.alloc(16).toString("base64"), ...salting })).toEqual([]);
    expect(await warned({ password: "plain-secret", ...salting })).toEqual([]);
    expect(await warned({ secret: "plain-secret" })).toEqual([]);
  });

  it("expires and then in an answer are not ignored: the session ends at that time, and no factor is left out", async () => {
    const end = Math.floor(Date.now() / 1000) + 3600;
    expect((await outcomeOf(() => ({ role: "user", expires: end }))).end).toMatchObject({ expires: end });
    expect((await outcomeOf(() => ({ role: "user", expires: "tomorrow" }))).end).toMatchObject({ reason: FAILED });
    expect((await outcomeOf(() => ({ role: "user", then: "totp" }))).end).toMatchObject({ reason: FAILED });
  });

  it.each(["trusted", "anonymous"])("role %s has no exception: it must exist", async (role) => {
    expect((await outcomeOf(() => role)).end).toMatchObject({ reason: ErrorUri.noSuchRole });
  });

  it("tickets and secrets are compared in constant time, in one place", () => {
    expect(constantTimeEqual("secret", "secret")).toBe(true);
    expect(constantTimeEqual("secret", "secret2")).toBe(false);
    expect(constantTimeEqual("secret", "")).toBe(false);
  });

  it("x_cb_*: authextra is the authenticator's, and nothing else", async () => {
    const { end } = await outcomeOf(() => ({ role: "user", extra: { eins: "zwo" } }));
    expect(end["authextra"]).toEqual({ eins: "zwo" });
  });

  it("details: every method gets all keys, and transport is the union of both shapes", async () => {
    const details: Record<string, unknown>[] = [];
    await withDynamic(
      (_realm, _authid, given) => {
        details.push(given);
        return given["authmethod"] === "wampcra" ? { role: "user", secret: "x" } : "user";
      },
      async (router) => {
        await (await byTicket(router, { authextra: { foo: "bar" } })).welcomed();
        const cra = router.connect({ headers: { cookie: "a=b" } });
        cra.hello({ authid: "joe", authmethods: ["wampcra"] });
        await cra.expect(Code.CHALLENGE);
        const anonymous = router.connect();
        anonymous.hello();
        await anonymous.welcomed();
      },
    );
    const keys = ["authextra", "authid", "authmethod", "authrole", "session", "transport"];
    expect(details.map((given) => Object.keys(given).sort())).toEqual([[...keys, "ticket"].sort(), keys, keys]);
    expect(details[0]).toMatchObject({ ticket: "secret", authextra: { foo: "bar" }, authid: "joe", authrole: null });
    expect(details[1]?.["transport"]).toEqual({
      type: "memory",
      protocol: "wamp.2.json",
      peer: "memory",
      cbtid: null,
      client_cert: null,
      http_headers_received: { cookie: "a=b" },
      http_headers_sent: {},
      channel_type: "memory",
      channel_framing: "memory",
      channel_serializer: "json",
      is_secure: false,
      peer_cert: null,
      websocket_protocol: "wamp.2.json",
      http_cbtid: null,
    });
  });

  it("a list of blocks per method is tried in order, and the next one only asked for an unknown authid", async () => {
    const asked: unknown[] = [];
    const blocks = [{ type: "static", principals: { ann: { ticket: "static", role: "user" } } }, dynamicBlock];
    const router = await startTestRouter({ plugins: OFFICIAL, realms: REALMS, auth: { ticket: blocks } });
    const session = router.router.session("realm-auth", { role: "authenticator" });
    await session.register(AUTHENTICATOR, ([, authid]) => {
      asked.push(authid);
      return "user";
    });
    expect((await (await byTicket(router, { authid: "ann" }, "static")).welcomed())["authprovider"]).toBe("static");
    expect((await (await byTicket(router, { authid: "ann" }, "wrong")).aborted()).reason).toBe(
      ErrorUri.authenticationDenied,
    );
    expect((await (await byTicket(router, { authid: "joe" })).welcomed())["authprovider"]).toBe("dynamic");
    expect(asked).toEqual(["joe"]);
    await router.close();
  });

  it("an authenticator says unknown by no_such_principal, where another block follows", async () => {
    const blocks = [dynamicBlock, { type: "static", principals: { ann: { ticket: "static", role: "user" } } }];
    const router = await startTestRouter({ plugins: OFFICIAL, realms: REALMS, auth: { ticket: blocks } });
    const session = router.router.session("realm-auth", { role: "authenticator" });
    await session.register(AUTHENTICATOR, ([, authid]) =>
      authid === "eve" ? raise("com.example.banned") : raise(ErrorUri.noSuchPrincipal),
    );
    expect((await (await byTicket(router, { authid: "ann" }, "static")).welcomed())["authprovider"]).toBe("static");
    expect((await (await byTicket(router, { authid: "joe" })).aborted()).reason).toBe(ErrorUri.authenticationDenied);
    expect((await (await byTicket(router, { authid: "eve" })).aborted()).reason).toBe("com.example.banned");
    await router.close();
    const { end } = await outcomeOf(() => raise(ErrorUri.noSuchPrincipal, "nobody"));
    expect(end).toEqual({ reason: ErrorUri.noSuchPrincipal, message: "nobody" });
  });

  it("an exact rule that is a prefix of the URI does not hide a shorter prefix rule", async () => {
    const permissions = [
      { uri: "com.example.add", allow: { register: false } },
      { uri: "com.example.", match: "prefix", allow: { register: true } },
      { uri: "com..add3", match: "wildcard", allow: { register: false } },
    ];
    const realms = [{ name: "realm1", roles: [{ name: "user", permissions }] }];
    const router = await startTestRouter({
      plugins: OFFICIAL,
      realms,
      auth: { anonymous: { type: "static", role: "user" } },
    });
    const session = router.router.session("realm1", { role: "user" });
    await expect(session.register("com.example.add", user)).rejects.toMatchObject({ uri: ErrorUri.notAuthorized });
    await session.register("com.example.add2", user);
    await session.register("com.example.add3", user);
    await router.close();
  });

  it("an empty permissions list beside allow-by-default denies all", async () => {
    const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true, permissions: [] }] }];
    const router = await startTestRouter({
      plugins: OFFICIAL,
      realms,
      auth: { anonymous: { type: "static", role: "user" } },
    });
    const session = router.router.session("realm1", { role: "user" });
    await expect(session.register("com.example.add", user)).rejects.toMatchObject({ uri: ErrorUri.notAuthorized });
    await router.close();
  });

  it("GOODBYE is answered by the spec's reason, and on_leave has the session id, the authid and the role", async () => {
    const router = await startTestRouter({ plugins: OFFICIAL, auth: { anonymous: { type: "static", role: "user" } } });
    const watcher = router.router.session("realm1", { role: "user" });
    const left = new Promise((resolve) => void watcher.subscribe("wamp.session.on_leave", resolve));
    await watcher.call("wamp.session.count");
    const client = router.connect();
    client.hello();
    const { session, authid } = await client.welcomed();
    client.send(Code.GOODBYE, {}, "wamp.close.normal");
    expect(await client.expect(Code.GOODBYE)).toEqual([Code.GOODBYE, {}, "wamp.close.goodbye_and_out"]);
    expect(await left).toEqual([session, authid, "user"]);
    await router.close();
  });

  it("session meta events carry no transport headers", async () => {
    const router = await startTestRouter({ plugins: OFFICIAL, auth: { anonymous: { type: "static", role: "user" } } });
    const watcher = router.router.session("realm1", { role: "user" });
    const joined = new Promise(
      (resolve) => void watcher.subscribe("wamp.session.on_join", ([details]) => resolve(details)),
    );
    await watcher.call("wamp.session.count");
    const client = router.connect({ headers: { cookie: "secret=1" } });
    client.hello();
    await client.welcomed();
    expect(await joined).toMatchObject({ transport: { type: "memory" } });
    expect(JSON.stringify(await joined)).not.toMatch(/secret|cookie|http_headers/);
    await router.close();
  });
});

describe("scram", () => {
  /** The principal of Crossbar.io's own example; its password is secret123. */
  const principal = {
    role: "user",
    iterations: 4096,
    kdf: "argon2id-13",
    memory: 512,
    salt: "3bc3ca01dd1d501ca1c22e1c5d7d16fe",
    "server-key": "8de7864c316f3c2356fd76cfdab696db55bc70e680fe5180e2f731e2345acca2",
    "stored-key": "e796c2f0a51770303ee4616bc630a66774d51a55003154aff2a54ec7c4ac0e38",
  };
  const own = clientHalf(CROSSBAR);

  async function hello({ connect }: TestRouter, authid: string): Promise<FakeClient> {
    const client = connect();
    client.hello({ authid, authmethods: ["scram"], authextra: (await own.authextra?.("secret123")) ?? {} });
    return client;
  }

  it("scram: the example of Crossbar.io lets its client in, and proves that it knows the client", async () => {
    const auth = { scram: { type: "static", principals: { "foobar@example.com": principal } } };
    const router = await startTestRouter({ plugins: OFFICIAL, auth });
    const client = await hello(router, "foobar@example.com");
    const [, method, extra] = (await client.expect(Code.CHALLENGE)) as [number, string, Record<string, unknown>];
    expect(method).toBe("scram");
    // autobahn-python refuses any other key.
    expect(extra).toEqual({
      nonce: expect.stringMatching(/^[\w+/]{22}==[\w+/]{24}$/) as string,
      kdf: "argon2id-13",
      salt: Buffer.from(principal.salt, "hex").toString("base64"),
      iterations: 4096,
      memory: 512,
    });
    expect(String(extra["nonce"]).startsWith(String(client.said.authextra["nonce"]))).toBe(true);
    const answer = await own.answer(extra, "secret123", client.said);
    client.authenticate((answer as { signature: string }).signature);
    const { authextra, authrole } = await client.welcomed();
    expect(authrole).toBe("user");
    const { scram_server_signature: signature } = authextra as { scram_server_signature: string };
    expect(authextra).toEqual({ verifier: `v=${signature}`, scram_server_signature: signature });
    await router.close();
  });

  it("scram: HELLO without a nonce is authentication_failed with a sentence, whoever asks", async () => {
    const auth = { scram: { type: "static", principals: { "foobar@example.com": principal } } };
    const router = await startTestRouter({ plugins: OFFICIAL, auth });
    for (const authid of ["foobar@example.com", "nobody"]) {
      const client = router.connect();
      client.hello({ authid, authmethods: ["scram"] });
      expect(await client.aborted()).toEqual({
        reason: FAILED,
        message: "authextra.nonce must be base64 of 8 to 256 characters",
      });
    }
    await router.close();
  });

  it("when: scram is decided at HELLO, before CHALLENGE, by an answer with the keys of the config", async () => {
    const order: unknown[] = [];
    await withDynamic(
      (_realm, authid, { authmethod, authextra }) => {
        order.push([authid, authmethod, Object.keys(authextra as object)]);
        return { ...principal, memory: 512 };
      },
      async (router) => {
        const client = await hello(router, "joe");
        const [, , extra] = (await client.expect(Code.CHALLENGE)) as [number, string, Record<string, unknown>];
        order.push("CHALLENGE");
        const answer = await own.answer(extra, "secret123", client.said);
        client.authenticate((answer as { signature: string }).signature);
        expect(await client.welcomed()).toMatchObject({ authid: "joe", authrole: "user", authprovider: "dynamic" });
      },
    );
    expect(order).toEqual([["joe", "scram", ["nonce"]], "CHALLENGE"]);
  });

  it.each<[string, unknown]>([
    ["a role string", "user"],
    ["an answer without keys", { role: "user" }],
    ["a key in base64", { ...principal, "stored-key": "W22ZaJ0SNY7soEsUEjb6gQ==" }],
    ["another kdf", { ...principal, kdf: "argon2i" }],
    ["iterations as text", { ...principal, iterations: "4096" }],
  ])("scram: %s is authentication_failed, and the log names the keys alone", async (_what, answer) => {
    await withDynamic(
      () => answer,
      async (router) => {
        expect((await (await hello(router, "joe")).aborted()).reason).toBe(FAILED);
        expect(router.log.text()).toMatch(/no credential .* that scram can check/);
        expect(router.log.text()).not.toMatch(/W22Z|e796c2f0|argon2i"/);
      },
    );
  });
});
