import { createHmac } from "node:crypto";
import { Code, WampError } from "@wampgate/core";
import { TOTP, Secret } from "otpauth";
import { Wampy } from "wampy";
import { WebSocket } from "ws";
import { type Refused, login } from "./support/autobahn.ts";
import { type LimitedRouter, startLimited, transport } from "./support/limits.ts";
import { connectRaw, hangUp, type RawClient } from "./support/raw-client.ts";
import { connectRawSocket } from "./support/raw-socket.ts";

// The method totp, behind real sockets and with foreign clients.

const SEED = "CACKN3GRF3KQZMEK";
const ANNS = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const DENIED = "wamp.error.authentication_denied";
const AUTHENTICATOR = "com.example.authenticate";

let running: LimitedRouter;
afterEach(async () => {
  hangUp();
  await running.close();
});

/** One time for each test, so that none sees a new period begin. */
let at: number;
beforeEach(() => void (at = Date.now()));

/** The code that an app shows. @param steps how many periods from now */
function code(seed = SEED, steps = 0): string {
  return new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: at + steps * 30_000 });
}

/** A code that is none of the seed around now. */
function wrong(): string {
  const near = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6].map((steps) => code(SEED, steps));
  for (let i = 0; ; i++) if (!near.includes(String(i).padStart(6, "0"))) return String(i).padStart(6, "0");
}

const TICKETS = {
  type: "static",
  then: "totp",
  principals: { joe: { ticket: "secret", role: "user" }, ann: { ticket: "ann's", role: "user" } },
};
/** With a wide window a test may use several codes. */
const CODES = { type: "static", alone: false, window: 5, principals: { joe: { seed: SEED }, ann: { seed: ANNS } } };
const AUTH = { ticket: TICKETS, totp: CODES };

const ROLES = [{ name: "authenticator", permissions: [{ uri: AUTHENTICATOR, allow: { register: true } }] }];

async function start(auth: object = AUTH, entry: object = {}, type = "websocket"): Promise<void> {
  running = await startLimited([transport({ auth, ...entry }, type)], { roles: ROLES });
}

async function both(authid: string, ticket: string, second: string): Promise<RawClient> {
  const client = await connectRaw(running.url);
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "totp", { factor: 2 }]);
  client.authenticate(second);
  return client;
}

async function isIn(client: RawClient): Promise<boolean> {
  const message = await client.next();
  if (message[0] === Code.WELCOME) return true;
  expect([message[0], message[2]]).toEqual([Code.ABORT, DENIED]);
  return false;
}

const enters = async (authid: string, ticket: string, second: string): Promise<boolean> =>
  isIn(await both(authid, ticket, second));

describe("as a second factor", () => {
  it("a code lets a client in once, and then only later ones do", async () => {
    await start();
    expect(await enters("joe", "secret", code())).toBe(true);
    expect(await enters("joe", "secret", code())).toBe(false);
    expect(await enters("joe", "secret", code(SEED, -1))).toBe(false);
    expect(await enters("joe", "secret", code(SEED, 2))).toBe(true);
    expect(await enters("ann", "ann's", code(ANNS))).toBe(true);
  });

  it.each([
    ["another's code", () => code(ANNS)],
    ["a wrong code", wrong],
    ["no code", () => ""],
    ["a code with a space", () => ` ${code().slice(1)}`],
    ["a code of other digits", () => code().replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))],
    ["the seed", () => SEED],
    ["a code of ten minutes ago", () => code(SEED, -20)],
  ])("%s lets no client in", async (_, make) => {
    await start();
    expect(await enters("joe", "secret", make())).toBe(false);
    expect(running.log.text()).not.toContain("login failed");
  });

  it("of two logins with one code at the same moment, one wins", async () => {
    await start();
    for (let steps = -4; steps <= 4; steps += 2) {
      const clients = await Promise.all([0, 1, 2, 3].map(() => both("joe", "secret", code(SEED, steps))));
      const outcomes = await Promise.all(clients.map((client) => isIn(client)));
      expect(outcomes.filter((isWelcome) => isWelcome)).toHaveLength(1);
    }
  });

  it("a code is used up for all transports and after a reload of the config", async () => {
    await start();
    expect(await enters("joe", "secret", code())).toBe(true);
    const principals = { ...CODES.principals, max: { seed: ANNS } };
    await running.router.reload({
      plugins: ["@wampgate/auth-ticket", "@wampgate/auth-totp"],
      realms: [{ name: "realm1", roles: [{ name: "user" }] }],
      transports: [transport({ auth: { ticket: TICKETS, totp: { ...CODES, principals, "max-failures": 7 } } })],
    } as never);
    expect(await enters("joe", "secret", code())).toBe(false);
    expect(await enters("joe", "secret", code(SEED, 1))).toBe(true);
  });

  it("codes of logins with a wrong password are neither used up nor counted as wrong", async () => {
    await start({ ticket: TICKETS, totp: { ...CODES, "max-failures": 2 } });
    for (let i = 0; i < 4; i++) expect(await enters("joe", "a guess", i < 2 ? code() : wrong())).toBe(false);
    expect(await enters("joe", "secret", code())).toBe(true);
  });

  it("after max-failures wrong codes over all sessions, right ones are denied for lock-time, and not used up", async () => {
    await start({ ticket: TICKETS, totp: { ...CODES, "max-failures": 3, "lock-time": 1 } });
    for (let i = 0; i < 3; i++) expect(await enters("joe", "secret", wrong())).toBe(false);
    const since = performance.now();
    expect(await enters("joe", "secret", code())).toBe(false);
    expect(running.log.lines.filter(({ message }) => message.startsWith("totp: too many wrong codes"))).toMatchObject([
      { level: "warn", fields: { authid: "joe", seconds: 1 } },
    ]);
    expect(await enters("ann", "ann's", code(ANNS))).toBe(true);
    while (!(await enters("joe", "secret", code()))) expect(performance.now() - since).toBeLessThan(4000);
    expect(performance.now() - since).toBeGreaterThan(900);
  });

  it("the log has neither seed nor code", async () => {
    await start();
    const [right, bad] = [code(), wrong()];
    await enters("joe", "secret", right);
    await enters("joe", "secret", bad);
    for (const text of [SEED, right, bad]) expect(running.log.text()).not.toContain(text);
  });

  it("a wrong password, a wrong code and an unknown authid are the same to a client, frame by frame", async () => {
    await start({ ticket: TICKETS, totp: { ...CODES, "max-failures": 100 } });
    const framesOf = async (authid: string, ticket: string, second: string): Promise<unknown[]> => {
      const client = await connectRaw(running.url);
      const frames: unknown[] = [];
      client.hello({ authid, authmethods: ["ticket"] });
      frames.push(await client.next());
      client.authenticate(ticket);
      frames.push(await client.next());
      client.authenticate(second);
      frames.push(await client.next());
      await client.closed;
      return frames;
    };
    const expected = await framesOf("joe", "wrong", wrong());
    expect(expected).toHaveLength(3);
    for (const [authid, ticket, second] of [
      ["joe", "secret", wrong()],
      ["joe", "wrong", code()],
      ["nobody", "secret", code()],
      ["__proto__", "secret", code()],
      ["joe", "", ""],
    ] as const)
      expect(await framesOf(authid, ticket, second)).toEqual(expected);
  });

  it.each(["rs", "ws"])("works over %s", async (kind) => {
    await start(AUTH, {}, kind === "rs" ? "rawsocket" : "websocket");
    const { url } = running;
    const client = kind === "rs" ? await connectRawSocket(url) : await connectRaw(url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("secret");
    await client.expect(Code.CHALLENGE);
    client.authenticate(code());
    expect(await client.welcomed()).toMatchObject({ authmethod: "ticket", authfactors: ["ticket", "totp"] });
    client.close();
  });

  it("renews a login with a code of its own", async () => {
    await start();
    const client = await both("joe", "secret", code());
    await client.welcomed();
    const renew = async (second: string): Promise<number> => {
      client.send(Code.CALL, 1, {}, "wampgate.session.renew", ["secret"], { extra: { second_factor: second } });
      return (await client.next())[0];
    };
    expect(await renew(code())).toBe(Code.ERROR);
    expect(await renew(code(SEED, 1))).toBe(Code.RESULT);
    expect(await renew(code(SEED, 1))).toBe(Code.ERROR);
  });
});

describe("alone", () => {
  it("a code lets a client in, and check says that it is weak", async () => {
    const principals = { joe: { seed: SEED, role: "user" } };
    await start({ totp: { type: "static", principals } });
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["totp"] });
    expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "totp", {}]);
    client.authenticate(code());
    expect(await client.welcomed()).toMatchObject({ authmethod: "totp", authprovider: "static", authrole: "user" });
    expect(running.router.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^codes .* are weak/),
    ]);
  });
});

describe("of an authenticator", () => {
  const BLOCK = { type: "dynamic", authenticator: AUTHENTICATOR, "authenticator-realm": "realm1", alone: false };

  async function startAnswering(answer: (code: unknown) => unknown): Promise<void> {
    await start({ ticket: TICKETS, totp: BLOCK });
    const session = running.router.session("realm1", { role: "authenticator" });
    await session.register(AUTHENTICATOR, ([, , details]) => answer((details as { code: unknown }).code));
  }

  it("a seed is judged by the router, and each code counts once", async () => {
    await startAnswering(() => ({ role: "user", seed: SEED, digits: 6 }));
    expect(await enters("joe", "secret", wrong())).toBe(false);
    expect(await enters("joe", "secret", code())).toBe(true);
    expect(await enters("joe", "secret", code())).toBe(false);
  });

  it("its settings may differ", async () => {
    const own = { seed: ANNS, digits: 8, algorithm: "sha256", period: 60 };
    await startAnswering(() => own);
    const totp = new TOTP({ ...own, secret: Secret.fromBase32(ANNS), algorithm: "SHA256" });
    expect(await enters("joe", "secret", totp.generate())).toBe(true);
  });

  it("a role means that it has judged the code itself", async () => {
    const codes: unknown[] = [];
    await startAnswering((shown) => {
      codes.push(shown);
      if (shown !== "000111") throw new WampError("com.example.wrong_code");
      return "user";
    });
    expect(await enters("joe", "secret", "000111")).toBe(true);
    expect(await enters("joe", "secret", "000112")).toBe(false);
    expect(await enters("joe", "guess", "000111")).toBe(false);
    expect(codes).toEqual(["000111", "000112"]);
  });

  it.each([
    ["a seed that is none", { seed: "not base32!" }],
    ["a seed that is too short", { seed: "CACKN3GR" }],
    ["a seed that is no text", { seed: 5 }],
    ["settings that are not possible", { seed: SEED, digits: 4 }],
  ])("%s lets no client in, and the log does not show it", async (_, answer) => {
    await startAnswering(() => answer);
    expect(await enters("joe", "secret", code())).toBe(false);
    expect(running.log.text()).toMatch(/gave no credential/);
    expect(running.log.text()).not.toContain("not base32!");
  });
});

describe("foreign clients", () => {
  const versions = [22, 26] as const;
  const formats = ["json", "msgpack", "cbor"] as const;

  it.each(versions.flatMap((version) => formats.map((format) => [version, format] as const)))(
    "autobahn-js %d in %s answers both challenges",
    async (version, serializer) => {
      await start();
      const seen: unknown[] = [];
      const by = (ticket: string, second: string) => ({
        url: running.url,
        realm: "realm1",
        authid: "joe",
        authmethods: ["ticket"],
        version,
        serializer,
        onchallenge: (_session: unknown, method: string, extra: object) => {
          seen.push([method, extra]);
          return method === "totp" ? second : ticket;
        },
      });
      const { details, close } = await login(by("secret", code()));
      expect(details).toMatchObject({ authmethod: "ticket", authfactors: ["ticket", "totp"], authid: "joe" });
      expect(seen).toEqual([
        ["ticket", {}],
        ["totp", { factor: 2 }],
      ]);
      await close();
      for (const [ticket, second] of [
        ["secret", wrong()],
        ["wrong", code(SEED, 1)],
      ] as const) {
        const failure = await login(by(ticket, second)).catch((error: unknown) => error as Refused);
        expect(failure).toMatchObject({ reason: DENIED });
      }
    },
  );

  it("wampy answers both challenges", async () => {
    await start();
    const connect = (second: string): Promise<unknown> =>
      new Wampy(running.url, {
        ws: WebSocket,
        realm: "realm1",
        maxRetries: 0,
        autoReconnect: false,
        authid: "joe",
        authmethods: ["ticket"],
        onChallenge: (method: string) => (method === "totp" ? second : "secret"),
      } as never).connect();
    expect(await connect(code())).toMatchObject({ authmethod: "ticket", authfactors: ["ticket", "totp"] });
    await expect(connect(wrong())).rejects.toThrow();
  });

  it("one that knows tickets and not totp is asked for a ticket, after another method", async () => {
    const sign = (text: string): string => createHmac("sha256", "key").update(text).digest("base64");
    const users = { joe: { secret: "key", role: "user" } };
    await start({ wampcra: { type: "static", then: "totp", users }, totp: CODES });
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["wampcra", "ticket"] });
    const [, , extra] = await client.expect(Code.CHALLENGE);
    client.authenticate(sign((extra as { challenge: string }).challenge));
    expect(await client.expect(Code.CHALLENGE)).toEqual([Code.CHALLENGE, "ticket", { authmethod: "totp", factor: 2 }]);
    client.authenticate(code());
    expect(await client.welcomed()).toMatchObject({ authfactors: ["wampcra", "totp"] });
  });

  it("one that answers one challenge alone shows both proofs at once", async () => {
    await start();
    const client = await connectRaw(running.url);
    client.hello({ authid: "joe", authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate("secret", { second_factor: code() });
    expect(await client.welcomed()).toMatchObject({ authfactors: ["ticket", "totp"] });
  });
});
