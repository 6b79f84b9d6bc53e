import { readFileSync } from "node:fs";
import { join } from "node:path";
import { login } from "./support/autobahn.ts";
import { makeRouter, type RunningRouter, startRouter } from "./support/router.ts";

// docs/guides/crossbar.md says that a test keeps each row of its tables. These are the tests: the beginning of a row, the
// test's file, and what its name contains. What no other file tests is below.

const CONFIG = "packages/core/src/config/crossbar.test.ts";
const WARNINGS = "packages/core/src/config/warnings.test.ts";
const LOGINS = "test/compatibility.test.ts";
const OWN = "test/crossbar-page.test.ts";

const KEPT: readonly (readonly [row: string, file: string, test: string])[] = [
  ["a node file", CONFIG, "a whole node file is named as one"],
  ["a `web` transport's path", CONFIG, "a web transport with paths is told"],
  ["a `web` transport's path", "test/shared-endpoints.test.ts", "are side by side"],
  ["a `universal` transport", CONFIG, "a universal transport is told"],
  ["`interface` of an endpoint", CONFIG, "the options of a WebSocket are told their names, and those of its endpoint"],
  ["`interface` of an endpoint", OWN, "listens on 127.0.0.1, at /ws"],
  ["a `websocket` transport takes any path", OWN, "a client without a path"],
  ["a `websocket` transport takes any path", "test/shared-endpoints.test.ts", "may have a slash at its end"],
  ["a transport without `auth`", OWN, "a transport without auth is an error"],
  ["`$PORT`", CONFIG, "the options of a WebSocket are told"],
  ["`options` of a transport", CONFIG, "the options of a WebSocket are told"],
  ["`serializers` of all kinds", OWN, "serializers that are not there are named"],
  ["`uri_check` and other `options`", CONFIG, "what a realm and its rules have no use for"],
  ["`store` of a realm", CONFIG, "what a realm and its rules have no use for"],
  ["rules of version 1", CONFIG, "rules of version 1 are told"],
  ["a rule's `cache` and `validate`", CONFIG, "what a realm and its rules have no use for"],
  ["`components` with a Python class", CONFIG, "components of Python are told"],
  ['`type: function` with `create: "module.function"`', "test/function.test.ts", "wampgate check names the line"],
  ["authenticators that are granted by a prefix", WARNINGS, "an authenticator that no role may register"],

  ["call", LOGINS, "call: realm, authid and details"],
  ["call", LOGINS, "call: null for a realm and an authid"],
  ["when", LOGINS, "when: ticket is decided after AUTHENTICATE"],
  ["when", LOGINS, "when: scram is decided at HELLO"],
  ["when", LOGINS, "when: cryptosign is decided at HELLO, before CHALLENGE"],
  ["where", LOGINS, "where: without authenticator-realm"],
  ["answer", LOGINS, "answer: a role as a string"],
  ["answer", LOGINS, "answer: a dictionary, unknown keys ignored"],
  ["realm null in HELLO", LOGINS, "realm null in HELLO"],
  ["override", LOGINS, "override: realm, authid and role replace"],
  ["override", LOGINS, "counts as none assigned"],
  ["override", LOGINS, "the realm of HELLO need not exist"],
  ["ERROR raised", LOGINS, "ERROR raised: the same URI"],
  ["ERROR raised", LOGINS, "a reason that is no URI at all"],
  ["wrong type", LOGINS, "wrong type: %j is ABORT"],
  ["wrong type", LOGINS, "several results or kwargs"],
  ["no role", LOGINS, "no role: default-role of the block"],
  ["no role", LOGINS, "no authid: ABORT no_such_principal"],
  ["no role", LOGINS, "a static principal without one is legal config"],
  ["realm or role not there", LOGINS, "realm or role not there"],
  ["a `cryptosign` block", "test/acceptance.test.ts", "S1: static keys, of which a principal may have two"],
  ["a `cryptosign` block", "test/acceptance.test.ts", "S2: the authenticator finds the principal by the key"],
  ["a `cryptosign` block", "test/python.test.ts", "binds its login to its connection"],
  ["when", LOGINS, "when: tls calls the authenticator at HELLO"],
  ["a `tls` block", "test/acceptance.test.ts", "L1: a certificate by its SHA-1 fingerprint"],
  ["a `tls` block", "test/acceptance.test.ts", "L2: the authenticator finds the principal by its certificate"],
  ["authmethods", LOGINS, "authmethods: the client's order"],
  ["authmethods", LOGINS, "authmethods: no fall-through"],
  ["authmethods", LOGINS, "authmethods: none given"],
  ["session id", LOGINS, "session id: the one told"],
  ["wampcra challenge", LOGINS, "wampcra challenge: a JSON string"],
  ["wampcra challenge", "test/login-shapes.test.ts", "where the challenge had the asked one"],
  ["wampcra challenge", "test/acceptance.test.ts", "C1: static secrets, plain and derived"],
  ["scram exchange", LOGINS, "scram: the example of Crossbar.io"],
  ["scram exchange", "test/python.test.ts", "a client logs in by %s"],
  ["WELCOME", LOGINS, "WELCOME: realm, authid"],
  ["anonymous authid", LOGINS, "anonymous authid: the client's is ignored"],
  ["anonymous authid", "test/acceptance.test.ts", "N1: static"],
  [
    "batched",
    "packages/core/src/transports/websocket/websocket.test.ts",
    "takes the first subprotocol of the client's",
  ],
  ["batched", LOGINS, "batched: batches are understood"],
  ["an empty `permissions` list", LOGINS, "an empty permissions list beside allow-by-default"],
  ["authorizer", "test/authorizer.test.ts", "with session, uri, action and options, and does as it says"],
  ["authorizer", "test/authorizer.test.ts", "in the session's realm"],
  ["authorizer", "test/authorizer.test.ts", "discloses as it says"],

  ["one bad authmethod name", LOGINS, "one bad authmethod name"],
  ["nothing usable", LOGINS, "nothing usable"],
  ["wrong ticket or signature", "test/acceptance.test.ts", "a wrong signature and an unknown authid are denied alike"],
  ["wrong ticket or signature", "test/login-shapes.test.ts", "everybody is challenged alike"],
  ["wrong ticket or signature", "packages/auth-wampcra/src/decoy.test.ts", "is the same for an authid after a restart"],
  ["wrong ticket or signature", "packages/auth-wampcra/src/decoy.test.ts", "takes its salting from the real users"],
  ["the challenge shows the assigned authid", "test/login-shapes.test.ts", "where the challenge had the asked one"],
  ["authenticator not registered", LOGINS, "its URI only in the log, at error level"],
  ["authenticator not registered", LOGINS, "wait holds the login"],
  ["authenticator leaves during the call", LOGINS, "authenticator leaves during the call"],
  ["authenticator crashes", LOGINS, "authenticator crashes"],
  ["any session that may register the authenticator's URI", LOGINS, "whoever may register by a prefix rule"],
  ["realm and role are checked before the proof", LOGINS, "realm and role are checked after the proof"],
  ["authenticator never answers", LOGINS, "authenticator never answers"],
  ["`extra` not a dictionary", LOGINS, "wrong type of a key"],
  ["`extra` not a dictionary", LOGINS, "wampcra: %s is authentication_failed"],
  ["`extra` not a dictionary", LOGINS, "cryptosign: %s is authentication_failed"],
  ["`expires` and `then` in an answer", LOGINS, "expires and then in an answer"],
  ["role string for wampcra", LOGINS, "wampcra: %s is authentication_failed"],
  ["scram without a `nonce`", LOGINS, "scram: HELLO without a nonce"],
  ["wrong ticket or signature", "packages/auth-scram/src/decoy.test.ts", "is the same for an authid after a restart"],
  [
    "cryptosign: an unknown authid",
    "packages/auth-cryptosign/src/method.test.ts",
    "gets the same CHALLENGE and the same",
  ],
  [
    "cryptosign: a channel binding",
    "test/cryptosign-binding.test.ts",
    "a binding that is not to be had ends the login",
  ],
  [
    "cryptosign: a channel binding",
    "packages/auth-cryptosign/src/method.test.ts",
    "is told what is wrong, the same for",
  ],
  [
    "tls: an unknown certificate",
    "packages/auth-tls/src/method.test.ts",
    "if no principal has it, with what the operator",
  ],
  [
    "tls: an authenticator is asked",
    "test/certificate-logins.test.ts",
    "is not asked about a client without a certificate",
  ],
  ["tls: a common name", "packages/core/src/transports/net/client-certificate.test.ts", "has several times is a list"],
  ["tls: a certificate is checked", "test/certificate-logins.test.ts", "that has expired since is denied"],
  ["tls: a certificate is checked", "packages/auth-tls/src/method.test.ts", "its session ends with the certificate"],
  ["roles `trusted` and `anonymous`", LOGINS, "has no exception: it must exist"],
  ["wampcra salted", LOGINS, "a salted secret that is not the derived key"],
  ["wampcra salted", "packages/auth-wampcra/src/secret.test.ts", "secrets that clients can derive are fine"],
  ["after ABORT the socket stays", LOGINS, "after ABORT the socket closes"],
  ["tickets compared with", LOGINS, "tickets and secrets are compared in constant time"],
  ["tickets compared with", "packages/auth-ticket/src/ticket-check.test.ts", "no print of a block shows a ticket"],
  ["HELLO's authextra echoed", LOGINS, "HELLO's authextra is not echoed"],
  ["`x_cb_*`", LOGINS, "x_cb_*: authextra is the authenticator's"],
  ["details: ticket has no authid", LOGINS, "details: every method gets all keys"],
  ["unknown keys in dynamic blocks", "packages/auth-dynamic/src/conformance.test.ts", "describeStrategy"],
  ["`${ENV}` in two places", "packages/core/src/config/environment.test.ts", "is replaced in every string"],
  ["`${ENV}` in two places", "packages/core/src/config/environment.test.ts", "that is not set is a problem"],
  ["one block per method", LOGINS, "a list of blocks per method"],
  ["one block per method", LOGINS, "an authenticator says unknown"],
  ["an exact rule that is a prefix", LOGINS, "does not hide a shorter prefix rule"],
  ["GOODBYE is answered", LOGINS, "GOODBYE is answered by the spec's reason"],
  ["after GOODBYE the connection", "test/hostile.test.ts", "GOODBYE is answered, and the connection closed"],
  ["a wrong HELLO", "test/hostile.test.ts", "before HELLO: %s is ABORT, then close"],
  ["a wrong HELLO", "test/hostile.test.ts", "a realm that is no URI"],
  ["a second HELLO", "test/hostile.test.ts", "two HELLOs are a violation"],
  ["`realm` of an `anonymous` block", OWN, "the realm of an anonymous block"],
  ["`wamp.session.on_leave`", LOGINS, "on_leave has the session id, the authid and the role"],
  ["an authorizer's answer with `cache: true`", "test/authorizer.test.ts", "and match policy, and no other"],
  ["an authorizer's answer may have `validate`", "test/authorizer.test.ts", "asks for validation"],
  ["whoever may register may take", "test/take-over.test.ts", "a rule with force-reregister"],
  ["whoever may register may take", "test/take-over.test.ts", "anonymously are never the same user"],
  ["payloads encrypted", "test/features/broker.ts", "whose payload is encrypted by enc_algo"],
  ["payloads encrypted", "test/features/dealer.ts", "whose payload is encrypted by enc_algo"],
  ["`cookie` of a transport", CONFIG, "methods and kinds of principals that are not there"],
  ["`cookie` counts wherever", "test/cookie.test.ts", "the password first"],
  ["every login writes to the cookie", "test/cookie.test.ts", "no login without a proof"],
  ["every login writes to the cookie", "test/cookie.test.ts", "an id from outside is never adopted"],
  ["a killed session's cookie", "test/cookie.test.ts", "by the meta API"],
  ["`max_age` is counted", "test/cookie.test.ts", "gets a cookie with safe attributes"],
  ["`cbtid` is the cookie itself", "test/cookie.test.ts", "gets to no log, no meta event and no authenticator"],
  ["session meta events", LOGINS, "session meta events carry no transport headers"],
  ["a pattern (prefix, wildcard)", "test/pattern-rules.test.ts", "is granted only by a rule that covers all of it"],
  ["a pattern (prefix, wildcard)", "test/pattern-rules.test.ts", "is not delivered: no live event"],
  ["the router's own calls", "test/guarded-procedures.test.ts", "never gets a call of one"],
  ["pages of any site", "packages/core/src/transports/websocket/origins.test.ts", "is checked only against the list"],
  ["one HELLO may be as large", "test/limits-hello.test.ts", "a longer HELLO is told so by ABORT"],
  ["JSON batches end", LOGINS, "whichever separator ends them"],
  ["any role that may `call`", WARNINGS, "a role that may call an authenticator"],
  ["any role that may `call`", WARNINGS, "an authenticator in the realm that the client names"],
];

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

test("each row of the page for users of Crossbar.io has a test, and each of these is there", () => {
  const rows = [...read("docs/guides/crossbar.md").matchAll(/^\| (?!-)(.*)\n(?!\| -)/gm)].map(([, row = ""]) => row);
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => !KEPT.some(([beginning]) => row.startsWith(beginning)))).toEqual([]);
  expect(KEPT.filter(([beginning]) => !rows.some((row) => row.startsWith(beginning)))).toEqual([]);
  expect(KEPT.filter(([, file, name]) => !read(file).includes(name))).toEqual([]);
});

const realms = [
  { name: "realm1", roles: [{ name: "anonymous", "allow-by-default": true }] },
  { name: "realm2", roles: [{ name: "anonymous" }] },
];
const anonymous = { anonymous: { type: "static" } };
const endpoint = { type: "tcp", port: 0 };

let running: RunningRouter | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Starts a router with one WebSocket transport, and gives its URL. */
async function urlOf(entry: object = {}, auth: object = anonymous): Promise<string> {
  running = await startRouter({ realms, transports: [{ type: "websocket", endpoint, auth, ...entry }] });
  return running.url;
}

/** The realm that a client of Crossbar.io has joined. */
async function joined(url: string, realm = "realm1"): Promise<unknown> {
  const { details, close } = await login({ url, realm, authmethods: ["anonymous"] });
  await close();
  return details["realm"];
}

test("a WebSocket listens on 127.0.0.1, at /ws, unless the config says otherwise", async () => {
  expect(await urlOf()).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/);
});

test("a client without a path is let in by path: /, and not by default", async () => {
  await expect(joined((await urlOf()).replace("/ws", ""))).rejects.toThrow("unreachable");
  await running?.close();
  expect(await joined((await urlOf({ path: "/" })).replace(/\/$/, ""))).toBe("realm1");
});

test("a transport without auth is an error that says how to let everybody in", async () => {
  const made = makeRouter({ realms, transports: [{ type: "websocket", endpoint }] });
  await expect(made).rejects.toThrow("transports[0].auth: a transport needs auth with at least one method");
});

test("serializers that are not there are named, with those that are", async () => {
  const entry = { serializers: ["json", "msgpack", "cbor", "flatbuffers"], auth: anonymous };
  const made = makeRouter({ realms, transports: [{ type: "websocket", endpoint, ...entry }] });
  await expect(made).rejects.toThrow(/1 problem\n.*no serializer "flatbuffers" .* there are: json, msgpack, cbor/);
});

test("the realm of an anonymous block is the realm of its clients, whichever they name", async () => {
  const url = await urlOf({}, { anonymous: { type: "static", realm: "realm2" } });
  expect(await joined(url, "realm1")).toBe("realm2");
});
