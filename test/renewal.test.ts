import { createHmac } from "node:crypto";
import { Code, definePlugin, deny, type Hello, type Plugin, type SessionEnd } from "@wampgate/core";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// A session stays longer when its client shows its proof again: wampgate.session.renew and .challenge.

const RENEW = "wampgate.session.renew";
const CHALLENGE = "wampgate.session.challenge";
const DENIED = "wamp.error.authentication_denied";
const HOUR = 3600;

const now = (): number => Math.floor(Date.now() / 1000);

let running: RunningRouter;
let ends: SessionEnd[] = [];
let welcomes = 0;
let hellos: Hello[] = [];
/** What a tap of the hook `hello` answers when a login is renewed. */
let onRenewal: (hello: Hello) => ReturnType<typeof deny> | Promise<undefined> | undefined = () => undefined;

afterEach(async () => {
  hangUp();
  await running.close();
  [ends, welcomes, hellos, onRenewal] = [[], 0, [], () => undefined];
});

const witness = (): Plugin =>
  definePlugin({
    name: "witness",
    core: "*",
    apply({ hooks }) {
      hooks.hello.tapPromise("witness", async (hello) => {
        hellos.push(hello);
        return hello.renews === null ? undefined : await onRenewal(hello);
      });
      hooks.welcome.tap("witness", () => {
        welcomes++;
      });
      hooks.left.tap("witness", (_session, end) => void ends.push(end));
    },
  });

/** A router whose roles may do nothing at all: a renewal needs no permission. */
async function start(more: Record<string, unknown> = {}, role: object = {}, limits: object = {}): Promise<void> {
  const principals = { joe: { ticket: "right", role: "user" }, ann: { ticket: "ann's", role: "user" } };
  const auth = {
    anonymous: { type: "static", role: "user" },
    ticket: { type: "static", principals },
    wampcra: { type: "static", users: { joe: { secret: "right", role: "user" } } },
    ...(more["auth"] as object | undefined),
  };
  const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
  const plain = [{ name: "realm1", roles: [{ name: "user", permissions: [], ...role }, { name: "other" }] }];
  running = await startRouter({
    plugins: [...OFFICIAL, witness()],
    realms: more["realms"] ?? plain,
    components: more["components"] ?? [],
    transports: [{ type: "websocket", endpoint, auth, ...limits }],
  });
}

/** Answers logins with what `answer` says: the end of the login moves. */
function startAnswering(answer: (details: Record<string, unknown>) => unknown, limits: object = {}): Promise<void> {
  const module = authenticatorOf((_realm, _authid, details) => answer(details));
  const auth = { ticket: dynamicBlock, wampcra: dynamicBlock };
  const components = [{ module, realm: "realm-auth", role: "authenticator" }];
  return start({ auth, realms: REALMS, components }, {}, limits);
}

type Joined = RawClient & { session: number; expires: number | undefined };

async function login(authmethod = "ticket", proof: (challenge: string) => string = () => "right"): Promise<Joined> {
  const client = await connectRaw(running.url);
  client.hello({ authid: "joe", authmethods: [authmethod] });
  if (authmethod !== "anonymous") {
    const [, , extra] = (await client.expect(Code.CHALLENGE)) as [number, string, { challenge: string }];
    client.authenticate(proof(extra.challenge));
  }
  const { session, expires } = await client.welcomed();
  return Object.assign(client, { session, expires: expires as number | undefined });
}

const sign = (challenge: string): string => createHmac("sha256", "right").update(challenge).digest("base64");

let request = 0;
afterEach(() => void (request = 0));

function send(client: RawClient, procedure: string, args: unknown[] = [], kwargs: object = {}): void {
  client.send(Code.CALL, ++request, {}, procedure, args, kwargs);
}

async function call(client: RawClient, procedure: string, args: unknown[] = [], kwargs: object = {}): Promise<unknown> {
  send(client, procedure, args, kwargs);
  const [, , , [result]] = (await client.expect(Code.RESULT)) as [number, number, object, unknown[]];
  return result;
}

async function refused(client: RawClient, procedure: string, args: unknown[] = [], kwargs = {}): Promise<unknown> {
  send(client, procedure, args, kwargs);
  return (await client.expect(Code.ERROR))[4];
}

it("a ticket renews the login at once, and the session's end moves to what its login gets now", async () => {
  const end = now() + 2;
  let expires = end;
  await startAnswering(() => ({ role: "user", expires }));
  const client = await login();
  expect(client.expires).toBe(end);
  expires = end + HOUR;
  expect(await call(client, RENEW, ["right"], { extra: {} })).toEqual({ expires });
  expect(await call(client, "wamp.session.get", [client.session])).toMatchObject({ expires });
  const line = running.log.lines.find(({ message }) => message === "session renewed");
  const shown = new Date(expires * 1000).toISOString();
  expect(line?.fields).toMatchObject({ session: client.session, realm: "realm1", expires: shown });
  // A second session ends at the time at which the first one would have ended.
  expires = end;
  const other = await login();
  expect((await other.expect(Code.GOODBYE))[2]).toBe("wampgate.close.expired");
  expect(await call(client, "wamp.session.get", [client.session])).toMatchObject({ expires: end + HOUR });
});

it("a session without an end may renew its login, too", async () => {
  await start();
  expect(await call(await login(), RENEW, ["right"])).toEqual({ expires: null });
});

it("a proof that answers a challenge is shown after wampgate.session.challenge", async () => {
  await start();
  const client = await login("wampcra", sign);
  expect(await refused(client, RENEW, ["anything"])).toBe("wamp.error.invalid_argument");
  const challenged = await call(client, CHALLENGE, [], { authextra: { device: 7 } });
  const { authmethod, extra } = challenged as { authmethod: string; extra: { challenge: string } };
  expect(authmethod).toBe("wampcra");
  expect(JSON.parse(extra.challenge)).toMatchObject({ session: client.session, authid: "joe" });
  expect(await call(client, RENEW, [sign(extra.challenge)])).toEqual({ expires: null });
  expect(hellos.at(-1)).toMatchObject({ authextra: { device: 7 }, renews: { realm: "realm1", authid: "joe" } });
});

it("a challenge is good for one proof, and only the last one counts", async () => {
  await start();
  const client = await login("wampcra", sign);
  const challenge = async (): Promise<string> =>
    ((await call(client, CHALLENGE)) as { extra: { challenge: string } }).extra.challenge;
  const [first, second] = [await challenge(), await challenge()];
  expect(await refused(client, RENEW, [sign(first)])).toBe(DENIED);
  expect(await refused(client, RENEW, [sign(second)])).toBe("wamp.error.invalid_argument");
});

it("a wrong proof is an ERROR like that of a login, and the session goes on to its old end", async () => {
  await startAnswering(({ ticket }) => {
    if (ticket !== "right") return { role: "user", authid: "somebody else" };
    return { role: "user", expires: now() + HOUR };
  });
  const client = await login();
  expect(await refused(client, RENEW, ["wrong"])).toBe(DENIED);
  expect(await call(client, "wamp.session.get", [client.session])).toMatchObject({ expires: client.expires });
  const [line] = running.log.lines.filter(({ message }) => message === "renewal refused");
  expect(line).toMatchObject({ level: "warn", fields: { session: client.session, reason: DENIED, failures: 1 } });
});

it("the fifth wrong proof ends the session; a right one before it starts the count again", async () => {
  await start();
  const client = await login();
  for (let i = 0; i < 4; i++) expect(await refused(client, RENEW, ["wrong"])).toBe(DENIED);
  await call(client, RENEW, ["right"]);
  for (let i = 0; i < 4; i++) expect(await refused(client, RENEW, ["wrong"])).toBe(DENIED);
  send(client, RENEW, ["wrong"]);
  expect(await client.next()).toMatchObject([
    Code.GOODBYE,
    { message: expect.stringContaining("renewals") as string },
    DENIED,
  ]);
  expect(ends).toEqual([{ by: "router", reason: DENIED }]);
});

it("wrong proofs count as failed logins, so that renewals are no way around their limit", async () => {
  await start({}, {}, { "max-failed-logins-per-address": 2 });
  const client = await login();
  for (let i = 0; i < 3; i++) expect(await refused(client, RENEW, ["wrong"])).toBe(DENIED);
  expect(await refused(client, RENEW, ["right"])).toBe(DENIED);
  const stranger = await connectRaw(running.url);
  stranger.hello({ authid: "joe", authmethods: ["ticket"] });
  expect((await stranger.expect(Code.ABORT))[1]).toMatchObject({
    message: expect.stringContaining("too many") as string,
  });
});

describe("whoever comes out of a renewal as another is denied", () => {
  it.each<[string, object]>([
    ["with another authid", { authid: "ann" }],
    ["with another role", { role: "user2" }],
    ["in another realm", { realm: "realm-auth" }],
  ])("%s", async (_, other) => {
    let answer: object = {};
    await startAnswering(() => ({ role: "user", realm: "realm1", ...answer }));
    const client = await login();
    answer = other;
    expect(await refused(client, RENEW, ["right"])).toBe(DENIED);
    expect(await call(client, "wamp.session.get", [client.session])).toMatchObject({ authid: "joe", authrole: "user" });
  });
});

it("another's proof is as wrong as any", async () => {
  await start();
  expect(await refused(await login(), RENEW, ["ann's"])).toBe(DENIED);
});

it.each([RENEW, CHALLENGE])("a login without a proof cannot be renewed: %s", async (procedure) => {
  await start();
  expect(await refused(await login("anonymous"), procedure, ["anything"])).toBe("wamp.error.feature_not_supported");
  const local = running.router.session("realm1", { role: "user" });
  await expect(local.call(procedure, ["anything"])).rejects.toMatchObject({ uri: "wamp.error.feature_not_supported" });
});

it.each<[string, string, unknown[], object]>([
  ["no proof", RENEW, [], {}],
  ["a proof that is no text", RENEW, [7], {}],
  ["an extra that is no dictionary", RENEW, ["right"], { extra: 7 }],
  ["an authextra that is no dictionary", CHALLENGE, [], { authextra: "x" }],
])("%s is an illegal argument, and no failed login", async (_, procedure, args, kwargs) => {
  await start();
  const client = await login();
  expect(await refused(client, procedure, args, kwargs)).toBe("wamp.error.invalid_argument");
  expect(running.log.text()).not.toContain("renewal refused");
});

it("a renewal never moves the end past the role's max-session-time", async () => {
  await start({}, { "max-session-time": 60_000 });
  const client = await login();
  expect(client.expires).toBeDefined();
  expect(await call(client, RENEW, ["right"])).toEqual({ expires: client.expires });
});

it("the router alone registers these procedures, and no pattern gets their calls", async () => {
  await start({}, { permissions: [{ uri: "", match: "prefix", allow: { register: true } }] });
  const client = await login();
  client.send(Code.REGISTER, 100, {}, RENEW);
  expect((await client.expect(Code.ERROR))[4]).toBe("wamp.error.invalid_uri");
  client.send(Code.REGISTER, 101, { match: "prefix" }, "wampgate.session.");
  await client.next();
  expect(await call(client, RENEW, ["right"])).toEqual({ expires: null });
});

it("plugins are asked about a renewal as about a login, and told what it is; but no WELCOME is sent", async () => {
  await start();
  const client = await login();
  expect([hellos.map(({ renews }) => renews), welcomes]).toEqual([[null], 1]);
  onRenewal = () => deny("com.example.closed", "after hours");
  send(client, RENEW, ["right"]);
  expect((await client.expect(Code.ERROR)).slice(4)).toEqual(["com.example.closed", ["after hours"]]);
  onRenewal = () => undefined;
  await call(client, RENEW, ["right"]);
  expect(welcomes).toBe(1);
});

describe("while a plugin decides about a renewal", () => {
  let goOn: () => void = () => undefined;
  let isAsked: Promise<void>;
  beforeEach(() => {
    let tell = (): void => undefined;
    isAsked = new Promise((resolve) => (tell = resolve));
    onRenewal = () => {
      tell();
      return new Promise((resolve) => (goOn = () => resolve(undefined)));
    };
  });

  it("the session's other calls are answered, and another renewal is refused", async () => {
    await start({}, { permissions: [{ uri: "wamp.", match: "prefix", allow: { call: true } }] });
    const client = await login();
    send(client, RENEW, ["right"]);
    await isAsked;
    expect(await call(client, "wamp.session.count")).toBe(1);
    expect(await refused(client, RENEW, ["right"])).toBe("wampgate.error.limit_exceeded");
    expect(await refused(client, CHALLENGE)).toBe("wampgate.error.limit_exceeded");
    goOn();
    expect(await client.expect(Code.RESULT)).toMatchObject([Code.RESULT, 1, {}, [{ expires: null }]]);
  });

  it("a session that leaves ends the renewal, and nothing of it is kept", async () => {
    await start();
    const client = await login();
    send(client, RENEW, ["right"]);
    await isAsked;
    const ended = endOf(hellos.at(-1));
    client.socket.terminate();
    await ended;
    goOn();
    onRenewal = () => undefined;
    await call(await login(), RENEW, ["right"]);
    const renewed = running.log.lines.filter(({ message }) => message === "session renewed");
    expect(renewed).toHaveLength(1);
  });

  it("that must not take longer than a login", async () => {
    await start({}, {}, { "auth-timeout": 300 });
    const client = await login();
    expect(await refused(client, RENEW, ["right"])).toBe("wamp.error.authentication_failed");
  });
});

it("a challenge that is not answered in time is forgotten", async () => {
  await start({}, {}, { "auth-timeout": 500 });
  const client = await login("wampcra", sign);
  const { extra } = (await call(client, CHALLENGE)) as { extra: { challenge: string } };
  await endOf(hellos.at(-1));
  expect(await refused(client, RENEW, [sign(extra.challenge)])).toBe("wamp.error.invalid_argument");
});

/** When the time of a login is up, or its client has left. */
function endOf(hello: Hello | undefined): Promise<unknown> {
  return new Promise((resolve) => hello?.signal.addEventListener("abort", resolve));
}
