import {
  accept,
  Code,
  defineMethod,
  definePlugin,
  credential,
  ErrorUri,
  type Plugin,
  type SessionEnd,
  z,
} from "@wampgate/core";
import { dynamicBlock, authenticatorOf, REALMS } from "./support/dynamic.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./support/router.ts";

// Sessions end when their login expires, or when their role's time is over.

const HOUR = 3600;
const EXPIRED = [Code.GOODBYE, { message: "the login has expired" }, "wampgate.close.expired"];
const DENIED = "wamp.error.authentication_denied";

const now = (): number => Math.floor(Date.now() / 1000);
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

let running: RunningRouter;
let ends: SessionEnd[];
let left: Promise<void>;
let witness: Plugin;

beforeEach(() => {
  let tell = (): void => undefined;
  [ends, left] = [[], new Promise((resolve) => (tell = resolve))];
  witness = definePlugin({
    name: "witness",
    core: "*",
    apply({ hooks }) {
      hooks.left.tap("witness", (_session, end) => {
        ends.push(end);
        tell();
      });
    },
  });
});

afterEach(async () => {
  hangUp();
  await running.close();
});

function configOf(expires: unknown, role: object = {}) {
  return {
    plugins: [...OFFICIAL, witness],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true, ...role }] }],
    auth: {
      anonymous: { type: "static", role: "user" },
      ticket: { type: "static", principals: { joe: { ticket: "right", role: "user", expires } } },
    },
  };
}

async function login(ticket = "right", authid = "joe"): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client;
}

async function loginAnonymously(): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.hello({ authmethods: ["anonymous"] });
  return client;
}

async function call(client: RawClient, procedure: string, args: unknown[] = []): Promise<unknown> {
  client.send(Code.CALL, 1, {}, procedure, args);
  const [, , , [result]] = (await client.expect(Code.RESULT)) as [number, number, object, unknown[]];
  return result;
}

const transportsOf = ({ auth }: { auth: object }) => ({
  transports: [{ type: "websocket", endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth }],
});

/** Puts another config into effect. */
function reload({ auth, ...config }: ReturnType<typeof configOf>) {
  return running.router.reload({ ...config, ...transportsOf({ auth }) } as never);
}

describe("an expires in a static block", () => {
  it("is told in WELCOME, by the meta API and in the log, in whole seconds", async () => {
    const end = now() + HOUR;
    running = await startRouter(configOf(iso(end)));
    const client = await login();
    const { session, expires } = await client.welcomed();
    expect(expires).toBe(end);
    expect(await call(client, "wamp.session.get", [session])).toMatchObject({ session, expires: end });
    const line = running.log.lines.find(({ fields }) => fields["login"] === "welcome");
    expect(line?.fields).toMatchObject({ authid: "joe", expires: iso(end) });
  });

  it("is told nowhere if there is none", async () => {
    running = await startRouter(configOf(undefined));
    const client = await login();
    const { session, ...details } = await client.welcomed();
    expect(details).not.toHaveProperty("expires");
    expect(await call(client, "wamp.session.get", [session])).not.toHaveProperty("expires");
  });

  it("that is over denies the login like a wrong proof, and only the log tells why", async () => {
    running = await startRouter(configOf(now() - 1));
    const right = await (await login()).expect(Code.ABORT);
    expect(right[2]).toBe(DENIED);
    expect(await (await login("wrong")).expect(Code.ABORT)).toEqual(right);
    expect(await (await login("right", "nobody")).expect(Code.ABORT)).toEqual(right);
    const causes = running.log.lines.flatMap(({ fields }) => fields["cause"] ?? []);
    expect(causes).toEqual(["expired", "wrong-proof", "unknown-authid"]);
  });

  it("ends the session at its time, and with it what it held", async () => {
    running = await startRouter(configOf(now() + 2));
    const client = await login();
    const { session } = await client.welcomed();
    client.send(Code.REGISTER, 1, {}, "com.example.add");
    await client.expect(Code.REGISTERED);
    expect(await client.next()).toEqual(EXPIRED);
    client.send(Code.CALL, 2, {}, "com.example.add");
    client.send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
    await client.closed;
    expect(ends).toEqual([{ by: "expired", reason: "wampgate.close.expired" }]);
    expect(running.log.lines.find(({ message }) => message === "session left")?.fields).toMatchObject({
      session,
      left: "closed",
      by: "expired",
    });
    const other = await loginAnonymously();
    await other.welcomed();
    other.send(Code.CALL, 1, {}, "com.example.add");
    expect((await other.expect(Code.ERROR))[4]).toBe(ErrorUri.noSuchProcedure);
  });
});

describe("a role's max-session-time", () => {
  const short = { "max-session-time": 1000 };

  it("ends its sessions, whatever their method, and WELCOME tells when", async () => {
    running = await startRouter(configOf(undefined, short));
    const client = await loginAnonymously();
    const { expires } = await client.welcomed();
    expect(expires as number).toBeLessThanOrEqual(now() + 2);
    expect(await client.next()).toEqual(EXPIRED);
    await left;
    expect(ends).toEqual([{ by: "expired", reason: "wampgate.close.expired" }]);
  });

  it("and the expires of a login: the earlier end holds", async () => {
    const end = now() + HOUR;
    running = await startRouter(configOf(end, { "max-session-time": 2 * HOUR * 1000 }));
    expect(await (await login()).welcomed()).toMatchObject({ expires: end });
    await reload(configOf(end, { "max-session-time": 60_000 }));
    const { expires } = await (await login()).welcomed();
    expect(expires as number).toBeLessThanOrEqual(now() + 61);
  });

  it("does not end sessions of the router's own process", async () => {
    running = await startRouter(configOf(undefined, short));
    const local = running.router.session("realm1", { role: "user" });
    const client = await loginAnonymously();
    await client.welcomed();
    expect(await client.next()).toEqual(EXPIRED);
    expect(await local.call("wamp.session.get", [local.id])).not.toHaveProperty("expires");
  });
});

describe("a reload", () => {
  it("moves the end of a static principal's sessions, to both sides", async () => {
    const end = now() + HOUR;
    running = await startRouter(configOf(end));
    const client = await login();
    const { session } = await client.welcomed();
    for (const next of [end + HOUR, undefined, end - 60]) {
      expect(await reload(configOf(next))).toMatchObject({ closed: 0 });
      expect(((await call(client, "wamp.session.get", [session])) as { expires?: number }).expires).toBe(next);
    }
  });

  it("ends the sessions of a static principal whose expires is over by the new config", async () => {
    running = await startRouter(configOf(undefined));
    const client = await login();
    await client.welcomed();
    expect(await reload(configOf(now() - 1))).toMatchObject({ closed: 1 });
    expect(await client.next()).toEqual(EXPIRED);
  });

  it("that shortens max-session-time ends sessions earlier that are running", async () => {
    running = await startRouter(configOf(undefined));
    const client = await loginAnonymously();
    await client.welcomed();
    expect(await reload(configOf(undefined, { "max-session-time": 1000 }))).toBeDefined();
    expect(await client.next()).toEqual(EXPIRED);
  });
});

describe("an expires in an authenticator's answer", () => {
  async function startAnswering(expires: unknown): Promise<void> {
    running = await startRouter({
      realms: REALMS,
      auth: { ticket: dynamicBlock },
      components: [
        { module: authenticatorOf(() => ({ role: "user", expires })), realm: "realm-auth", role: "authenticator" },
      ],
    });
  }

  it.each<[string, (end: number) => unknown]>([
    ["in seconds", (end) => end + 0.5],
    ["as ISO 8601", iso],
  ])("%s ends the session then", async (_, written) => {
    const end = now() + HOUR;
    await startAnswering(written(end));
    expect(await (await login()).welcomed()).toMatchObject({ expires: end });
  });

  it("that is over denies the login", async () => {
    await startAnswering(now() - HOUR);
    expect((await (await login()).expect(Code.ABORT))[2]).toBe(DENIED);
    expect(running.log.lines.find(({ fields }) => fields["login"] === "refused")?.fields["cause"]).toBe("expired");
  });

  it.each<[string, unknown, string]>([
    ["milliseconds", Date.now() + HOUR * 1000, "found an integer"],
    ["a time without a zone", "2099-01-31T08:00:00", "found a string"],
  ])("that is %s denies the login, and the log says what was wrong", async (_, expires, found) => {
    await startAnswering(expires);
    expect((await (await login()).expect(Code.ABORT))[2]).toBe("wamp.error.authentication_failed");
    expect(running.log.text()).toMatch(new RegExp(`its expires: expected seconds since 1970.*${found}`));
  });
});

it("a method moves the end only to an earlier time, and a reload does not undo that", async () => {
  const end = now() + HOUR;
  let patch: number | undefined;
  const method = defineMethod<unknown, { end: number }>({
    name: "by-name",
    at: "hello",
    credential: z.unknown(),
    challenge: async (attempt) => {
      await attempt.resolvePrincipal();
      return accept({ expires: patch });
    },
    static: {
      schema: z.object({ end: z.number() }),
      find: (_query, block) => credential(null, { role: "user", expires: block.end }),
      assignments: () => [],
    },
    decoy: () => credential(null),
  });
  const own = (blockEnd: number) => ({
    ...configOf(undefined),
    plugins: [definePlugin({ name: "by-name", core: "*", methods: [method] })],
    auth: { "by-name": { type: "static", end: blockEnd } } as never,
  });
  running = await startRouter(own(end));
  const join = async (expires?: number): Promise<[RawClient, number]> => {
    patch = expires;
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["by-name"] });
    const details = await client.welcomed();
    return [client, details["expires"] as number];
  };
  const [, unpatched] = await join();
  const [, later] = await join(end + 60);
  const [client, earlier] = await join(end - 60);
  expect([unpatched, later, earlier]).toEqual([end, end, end - 60]);
  await reload(own(end + HOUR));
  const expires: number[] = [];
  for (const id of (await call(client, "wamp.session.list")) as number[])
    expires.push(((await call(client, "wamp.session.get", [id])) as { expires: number }).expires);
  expect(expires).toEqual([end + HOUR, end + HOUR, end - 60]);
});
