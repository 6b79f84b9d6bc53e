import { Code } from "@wampgate/core";
import { SignJWT } from "jose";
import { CookieClient, hangUpAll, type Sent } from "./support/cookie-client.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";

// A token in a cookie of an application lets its users in: `cookie: { type: jwt, from: "cookie:<name>" }`.

const SECRET = "a secret of this test, which is long enough";
const ISSUER = "https://www.example.com";

let running: RunningRouter;
afterEach(async () => {
  hangUpAll();
  await running.close();
});

const jwt = {
  type: "jwt",
  from: "cookie:session",
  issuer: ISSUER,
  audience: "wampgate",
  keys: { secret: SECRET },
  algorithms: ["HS256"],
  claims: { role: "role" },
};
const ticket = { type: "static", principals: { ann: { ticket: "right", role: "user" } } };

function configOf(cookie: unknown, others: object = {}, entry: object = {}): Record<string, unknown> {
  return {
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0 },
        auth: { cookie, ticket, ...others },
        ...entry,
      },
    ],
  };
}

async function start(cookie: unknown = jwt, others: object = {}, entry: object = {}): Promise<void> {
  const { router, log } = await makeRouter(configOf(cookie, others, entry));
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
}

function tokenOf(claims: object = {}, secret = SECRET, expires = "1h"): Promise<string> {
  return new SignJWT({ sub: "joe", iss: ISSUER, aud: "wampgate", role: "user", ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(expires)
    .sign(Buffer.from(secret));
}

/** WELCOME's details, the method that challenges the client, or ABORT's reason. */
async function answerTo(sent: Sent, hello: object = {}): Promise<unknown> {
  const client = await CookieClient.connect(running.url, sent);
  client.hello({ authmethods: ["cookie", "ticket"], ...hello });
  const [code, one, two] = await client.next();
  return code === Code.CHALLENGE ? one : two;
}

it("who has a good token in the cookie is in at once, as the token says, until it expires", async () => {
  await start();
  const token = await tokenOf();
  expect(await answerTo({ cookie: `theme=dark; session=${token}` })).toMatchObject({
    realm: "realm1",
    authid: "joe",
    authrole: "user",
    authmethod: "cookie",
    authprovider: "jwt",
    expires: expect.any(Number) as number,
  });
});

it("the token decides the authid: that of HELLO is ignored", async () => {
  await start();
  expect(await answerTo({ cookie: `session=${await tokenOf()}` }, { authid: "ann" })).toMatchObject({ authid: "joe" });
});

it.each<[string, () => Promise<Sent>, unknown]>([
  ["without a cookie", () => Promise.resolve({}), "ticket"],
  ["with something else in it", () => Promise.resolve({ cookie: "session=abc" }), "ticket"],
  ["with the token in another cookie", async () => ({ cookie: `other=${await tokenOf()}` }), "ticket"],
  ["with a token of another issuer", async () => ({ cookie: `session=${await tokenOf({ iss: "x" })}` }), "ticket"],
  [
    "with more bytes than are read",
    async () => ({ cookie: `session=${await tokenOf({ more: "x".repeat(12_400) })}` }),
    "ticket",
  ],
  [
    "of a page of another origin",
    async () => ({ cookie: `session=${await tokenOf()}`, origin: "https://evil.example.com" }),
    "ticket",
  ],
  [
    "with a token that somebody else has signed",
    async () => ({ cookie: `session=${await tokenOf({}, SECRET.toUpperCase())}` }),
    "wamp.error.authentication_denied",
  ],
  [
    "with a token that is over",
    async () => ({ cookie: `session=${await tokenOf({}, SECRET, "-1h")}` }),
    "wamp.error.authentication_denied",
  ],
])("a client %s is passed on to its next method, or denied", async (_what, sent, expected) => {
  await start(jwt, {}, { "allowed-origins": ["*"], "max-header-size": 32_768 });
  expect(await answerTo(await sent())).toBe(expected);
});

it("a page that allowed-origins names is let in", async () => {
  await start(jwt, {}, { "allowed-origins": ["https://app.example.com"] });
  const sent = { cookie: `session=${await tokenOf()}`, origin: "https://app.example.com" };
  expect(await answerTo(sent)).toMatchObject({ authid: "joe" });
});

it("a token that a page of a parent domain has planted does not keep its user out", async () => {
  await start();
  const planted = await tokenOf({}, "another secret that is long enough too");
  expect(await answerTo({ cookie: `session=${planted}; session=${await tokenOf()}` })).toMatchObject({ authid: "joe" });
});

it("both kinds of cookies go together: a login by ticket is remembered, and one by a token is not", async () => {
  await start([{ type: "static" }, jwt]);
  const first = await CookieClient.connect(running.url);
  first.hello({ authid: "ann", authmethods: ["cookie", "ticket"] });
  await first.expect(Code.CHALLENGE);
  first.authenticate("right");
  await first.welcomed();
  expect(await answerTo({ cookie: first.cookie })).toMatchObject({ authid: "ann", authprovider: "cookie" });
  const other = await CookieClient.connect(running.url, { cookie: `session=${await tokenOf()}` });
  other.hello({ authmethods: ["cookie"] });
  expect(await other.welcomed()).toMatchObject({ authid: "joe", authprovider: "jwt" });
  expect(await answerTo({ cookie: other.cookie }, { authid: "ann" })).toBe("ticket");
});

it("its login cannot be renewed: there is no proof that the client could show", async () => {
  await start();
  const client = await CookieClient.connect(running.url, { cookie: `session=${await tokenOf()}` });
  client.hello({ authmethods: ["cookie"] });
  await client.welcomed();
  client.send(Code.CALL, 1, {}, "wampgate.session.renew", ["x"]);
  expect((await client.expect(Code.ERROR))[4]).toBe("wamp.error.feature_not_supported");
});

it.each<[string, unknown, object, string]>([
  [
    "the method cookie has no from",
    { ...jwt, from: undefined },
    {},
    "transports[0].auth.cookie.from: the method cookie reads the token from a cookie of yours: write from: cookie:<name>",
  ],
  [
    "another method has one",
    jwt,
    { ticket: jwt },
    "transports[0].auth.ticket.from: tokens come from a cookie by the method cookie alone, and this block is of ticket",
  ],
])("it is a mistake where %s", async (_what, cookie, others, message) => {
  await expect(makeRouter(configOf(cookie, others))).rejects.toThrow(message);
  await start();
  await expect(running.router.reload(wholeOf(configOf(cookie, others)) as never)).rejects.toThrow(message);
});
