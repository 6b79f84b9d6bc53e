import { createHmac } from "node:crypto";
import {
  accept,
  assignmentsIn,
  challenge,
  Code,
  ConfigError,
  constantTimeEqual,
  createRouter,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  type LoginRecord,
  principalFields,
  type WampgateConfig,
  WampError,
  z,
} from "@wampgate/core";
import { CapturedLog, type FakeClient, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { OFFICIAL } from "./support/router.ts";

// `then`: a login that takes the proofs of more than one method.

const DENIED = { reason: "wamp.error.authentication_denied", message: expect.any(String) as string };
const AUTHENTICATOR = "com.example.authenticate";

/** What the method `code` was asked, and what was asked of the hook `verified`. */
let asked: object[] = [];
let verified: string[] = [];
let records: LoginRecord[] = [];
let running: TestRouter;

afterEach(async () => {
  await running.close();
  [asked, verified, records] = [[], [], []];
});

/** A method that stands for a code from an app. It can be judged by a strategy, as totp. */
const code = defineMethod({
  name: "code",
  at: "authenticate",
  proof: "code",
  weakness: "a code alone is weak",
  strategyMayVerify: true,
  credential: z.object({ code: z.string() }),
  static: {
    schema: z.strictObject({
      principals: z.record(z.string(), z.strictObject({ code: z.string(), ...principalFields })),
    }),
    find: (query, { principals }) => findIn(principals, query, ({ code: own }) => ({ code: own })),
    assignments: ({ principals }) => assignmentsIn("principals", principals),
  },
  challenge: () => challenge({}),
  async authenticate(attempt, { signature, extra }) {
    const { authid, realm, factor, isDecoy } = attempt;
    asked.push({ authid, realm, factor, isDecoy, extra });
    const found = await attempt.resolvePrincipal({ facts: { code: signature } });
    return found.verified || constantTimeEqual(found.credential.code, signature) ? accept() : deny();
  },
  decoy: () => credential({ code: "a decoy's" }),
});

const witness = definePlugin({
  name: "witness",
  core: "*",
  methods: [code],
  apply({ hooks }) {
    hooks.verified.tap("witness", (_attempt, { authid }) => void verified.push(String(authid)));
    hooks.loginEnded.tap("witness", (record) => void records.push(record));
  },
});

const CODES = { type: "static", principals: { joe: { code: "111" }, ann: { code: "222" } } };
const JOE = { ticket: "right", role: "user" };
const TICKETS = { type: "static", then: "code", principals: { joe: JOE, ann: { ticket: "ann's", role: "user" } } };
const ROLES = [
  { name: "user", "allow-by-default": true },
  { name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] },
];

async function start(auth: object = {}, more: { authTimeout?: number } = {}): Promise<void> {
  running = await startTestRouter({
    plugins: [...OFFICIAL, witness],
    auth: { ticket: TICKETS, code: CODES, ...auth },
    realms: [
      { name: "realm1", roles: ROLES },
      { name: "realm2", roles: ROLES },
    ],
    ...more,
  });
}

function hello(authid: string | null = "joe", authmethods = ["ticket"]): FakeClient {
  const client = running.connect();
  client.hello({ authid, authmethods });
  return client;
}

/** Shows the first proof. */
async function first(authid: string, ticket: string, extra: Record<string, unknown> = {}): Promise<FakeClient> {
  const client = hello(authid);
  expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "ticket", {}]);
  client.authenticate(ticket, extra);
  return client;
}

/** Shows both proofs. */
async function both(authid: string, ticket: string, second: string): Promise<FakeClient> {
  const client = await first(authid, ticket);
  expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "code", { factor: 2 }]);
  client.authenticate(second);
  return client;
}

describe("a login with a further factor", () => {
  it("lets a client in by both proofs; WELCOME has the first method as authmethod, and lists all", async () => {
    await start();
    const welcome = await (await both("joe", "right", "111")).welcomed();
    expect(welcome).toMatchObject({
      authid: "joe",
      authrole: "user",
      authmethod: "ticket",
      authprovider: "static",
      authfactors: ["ticket", "code"],
    });
    expect(asked).toEqual([{ authid: "joe", realm: "realm1", factor: 2, isDecoy: false, extra: {} }]);
    expect(verified).toEqual(["joe"]);
    expect(running.log.lines.find(({ message }) => message === "login welcome")?.fields).toMatchObject({
      authmethod: "ticket",
      authfactors: ["ticket", "code"],
    });
  });

  it("says nothing of factors in the WELCOME of a login that takes one", async () => {
    await start({ ticket: { ...TICKETS, then: undefined } });
    expect(await (await first("joe", "right")).welcomed()).not.toHaveProperty("authfactors");
  });

  it.each([
    ["a wrong first proof", "joe", "wrong", "111", "wrong-proof"],
    ["a wrong second one", "joe", "right", "222", "second-factor"],
    ["an empty second one", "joe", "right", "", "second-factor"],
    ["two wrong ones", "joe", "wrong", "222", "wrong-proof"],
    ["an authid that no block knows", "jo", "right", "111", "unknown-authid"],
    ["an authid that is no user, but a property", "constructor", "right", "111", "unknown-authid"],
  ])("is denied at its end, and not before, with %s; the operator learns what was wrong", async (...row) => {
    const [, authid, ticket, second, cause] = row;
    await start();
    expect(await (await both(authid, ticket, second)).aborted()).toEqual(DENIED);
    expect(running.log.lines.find(({ message }) => message === "login refused")?.fields).toMatchObject({ cause });
    expect(records).toMatchObject([{ outcome: "refused", cause, method: "ticket", factors: ["ticket", "code"] }]);
    expect(verified).toEqual([]);
    expect(asked).toMatchObject([{ authid, isDecoy: cause !== "second-factor" }]);
  });

  it("takes the second proof beside the first one: no second CHALLENGE comes, for right proofs and for wrong ones", async () => {
    await start();
    await (await first("joe", "right", { second_factor: "111", more: 1 })).welcomed();
    const refusals = [
      ["joe", "wrong", "111"],
      ["joe", "right", "222"],
      ["joe", "right", ""],
      ["jo", "right", "111"],
    ] as const;
    for (const [authid, ticket, second] of refusals)
      expect(await (await first(authid, ticket, { second_factor: second })).aborted()).toEqual(DENIED);
    expect(asked[0]).toMatchObject({ extra: {} });
  });

  it.each([[1], [null], [["111"]]])("asks for a second proof where %j came instead of one", async (second) => {
    await start();
    const client = await first("joe", "right", { second_factor: second });
    await client.expect(Code.CHALLENGE);
    client.authenticate("111");
    await client.welcomed();
  });

  it("ignores a second proof where none is due, and does not give it to the first method", async () => {
    await start({ code: { ...CODES, alone: true, "default-role": "user" } });
    const client = hello("joe", ["code"]);
    await client.expect(Code.CHALLENGE);
    client.authenticate("111", { second_factor: "s3cret", other: 1 });
    await client.welcomed();
    expect(asked).toMatchObject([{ factor: 1, extra: { other: 1 } }]);
    expect(running.log.text()).not.toContain("s3cret");
  });

  it("asks the second method for the authid and the realm that the first one assigned, and keeps the rest of the first", async () => {
    const principals = { joe: { ...JOE, authid: "ann", realm: "realm2", extra: { from: "ticket" } } };
    const end = Math.floor(Date.now() / 1000) + 3600;
    const ann = { code: "222", role: "nobody", realm: "realm1", authid: "eve", extra: { from: "code" }, expires: end };
    await start({
      ticket: { ...TICKETS, principals },
      code: { type: "static", principals: { ann: { ...ann, role: "authenticator" } } },
    });
    expect(await (await both("joe", "right", "222")).welcomed()).toMatchObject({
      realm: "realm2",
      authid: "ann",
      authrole: "user",
      authextra: { from: "ticket" },
      expires: end,
    });
    expect(asked).toMatchObject([{ authid: "ann", realm: "realm2" }]);
    // With a wrong first proof it is asked the same.
    await (await both("joe", "wrong", "222")).aborted();
    expect(asked[1]).toMatchObject({ authid: "ann", realm: "realm2", isDecoy: true });
  });

  it("is denied where the second factor has expired", async () => {
    await start({ code: { type: "static", principals: { joe: { code: "111", expires: 1 } } } });
    expect(await (await both("joe", "right", "111")).aborted()).toEqual(DENIED);
    expect(records).toMatchObject([{ cause: "expired" }]);
  });

  it("is denied where the second method does not know the assigned authid", async () => {
    await start({ code: { type: "static", principals: { ann: { code: "222" } } } });
    expect(await (await both("joe", "right", "a decoy's")).aborted()).toEqual(DENIED);
    expect(records).toMatchObject([{ cause: "unknown-authid", params: { method: "code", authid: "joe" } }]);
  });

  it("that has failed tells in all further steps what was wrong first, and where that stands in the config", async () => {
    await start();
    await (await both("joe", "wrong", "222")).aborted();
    const steps = records[0]?.steps.map(({ step, factor, outcome, code: what, config }) => [
      ...[step, factor, outcome, what],
      config?.path,
    ]);
    const ticket = "transports[0].auth.ticket.principals.joe.ticket";
    expect(steps?.slice(4)).toEqual([
      ["authenticate", 1, "no", "wrong-proof", ticket],
      ["then", 1, "ok", "due", "transports[0].auth.code"],
      ["challenge", 2, "ok", "challenged", expect.any(String)],
      ["authenticate", 2, "waited", "waiting", undefined],
      ["authenticate", 2, "no", "wrong-proof", ticket],
    ]);
  });

  it("that has expired says by which factor", async () => {
    await start({ code: { type: "static", principals: { joe: { code: "111", expires: 1 } } } });
    await (await both("joe", "right", "111")).aborted();
    expect(records[0]?.steps.at(-1)).toMatchObject({
      code: "expired",
      config: { path: "transports[0].auth.code.principals.joe.expires" },
    });
  });

  it("tells its steps, with the factor of each", async () => {
    await start();
    await (await both("joe", "right", "111")).welcomed();
    const steps = records[0]?.steps.map(({ step, factor, outcome, code: what }) => [step, factor, outcome, what]);
    expect(steps).toEqual([
      ["hello", 1, "ok", "no-tap"],
      ["choose", 1, "ok", "chosen"],
      ["challenge", 1, "ok", "challenged"],
      ["authenticate", 1, "waited", "waiting"],
      ["authenticate", 1, "ok", "known"],
      ["then", 1, "ok", "due"],
      ["challenge", 2, "ok", "challenged"],
      ["authenticate", 2, "waited", "waiting"],
      ["authenticate", 2, "ok", "known"],
      ["verified", 2, "ok", "passed"],
      ["complete", 2, "ok", "complete"],
      ["welcome", 2, "ok", "no-tap"],
    ]);
  });
});

describe("the second CHALLENGE", () => {
  const sign = (key: string, text: unknown): string => createHmac("sha256", key).update(String(text)).digest("base64");
  const CRA = { type: "static", users: { joe: { secret: "key", role: "user" } } };

  async function byCra(authmethods: string[], key = "key"): Promise<FakeClient> {
    const client = hello("joe", authmethods);
    const [, , extra] = await client.expect(Code.CHALLENGE);
    client.authenticate(sign(key, (extra as { challenge: string }).challenge));
    return client;
  }

  it("is called ticket for a client that knows tickets and not the method, and says which method it is", async () => {
    await start({ wampcra: { ...CRA, then: "code" } });
    const client = await byCra(["wampcra", "ticket"]);
    expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "ticket", { authmethod: "code", factor: 2 }]);
    client.authenticate("111");
    expect(await client.welcomed()).toMatchObject({ authmethod: "wampcra", authfactors: ["wampcra", "code"] });
  });

  it.each([[["wampcra"]], [["wampcra", "ticket", "code"]]])("has the method's own name for %j", async (authmethods) => {
    await start({ wampcra: { ...CRA, then: "code" } });
    const client = await byCra(authmethods);
    expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "code", { factor: 2 }]);
  });

  it("has what the second method says, which no proof beside the first one can answer", async () => {
    await start({ ticket: { ...TICKETS, then: "wampcra" }, wampcra: CRA });
    for (const ticket of ["right", "wrong"]) {
      const client = await first("joe", ticket, { second_factor: "111" });
      const [, name, extra] = await client.expect(Code.CHALLENGE);
      const { challenge: text, ...more } = extra as { challenge: string };
      expect([name, more, JSON.parse(text)]).toMatchObject(["wampcra", { factor: 2 }, { authid: "joe" }]);
      client.authenticate(sign("key", text));
      if (ticket === "right") expect(await client.welcomed()).toMatchObject({ authfactors: ["ticket", "wampcra"] });
      else expect(await client.aborted()).toEqual(DENIED);
    }
  });

  it("shows the salt of the same principal, be the first proof right or wrong", async () => {
    const salted = { password: "key", salt: "salt1", iterations: 10, keylen: 16, role: "user" };
    const users = { joe: salted, ann: { ...salted, salt: "salt2" }, max: { ...salted, salt: "salt3" } };
    await start({ ticket: { ...TICKETS, then: "wampcra" }, wampcra: { type: "static", users } });
    for (const ticket of ["right", "wrong"]) {
      const client = await first("joe", ticket);
      expect((await client.expect(Code.CHALLENGE))[2]).toMatchObject({ salt: "salt1" });
    }
  });

  it("comes for a third factor too, and a fourth is a problem of the config", async () => {
    await start({ code: { ...CODES, then: "wampcra" }, wampcra: CRA });
    for (const [ticket, second, key] of [
      ["right", "111", "key"],
      ["wrong", "111", "key"],
      ["right", "222", "key"],
      ["right", "111", "wrong"],
    ] as const) {
      const client = await both("joe", ticket, second);
      const [, name, extra] = await client.expect(Code.CHALLENGE);
      expect([name, extra]).toMatchObject(["wampcra", { factor: 3 }]);
      client.authenticate(sign(key, (extra as { challenge: string }).challenge));
      if (ticket + second + key === "right111key")
        expect(await client.welcomed()).toMatchObject({ authfactors: ["ticket", "code", "wampcra"] });
      else expect(await client.aborted()).toEqual(DENIED);
    }
  });
});

describe("a factor of one principal", () => {
  it("counts before that of its block, and a block without then asks the others for none", async () => {
    const principals = { joe: { ...JOE, then: "code" }, ann: { ticket: "ann's", role: "user" } };
    await start({ ticket: { type: "static", principals } });
    await (await both("joe", "right", "111")).welcomed();
    await (await first("ann", "ann's")).welcomed();
    expect(await (await first("ann", "wrong")).aborted()).toEqual(DENIED);
    await (await both("joe", "wrong", "111")).aborted();
  });

  it("is copied for authids that no block knows: always the same for one of them, as often as principals have it", async () => {
    const entries = Array.from({ length: 20 }, (_, i) => [`user${i}`, { ...JOE, ...(i % 2 ? { then: "code" } : {}) }]);
    await start({ ticket: { type: "static", principals: Object.fromEntries(entries) as object } });
    const seen: string[] = [];
    for (let i = 0; i < 60; i++) {
      const kinds = new Set<number>();
      for (let again = 0; again < 2; again++) {
        const client = await first(`unknown${i}`, "wrong");
        kinds.add((await client.next())[0]);
        client.close();
      }
      expect(kinds.size).toBe(1);
      seen.push([...kinds].join());
    }
    const challenged = seen.filter((kind) => kind === String(Code.CHALLENGE)).length;
    expect(challenged).toBeGreaterThan(10);
    expect(challenged).toBeLessThan(50);
  });
});

describe("an authenticator", () => {
  async function startAnswering(
    answer: (ticket: string, details: Record<string, unknown>) => unknown,
    auth: object = {},
  ) {
    await start({
      ticket: { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1" },
      ...auth,
    });
    const session = running.router.session("realm1", { role: "authenticator" });
    await session.register(AUTHENTICATOR, ([, , details]) => {
      const given = details as Record<string, unknown>;
      return answer(String(given["ticket"]), given);
    });
  }

  const known = (more: object) => (ticket: string) => {
    if (ticket !== "right") throw new WampError("com.example.wrong", "not that one");
    return { role: "user", ...more };
  };

  const BLOCK = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1" };

  it("may ask for a further factor in its answer; its ERROR comes at once, which tells that a first proof is right", async () => {
    await startAnswering(known({ then: "code" }), { code: { ...CODES, alone: false } });
    await (await both("joe", "right", "111")).welcomed();
    expect(await (await first("joe", "wrong")).aborted()).toEqual({
      reason: "com.example.wrong",
      message: "not that one",
    });
  });

  it("whose block asks for a further factor tells nothing before its end: the log has its ERROR", async () => {
    await startAnswering(known({}), { ticket: { ...BLOCK, then: "code" } });
    await (await both("joe", "right", "111")).welcomed();
    expect(await (await both("joe", "wrong", "111")).aborted()).toEqual(DENIED);
    expect(records[1]).toMatchObject({ cause: "authenticator-error", params: { error: "com.example.wrong" } });
    expect(records[1]?.by).toBe("@wampgate/auth-dynamic");
  });

  it.each([
    [
      "crashes",
      () => {
        throw new Error("boom");
      },
    ],
    ["answers nonsense", () => 42],
  ])("whose block asks for a further factor tells nothing where it %s", async (_, answer) => {
    await startAnswering(answer, { ticket: { ...BLOCK, then: "code" } });
    expect(await (await both("joe", "right", "111")).aborted()).toEqual(DENIED);
  });

  it.each([
    ["a method that is not there", "totp", "it is not configured there"],
    ["its own method", "ticket", "it was a factor of this login already"],
    ["a method without a proof", "anonymous", "it asks for no proof"],
  ])("that asks for %s as a further factor lets no client in", async (_, then, problem) => {
    await startAnswering(known({ then }), { anonymous: { type: "static", role: "user" } });
    expect((await (await first("joe", "right")).aborted()).reason).toBe("wamp.error.authentication_failed");
    expect(records).toMatchObject([{ cause: "no-factor", params: { method: then, problem } }]);
  });

  it("may judge the second proof, and is not asked where the first one was wrong", async () => {
    const codes: unknown[] = [];
    await start({ code: BLOCK });
    const session = running.router.session("realm1", { role: "authenticator" });
    await session.register(AUTHENTICATOR, ([realm, authid, details]) => {
      const { code: shown, authmethod } = details as Record<string, unknown>;
      codes.push([realm, authid, authmethod, shown]);
      if (shown !== "111") throw new WampError("com.example.wrong_code", "not that one");
      return "user";
    });
    await (await both("joe", "right", "111")).welcomed();
    expect(await (await both("joe", "right", "222")).aborted()).toEqual(DENIED);
    expect(await (await both("joe", "wrong", "111")).aborted()).toEqual(DENIED);
    expect(codes).toEqual([
      ["realm1", "joe", "code", "111"],
      ["realm1", "joe", "code", "222"],
    ]);
    expect(records[1]).toMatchObject({ params: { error: "com.example.wrong_code" } });
  });
});

describe("a method that a then names", () => {
  /** But for those of a first method, whose principals choose their realm. */
  const warnings = (): string[] =>
    running.router.warnings
      .map(({ path, message }) => `${path.join(".")}: ${message}`)
      .filter((text) => !text.includes("ticket.principals"));

  it("is no first method, unless its block says alone", async () => {
    await start();
    expect((await hello("joe", ["code"]).aborted()).reason).toBe("wamp.error.no_matching_auth_method");
    // A client that offers both begins with the one that is left.
    expect((await hello("joe", ["code", "ticket"]).expect(Code.CHALLENGE))[1]).toBe("ticket");
    expect(running.log.lines.find(({ fields }) => fields["configured"] !== undefined)?.fields["configured"]).toEqual([
      "ticket",
    ]);
    expect(warnings()).toEqual([
      expect.stringMatching(/^transports\.0\.auth\.code: clients cannot begin with it .* then of ticket names it/),
    ]);
  });

  it("is a first method where its block says alone: true, and check says that it is weak", async () => {
    await start({ code: { ...CODES, alone: true } });
    const client = hello("joe", ["code"]);
    expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "code", {}]);
    client.authenticate("111");
    // It has no role of its own.
    expect((await client.aborted()).reason).toBe("wamp.error.no_such_role");
    expect(running.router.warnings.map(({ message }) => message)).toContain("a code alone is weak");
  });

  it("lets only those of its blocks begin that say alone", async () => {
    const tom = { type: "static", alone: true, principals: { tom: { code: "333", role: "user" } } };
    await start({ code: [{ ...CODES, "default-role": "user" }, tom] });
    for (const [authid, proof, isIn] of [
      ["joe", "111", false],
      ["tom", "333", true],
    ] as const) {
      const client = hello(authid, ["code"]);
      await client.expect(Code.CHALLENGE);
      client.authenticate(proof);
      if (isIn) await client.welcomed();
      else expect(await client.aborted()).toEqual(DENIED);
    }
  });

  it("is never a first method where its block says alone: false, whoever names it", async () => {
    await start({ ticket: { ...TICKETS, then: undefined }, code: { ...CODES, alone: false } });
    expect((await hello("joe", ["code"]).aborted()).reason).toBe("wamp.error.no_matching_auth_method");
    expect(warnings()).toEqual([]);
  });
});

describe("a then that cannot work is a problem of the config", () => {
  const ANONYMOUS = { type: "static", role: "user" };
  const CRA = { type: "static", users: { joe: { secret: "key", role: "user" } } };
  const cases: [string, object, string, RegExp][] = [
    [
      "names no method",
      { ticket: { ...TICKETS, then: "cod" }, code: CODES },
      "auth.ticket.then",
      /no method "cod"; did you mean "code"/,
    ],
    ["names itself", { ticket: { ...TICKETS, then: "ticket" } }, "auth.ticket.then", /leads back to ticket itself/],
    [
      "leads back",
      { ticket: TICKETS, code: { ...CODES, then: "ticket" } },
      "auth.ticket.then",
      /leads back to ticket itself: ticket, then code, then ticket/,
    ],
    [
      "leads back by a principal",
      { ticket: TICKETS, code: { type: "static", principals: { joe: { code: "1", then: "ticket" } } } },
      "auth.code.principals.joe.then",
      /leads back to code itself/,
    ],
    [
      "names a method without a proof",
      { ticket: { ...TICKETS, then: "anonymous" }, anonymous: ANONYMOUS },
      "auth.ticket.then",
      /anonymous asks for no proof/,
    ],
    [
      "leads to a fourth factor",
      {
        anonymous: { ...ANONYMOUS, then: "ticket" },
        ticket: TICKETS,
        code: { ...CODES, then: "wampcra" },
        wampcra: CRA,
      },
      "auth.anonymous.then",
      /3 factors at most, found: anonymous, then ticket, then code, then wampcra/,
    ],
    ["is no name", { ticket: { ...TICKETS, then: 5 }, code: CODES }, "auth.ticket.then", /expected a string/],
    ["is empty", { ticket: { ...TICKETS, then: "" }, code: CODES }, "auth.ticket.then", /expected/],
    [
      "is in a block whose alone is no boolean",
      { ticket: TICKETS, code: { ...CODES, alone: "yes" } },
      "auth.code.alone",
      /expected/,
    ],
  ];
  it.each(cases)("one that %s", async (_, auth, path, problem) => {
    const config = {
      plugins: [...OFFICIAL, witness],
      realms: [{ name: "realm1", roles: ROLES }],
      transports: [{ type: "memory", auth }],
    };
    const failure = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() }).then(
      () => null,
      (error: unknown) => error as ConfigError,
    );
    expect(failure).toBeInstanceOf(ConfigError);
    const found = failure?.issues.find((issue) => issue.path.join(".").endsWith(path));
    expect(found?.message).toMatch(problem);
  });
});
