import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Cause, WampgateConfig } from "@wampgate/core";
import { SignJWT } from "jose";
import { login, withSecret, withTicket } from "./support/autobahn.ts";
import { DENIED, FAILED, refusalOf, USERS_AND_GUESTS } from "./support/decided.ts";
import { FAILURES, gives, KeyServer } from "./support/key-server.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";

// Tokens as tickets, over WebSockets, with keys that a server gives, keeps back, changes or lies about.

const ISSUER = "https://id.example.com";

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Record<string, unknown>;
  readonly kid: string;
}

function pairOf(kid: string): Pair {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...pair, kid, jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" } };
}

const [first, second] = [pairOf("first"), pairOf("second")];

let server: KeyServer;
let running: RunningRouter | null = null;
beforeEach(async () => (server = await KeyServer.start(gives(first.jwk))));
afterEach(async () => {
  await running?.close();
  running = null;
  server.close();
});

function blockOf(changed: object = {}): Record<string, unknown> {
  return {
    type: "jwt",
    issuer: ISSUER,
    audience: "wampgate",
    keys: { jwks: server.url },
    algorithms: ["RS256"],
    claims: { role: "wamp.role" },
    cooldown: 0,
    ...changed,
  };
}

const configOf = (ticket: unknown, others: object = {}): Record<string, unknown> =>
  wholeOf({
    realms: [USERS_AND_GUESTS, { name: "devices", roles: [{ name: "user", "allow-by-default": true }] }],
    auth: { ticket, ...others },
  });

/** Why logins have failed. */
let causes: Cause[];

async function start(ticket: unknown = blockOf(), others: object = {}): Promise<RunningRouter> {
  const { router, log } = await makeRouter(configOf(ticket, others));
  causes = [];
  router.hooks.loginFailed.tap("test", ({ cause }) => causes.push(cause));
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  return running;
}

interface TokenOptions {
  readonly by?: Pick<Pair, "privateKey" | "kid">;
  readonly header?: object;
  /** Undefined: the claim is left out. */
  readonly claims?: Record<string, unknown>;
}

const soon = (seconds = 3600): number => Math.floor(Date.now() / 1000) + seconds;

function tokenOf({ by = first, header = {}, claims = {} }: TokenOptions = {}): Promise<string> {
  const all: Record<string, unknown> = {
    iss: ISSUER,
    aud: "wampgate",
    sub: "joe",
    exp: soon(),
    wamp: { role: "user" },
    ...claims,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader({ alg: "RS256", kid: by.kid, ...header }).sign(by.privateKey);
}

async function joined(ticket: string, authid = "somebody"): Promise<Record<string, unknown>> {
  const as = { authid, realm: "realm1", authmethods: ["ticket"], onchallenge: withTicket(ticket) };
  const { details, close } = await login({ url: running?.url ?? "", ...as });
  await close();
  return details;
}

const refused = (ticket: string, authid?: string): ReturnType<typeof refusalOf> => refusalOf(joined(ticket, authid));

it("a token says who the client is, whichever authid HELLO has, and when its session ends", async () => {
  const claims = { realm: "wamp.realm", role: "wamp.role", extra: { name: "name", mail: "mail" } };
  await start(blockOf({ claims }));
  const exp = soon(600);
  const token = await tokenOf({ claims: { exp, name: "Joe", wamp: { role: "user", realm: "devices" } } });
  expect(await joined(token, "ann")).toMatchObject({
    realm: "devices",
    authid: "joe",
    authrole: "user",
    authmethod: "ticket",
    authprovider: "jwt",
    authextra: { name: "Joe" },
    expires: exp,
  });
});

it("a role is made of a claim's value, or of the first of several in the order of roles; a wrong type makes none", async () => {
  await start(blockOf({ claims: { role: "https://example.com/groups" }, roles: { admins: "user", all: "guest" } }));
  const withGroups = (groups: unknown): Promise<string> =>
    tokenOf({ claims: { "https://example.com/groups": groups } });
  expect(await joined(await withGroups(["all", "admins"]))).toMatchObject({ authrole: "user" });
  expect(await joined(await withGroups("all"))).toMatchObject({ authrole: "guest" });
  for (const groups of ["constructor", ["others"], { admins: true }, 7])
    expect(await refused(await withGroups(groups))).toMatchObject({ reason: "wamp.error.no_such_role" });
});

it.each<[string, Record<string, unknown>]>([
  ["a sub that is no text", { sub: { name: "joe" } }],
  ["no sub", { sub: undefined }],
])("a token with %s assigns no authid, and never the one of HELLO", async (_, claims) => {
  await start();
  expect(await refused(await tokenOf({ claims }), "joe")).toMatchObject({ reason: "wamp.error.no_such_principal" });
});

describe("a token that is not good is denied as a wrong ticket is; the log alone says why", () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = (header: object, claims: object = {}): string =>
    `${part(header)}.${part({ iss: ISSUER, aud: "wampgate", sub: "joe", exp: soon(), ...claims })}`;

  it.each<[string, () => Promise<string>, string]>([
    ["expired", () => tokenOf({ claims: { exp: soon(-60) } }), "it has expired"],
    ["without exp", () => tokenOf({ claims: { exp: undefined } }), "it has no exp"],
    ["with an exp past all time", () => tokenOf({ claims: { exp: 1e300 } }), "its exp is no time"],
    ["not good yet", () => tokenOf({ claims: { nbf: soon(60) } }), "its nbf is not the one that is demanded"],
    ["for another audience", () => tokenOf({ claims: { aud: "mail" } }), "its aud is not the one that is demanded"],
    ["without audience", () => tokenOf({ claims: { aud: undefined } }), "it has no aud"],
    ["by another key under a known kid", () => tokenOf({ by: { ...second, kid: "first" } }), "its signature is wrong"],
    ["by an unknown kid", () => tokenOf({ by: second }), "no key of the issuer fits it"],
    [
      "with a key of its own in the header",
      () => tokenOf({ by: second, header: { jwk: second.jwk, jku: server.url, kid: undefined } }),
      "its signature is wrong",
    ],
    [
      "of algorithm none",
      () => Promise.resolve(`${unsigned({ alg: "none" })}.`),
      "its algorithm is not among algorithms",
    ],
    [
      "signed by the public key as a secret",
      () => {
        const text = unsigned({ alg: "HS256", kid: "first" });
        const pem = first.publicKey.export({ type: "spki", format: "pem" });
        return Promise.resolve(`${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`);
      },
      "its algorithm is not among algorithms",
    ],
    [
      "with a critical header that is not known",
      () => Promise.resolve(`${unsigned({ alg: "RS256", crit: ["x"], x: 1 })}.AAAA`),
      "it is malformed",
    ],
    ["longer than 16 KiB", () => tokenOf({ claims: { fill: "x".repeat(16 * 1024) } }), "it is longer than 16384 bytes"],
  ])("%s", async (_, make, problem) => {
    const { log } = await start();
    expect(await refused(await make())).toEqual(DENIED);
    const line = log.lines.find(({ fields }) => fields["login"] === "refused");
    expect(line?.fields).toMatchObject({ cause: "bad-token", authprovider: "jwt", plugin: "@wampgate/auth-jwt" });
    expect(causes).toEqual([{ code: "bad-token", params: { problem } }]);
  });
});

it("options narrow which tokens are good: their type, and their age", async () => {
  await start(blockOf({ "token-type": "at+jwt", "max-age": 60 }));
  const header = { typ: "at+jwt" };
  expect(await joined(await tokenOf({ header, claims: { iat: soon(0) } }))).toMatchObject({ authid: "joe" });
  expect(await refused(await tokenOf({ claims: { iat: soon(0) } }))).toEqual(DENIED);
  expect(await refused(await tokenOf({ header, claims: { iat: soon(-120) } }))).toEqual(DENIED);
  expect(await refused(await tokenOf({ header }))).toEqual(DENIED);
});

it("a token that is over by the router's clock alone is good for the clock-tolerance", async () => {
  await start(blockOf({ "clock-tolerance": 300 }));
  const exp = soon(-10);
  expect(await joined(await tokenOf({ claims: { exp } }))).toMatchObject({ expires: exp + 300 });
});

it("a secret verifies tokens by HS256, and a file those by its keys", async () => {
  const secret = "0123456789abcdef0123456789abcdef";
  await start([blockOf({ issuer: "https://secret.example.com", keys: { secret }, algorithms: ["HS256"] }), blockOf()]);
  const token = await new SignJWT({ wamp: { role: "user" } })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://secret.example.com")
    .setAudience("wampgate")
    .setSubject("ann")
    .setExpirationTime("1h")
    .sign(Buffer.from(secret));
  expect(await joined(token)).toMatchObject({ authid: "ann" });
  expect(await joined(await tokenOf())).toMatchObject({ authid: "joe" });
});

describe("a chain", () => {
  const principals = { service: { ticket: "a ticket", role: "user" } };

  it("static then jwt, and jwt then static, let in by ticket and by token; a stranger is like a wrong ticket", async () => {
    const blocks = [{ type: "static", principals }, blockOf()];
    const { router } = await start(blocks);
    for (const order of [blocks, [...blocks].reverse()]) {
      await router.reload(configOf(order) as unknown as WampgateConfig);
      expect(await joined("a ticket", "service")).toMatchObject({ authprovider: "static", authid: "service" });
      expect(await joined(await tokenOf())).toMatchObject({ authprovider: "jwt", authid: "joe" });
      expect(await refused("wrong", "service")).toEqual(DENIED);
      expect(await refused("wrong", "nobody")).toEqual(DENIED);
      expect(await refused(await tokenOf({ claims: { iss: "https://other.example.com" } }))).toEqual(DENIED);
      expect(await refused(await tokenOf({ claims: { exp: soon(-60) } }), "nobody")).toEqual(DENIED);
    }
  });

  it("of two issuers asks each for its own tokens alone", async () => {
    await start([blockOf(), blockOf({ issuer: ["https://two.example.com", "https://three.example.com"] })]);
    for (const iss of [ISSUER, "https://two.example.com", "https://three.example.com"])
      expect(await joined(await tokenOf({ claims: { iss } }))).toMatchObject({ authid: "joe" });
  });
});

it("a session is renewed by a new token of the same client, and by no other", async () => {
  const { url } = await start();
  const as = { url, authid: "x", realm: "realm1", authmethods: ["ticket"] };
  const { session, close } = await login({
    ...as,
    onchallenge: withTicket(await tokenOf({ claims: { exp: soon(60) } })),
  });
  const exp = soon(7200);
  expect(await session.call("wampgate.session.renew", [await tokenOf({ claims: { exp } })])).toEqual({ expires: exp });
  for (const claims of [{ sub: "ann" }, { exp: soon(-60) }, { wamp: { role: "guest" } }])
    await expect(session.call("wampgate.session.renew", [await tokenOf({ claims })])).rejects.toMatchObject({
      error: "wamp.error.authentication_denied",
    });
  await close();
});

it("a token may be the first of two factors: the second one must be that of the token's authid", async () => {
  const users = { joe: { secret: "of joe", role: "guest" }, ann: { secret: "of ann", role: "guest" } };
  const { url } = await start(blockOf({ then: "wampcra" }), { wampcra: { type: "static", users } });
  const as = async (secret: string): Promise<Record<string, unknown>> => {
    const token = await tokenOf();
    const onchallenge = (session: unknown, method: string, extra: Record<string, unknown>): string =>
      method === "ticket" ? token : withSecret(secret)(session, method, extra);
    const { details, close } = await login({
      url,
      authid: "ann",
      realm: "realm1",
      authmethods: ["ticket"],
      onchallenge,
    });
    await close();
    return details;
  };
  expect(await as("of joe")).toMatchObject({ authid: "joe", authrole: "user", authmethod: "ticket" });
  await expect(as("of ann")).rejects.toMatchObject({ reason: "wamp.error.authentication_denied" });
});

describe("the keys of a URL", () => {
  it("are fetched once for many logins at the same time, and kept for cache", async () => {
    await start();
    const token = await tokenOf();
    await Promise.all(Array.from({ length: 10 }, () => joined(token)));
    expect(server.asked).toBe(1);
  });

  it("are fetched again for a kid that they do not have: a rotation needs no restart", async () => {
    await start();
    await joined(await tokenOf());
    server.does = gives(second.jwk);
    expect(await joined(await tokenOf({ by: second }))).toMatchObject({ authid: "joe" });
    expect(await refused(await tokenOf())).toEqual(DENIED);
  });

  it("are not fetched for each of many unknown kids", async () => {
    await start(blockOf({ cooldown: 60 }));
    await joined(await tokenOf());
    for (let i = 0; i < 20; i++)
      expect(await refused(await tokenOf({ by: { ...second, kid: `${i}` } }))).toEqual(DENIED);
    expect(server.asked).toBe(1);
  });

  it("may be several for a token without kid: each that fits is tried", async () => {
    server.does = gives({ ...second.jwk, kid: "a" }, { ...first.jwk, kid: "b" });
    await start();
    const header = { kid: undefined };
    expect(await joined(await tokenOf({ header }))).toMatchObject({ authid: "joe" });
    expect(await refused(await tokenOf({ header, by: pairOf("third") }))).toEqual(DENIED);
  });

  it.each(Object.entries(FAILURES))(
    "of a server that %s: no login is decided, and the log says why",
    async (_, { does, why }) => {
      server.does = does;
      const { log } = await start();
      expect(await refused(await tokenOf())).toEqual(FAILED);
      const line = log.lines.find(({ message }) => message.startsWith("the keys for tokens cannot be fetched"));
      expect(line).toMatchObject({ level: "warn", fields: { block: "transports[0].auth.ticket", url: server.url } });
      expect(line?.fields["why"]).toMatch(why);
      const end = log.lines.find(({ fields }) => fields["login"] === "refused");
      expect(end?.fields).toMatchObject({ cause: "no-keys", authprovider: "jwt" });
    },
  );

  it.each(Object.entries(FAILURES))(
    "that are old are used while the server %s, and new ones once it is well",
    async (_, { does }) => {
      const { log } = await start(blockOf({ cache: 0 }));
      expect(await joined(await tokenOf())).toMatchObject({ authid: "joe" });
      server.does = does;
      expect(await joined(await tokenOf())).toMatchObject({ authid: "joe" });
      expect(log.text()).toContain("the old ones are used");
      server.does = gives(second.jwk);
      expect(await joined(await tokenOf({ by: second }))).toMatchObject({ authid: "joe" });
      expect(log.text()).toContain("can be fetched again");
    },
  );

  it("outlive a reload while the server is down", async () => {
    const { router } = await start();
    await joined(await tokenOf());
    server.close();
    await router.reload(configOf([blockOf({ "clock-tolerance": 7 })]) as unknown as WampgateConfig);
    expect(await joined(await tokenOf())).toMatchObject({ authid: "joe" });
  });
});

it("wampgate check --ask tells of a URL whose keys cannot be fetched, and check alone does not ask", async () => {
  const { router } = await start([{ type: "static", principals: {} }, blockOf()]);
  const path = ["transports", 0, "auth", "ticket", 1];
  expect(await router.check({ ask: true })).toEqual({
    problems: [],
    warnings: [],
    answered: [{ path, message: "the keys can be fetched" }],
  });
  server.does = (response) => void response.writeHead(404).end();
  expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
  expect((await router.check({ ask: true })).problems).toEqual([
    {
      path: [...path, "keys", "jwks"],
      message: "the keys cannot be fetched: the server answered with status 404",
    },
  ]);
});

it("wampgate check warns of a method whose proofs are no tokens", async () => {
  const { router } = await makeRouter({
    ...configOf(blockOf()),
    transports: [{ type: "memory", auth: { wampcra: blockOf() } }],
  });
  expect(router.warnings).toMatchObject([
    { message: "a token is a ticket: no client can log in by wampcra with it; use the method ticket" },
  ]);
});
