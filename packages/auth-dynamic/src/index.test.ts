import {
  type CallOutcome,
  type Hello,
  type PluginApi,
  type PrincipalQuery,
  type RawValue,
  Sayable,
  type TransportDetails,
} from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { type Block, block } from "./block.ts";
import { dynamic } from "./index.ts";

const AUTHENTICATOR = "com.example.authenticate";
const own: Block = block.parse({ authenticator: AUTHENTICATOR, "authenticator-realm": "auth" });

interface Asked {
  answer: unknown;
  log: CapturedLog;
  calls: unknown[][];
}

/** What the strategy makes of a call that ended so. */
async function ask(outcome: CallOutcome, query: object = {}, ofBlock: Block = own): Promise<Asked> {
  const [log, calls]: [CapturedLog, unknown[][]] = [new CapturedLog(), []];
  const call = (...args: unknown[]): Promise<CallOutcome> => {
    calls.push(args);
    return Promise.resolve(outcome);
  };
  const transport = { type: "memory", peer: "memory", address: "192.0.2.1" } as TransportDetails;
  const hello = { session: 7, authid: "ann", authrole: null, authextra: null, transport } as Hello;
  const asked = {
    attempt: { ...hello, authmethod: "ticket" },
    method: { strategyMayVerify: true },
    phase: "authenticate",
    realm: "realm1",
    authid: "ann",
    facts: { ticket: "s3cret" },
    last: true,
    signal: new AbortController().signal,
    ...query,
  } as unknown as PrincipalQuery;
  const answer = await dynamic.resolve(asked, ofBlock, { log, call } as unknown as PluginApi);
  return { answer, log, calls };
}

const error = (uri: string, ...args: unknown[]): CallOutcome => ({ kind: "error", uri, args, kwargs: {} });
const result = (...args: unknown[]): CallOutcome => ({ kind: "result", args, kwargs: {} });

const FAILED = {
  kind: "denied",
  reason: "wamp.error.authentication_failed",
  message: "the login could not be decided; the router's log says why",
};

it("the authenticator is called in the block's realm, with all that is known of the client but its bare address", async () => {
  const { calls } = await ask(result("user"));
  const [[realm, uri, args, options]] = calls as [[string, string, unknown[], object]];
  expect([realm, uri]).toEqual(["auth", AUTHENTICATOR]);
  expect(args).toMatchObject(["realm1", "ann", { ticket: "s3cret", session: 7, authmethod: "ticket", authid: "ann" }]);
  expect(JSON.stringify(args)).not.toContain("192.0.2.1");
  expect(options).toMatchObject({ timeout: 10_000, wait: 0 });
});

it("authextra goes to the authenticator as the bytes that came; what its format cannot say is left out, and logged", async () => {
  const rawAuthextra = { format: "cbor" } as unknown as RawValue;
  const attempt = { session: 7, authextra: { device: 1 }, transport: { type: "memory" }, authmethod: "ticket" };
  const { calls, log } = await ask(result("user"), { attempt: { ...attempt, rawAuthextra } });
  const sent = ((calls[0] as unknown[][])[2]?.[2] as { authextra: unknown }).authextra as Sayable;
  expect(sent).toBeInstanceOf(Sayable);
  expect(sent.value).toBe(rawAuthextra);
  sent.leftOut(["device", "x".repeat(1000)], "json");
  expect(log.lines).toMatchObject([
    { level: "warn", fields: { session: 7, authenticator: AUTHENTICATOR, keys: ["device", "x".repeat(40)] } },
  ]);
  const other = await ask(result("user"), { attempt: { ...attempt, rawAuthextra: null } });
  expect((other.calls[0] as unknown[][])[2]?.[2]).toMatchObject({ authextra: { value: { device: 1 } } });
});

it("without a realm in the block, the authenticator is called in the one that the client asked for", async () => {
  const { calls } = await ask(result("user"), {}, block.parse({ authenticator: AUTHENTICATOR }));
  expect(calls[0]?.[0]).toBe("realm1");
});

it("without a realm in the block and in HELLO no procedure is called, and the client is told so", async () => {
  const { answer, calls } = await ask(result("user"), { realm: null }, block.parse({ authenticator: AUTHENTICATOR }));
  expect(answer).toMatchObject({ kind: "denied", reason: "wamp.error.no_such_realm" });
  expect(calls).toEqual([]);
});

it("core is told which procedure is called, and in which realm, so that no other session can register it", () => {
  const procedure = { uri: AUTHENTICATOR, realmKey: "authenticator-realm" };
  expect(dynamic.calls?.(own)).toEqual([{ ...procedure, realm: "auth" }]);
  expect(dynamic.calls?.(block.parse({ authenticator: AUTHENTICATOR }))).toEqual([{ ...procedure, realm: null }]);
});

describe("a call that fails is told the operator in the log, and the client that it failed, no more", () => {
  const failures: [CallOutcome, string, string][] = [
    [{ kind: "no-callee" }, "it is not registered", "no-authenticator"],
    [{ kind: "callee-busy" }, "it reads too slowly", "authenticator-busy"],
    [{ kind: "callee-gone" }, "it left before it answered", "authenticator-gone"],
    [{ kind: "timeout" }, "it did not answer in time", "authenticator-timeout"],
    [result(), "it answered with 0 results", "authenticator-answer"],
    [error("not a uri"), "it raised an error with an illegal URI", "authenticator-answer"],
  ];
  it.each(failures)("%j", async (outcome, why, code) => {
    const { answer, log } = await ask(outcome);
    expect(answer).toMatchObject({ ...FAILED, cause: { code, params: { uri: AUTHENTICATOR } } });
    expect(log.lines).toMatchObject([{ level: "error", fields: { realm: "auth", authenticator: AUTHENTICATOR } }]);
    expect(log.text()).toContain(`authenticator ${AUTHENTICATOR} in realm auth: ${why}`);
  });
});

it("a realm that is not there is named to the client", async () => {
  expect((await ask({ kind: "no-realm" })).answer).toMatchObject({
    kind: "denied",
    reason: "wamp.error.no_such_realm",
    message: 'no realm "auth" exists on this router',
  });
});

it("an error of the authenticator reaches the client, with its first argument where that is a text", async () => {
  const refused = { kind: "denied", reason: "com.example.no" };
  expect((await ask(error("com.example.no", "go away", "more"))).answer).toMatchObject({
    ...refused,
    message: "go away",
  });
  expect((await ask(error("com.example.no", { why: 1 }))).answer).toMatchObject({ ...refused, message: null });
});

it("what an authenticator says as it crashes is for the log, and never for the client", async () => {
  const { answer, log } = await ask(error("wamp.error.runtime_error", "at line 7 of s3cret.js"));
  expect(answer).toMatchObject({ kind: "denied", reason: "wamp.error.runtime_error", message: null });
  expect(JSON.stringify(answer)).not.toContain("s3cret");
  expect(log.text()).toContain("at line 7 of s3cret.js");
});

it("an authenticator that says that it is not available has not decided, and its words reach the client", async () => {
  const unavailable = "wamp.error.unavailable";
  expect((await ask(error(unavailable, "the database is down"))).answer).toMatchObject({
    ...{ kind: "denied", reason: unavailable, message: "the database is down" },
    cause: { code: "authenticator-unavailable", params: { problem: `it raised ${unavailable}` } },
  });
});

it("an authid that the authenticator does not know is left to the next block, and refused where there is none", async () => {
  const stranger = error("wamp.error.no_such_principal", "unknown user");
  expect((await ask(stranger, { last: false })).answer).toEqual({ kind: "unknown" });
  expect((await ask(stranger, { last: true })).answer).toMatchObject({ kind: "denied", message: "unknown user" });
});
