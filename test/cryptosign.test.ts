import { Code, WampError } from "@wampgate/core";
import { type FakeClient, type HelloOptions, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { OFFICIAL } from "./support/router.ts";

// The method cryptosign with what decides for it: an authenticator, a reload, the renewal of a login.

const DENIED = "wamp.error.authentication_denied";
const HOUR = 3600;

const [joe, second, stranger] = ["a1", "a2", "a3"].map((byte) => new SigningKey(byte.repeat(32))) as [
  SigningKey,
  SigningKey,
  SigningKey,
];

let running: TestRouter;
afterEach(() => running.close());

async function challenge(client: FakeClient): Promise<Buffer> {
  const [, , extra] = (await client.expect(Code.CHALLENGE)) as [number, string, { challenge: string }];
  return Buffer.from(extra.challenge, "hex");
}

/** Logs in. @param named the key that HELLO names; null: none */
async function login(
  signer: SigningKey,
  more: HelloOptions = {},
  named: SigningKey | null = signer,
): Promise<FakeClient> {
  const client = running.connect();
  const authextra = named === null ? {} : { pubkey: named.publicKey };
  client.hello({ authid: "joe", authmethods: ["cryptosign"], authextra, ...more });
  client.authenticate(signer.sign(await challenge(client)));
  return client;
}

describe("by an authenticator", () => {
  let answer: unknown;
  beforeEach(async () => {
    const module = authenticatorOf((_realm, authid) => {
      if (authid === "nobody") throw new WampError("com.example.no_such_user", "no user of that name");
      return answer;
    });
    running = await startTestRouter({
      plugins: OFFICIAL,
      realms: REALMS,
      auth: { cryptosign: dynamicBlock },
      components: [{ module, realm: "realm-auth", role: "authenticator" }],
    });
  });

  it.each([
    ["one key", joe.publicKey],
    ["a key in upper case", joe.publicKey.toUpperCase()],
    ["a list of keys", [second.publicKey, joe.publicKey]],
  ])("a client logs in by the key that it names, if the answer has it: %s", async (_what, pubkey) => {
    answer = { role: "user", pubkey, realm: "realm1", authid: "device-1", extra: { foo: 23 } };
    const welcome = await (await login(joe, { realm: null, authid: null })).welcomed();
    expect(welcome).toMatchObject({
      realm: "realm1",
      authid: "device-1",
      authprovider: "dynamic",
      authextra: { foo: 23 },
    });
  });

  it("a client that names no key may sign by any of the answer", async () => {
    answer = { role: "user", pubkey: [joe.publicKey, second.publicKey] };
    for (const key of [joe, second]) await (await login(key, {}, null)).welcomed();
    expect((await (await login(stranger, {}, null)).aborted()).reason).toBe(DENIED);
  });

  it("a key that the answer has, but HELLO has not named, is worth nothing", async () => {
    answer = { role: "user", pubkey: [joe.publicKey, second.publicKey] };
    expect((await (await login(second, {}, joe)).aborted()).reason).toBe(DENIED);
  });

  it("a key that HELLO names, but the answer has not, is worth nothing", async () => {
    answer = { role: "user", pubkey: joe.publicKey };
    expect((await (await login(stranger)).aborted()).reason).toBe(DENIED);
  });

  it("an ERROR is the authenticator's own word", async () => {
    const client = running.connect();
    client.hello({ authid: "nobody", authmethods: ["cryptosign"], authextra: { pubkey: joe.publicKey } });
    expect(await client.aborted()).toEqual({ reason: "com.example.no_such_user", message: "no user of that name" });
  });

  it("a key for which anybody can sign never reaches the authenticator", async () => {
    const weak = `01${"00".repeat(31)}`;
    answer = { role: "user", pubkey: weak };
    const client = running.connect();
    client.hello({ authid: "nobody", authmethods: ["cryptosign"], authextra: { pubkey: weak } });
    expect((await client.aborted()).reason).toBe("wamp.error.authentication_failed");
  });
});

describe("static principals before an authenticator", () => {
  beforeEach(async () => {
    const module = authenticatorOf((_realm, authid) => {
      if (authid === "ann") return { role: "user", pubkey: second.publicKey };
      throw new WampError("wamp.error.no_such_principal");
    });
    const own = { type: "static", principals: { joe: { authorized_keys: [joe.publicKey], role: "user" } } };
    running = await startTestRouter({
      plugins: OFFICIAL,
      realms: REALMS,
      auth: { cryptosign: [own, dynamicBlock, { ...own, principals: {} }] },
      components: [{ module, realm: "realm-auth", role: "authenticator" }],
    });
  });

  it("each log in by their own keys, and who neither knows is denied", async () => {
    await (await login(joe)).welcomed();
    await (await login(second, { authid: "ann" })).welcomed();
    expect((await (await login(stranger, { authid: "nobody" })).aborted()).reason).toBe(DENIED);
    expect((await (await login(second)).aborted()).reason).toBe(DENIED);
  });

  it("without a key in HELLO the authenticator's log in, and the static ones look like those whom no block knows", async () => {
    await (await login(second, { authid: "ann" }, null)).welcomed();
    const ends = [];
    for (const authid of ["joe", "nobody"]) {
      const client = running.connect();
      client.hello({ authid, authmethods: ["cryptosign"] });
      ends.push(await client.aborted());
    }
    expect(ends[0]).toMatchObject({ reason: "wamp.error.authentication_failed" });
    expect(ends[1]).toEqual(ends[0]);
  });
});

describe("a reload", () => {
  type Config = { transports: { auth: { cryptosign: { principals: Record<string, object> } } }[] };
  const principals = {
    joe: { authorized_keys: [joe.publicKey], role: "user" },
    ann: { authorized_keys: [second.publicKey], role: "user", authid: "device-7" },
  };
  beforeEach(async () => {
    running = await startTestRouter({ plugins: OFFICIAL, auth: { cryptosign: { type: "static", principals } } });
  });

  const update = (change: (own: Record<string, object>) => void) =>
    running.router.update((config) => {
      const copy = structuredClone({ transports: config.transports }) as unknown as Config;
      const [entry] = copy.transports;
      if (entry !== undefined) change(entry.auth.cryptosign.principals);
      return { ...config, ...copy } as unknown as typeof config;
    });

  it("leaves the sessions of those who are still there, whether or not they named their authid", async () => {
    const clients = [await login(joe), await login(joe, { authid: null }), await login(second, { authid: null })];
    for (const client of clients) await client.welcomed();
    expect(await update((own) => (own["max"] = { authorized_keys: [stranger.publicKey], role: "user" }))).toMatchObject(
      {
        closed: 0,
        problems: [],
      },
    );
    await (await login(stranger, { authid: null })).welcomed();
  });

  it("ends the sessions of those who are gone, and their keys are worth nothing", async () => {
    const clients = [await login(joe, { authid: null }), await login(second, { authid: null })];
    for (const client of clients) await client.welcomed();
    expect(
      await update((own) => {
        delete own["joe"];
        delete own["ann"];
      }),
    ).toMatchObject({ closed: 2 });
    for (const client of clients) expect((await client.expect(Code.GOODBYE))[2]).toBe("wamp.close.killed");
    expect((await (await login(joe)).aborted()).reason).toBe(DENIED);
    expect((await (await login(joe, { authid: null })).aborted()).reason).toBe(DENIED);
  });

  it("changes the keys for the next logins", async () => {
    await update((own) => (own["joe"] = { authorized_keys: [stranger.publicKey], role: "user" }));
    expect((await (await login(joe)).aborted()).reason).toBe(DENIED);
    await (await login(stranger)).welcomed();
  });
});

describe("with a second factor", () => {
  const keys = { type: "static", principals: { joe: { authorized_keys: [joe.publicKey], role: "user" } } };
  const tickets = { type: "static", principals: { joe: { ticket: "open sesame", role: "user" } } };
  const start = async (auth: object): Promise<void> => {
    running = await startTestRouter({ plugins: OFFICIAL, auth });
  };

  it("a key may come first: who it is shows only after the second proof", async () => {
    await start({ cryptosign: { ...keys, then: "ticket" }, ticket: tickets });
    const client = await login(joe);
    await client.expect(Code.CHALLENGE);
    client.authenticate("open sesame");
    expect(await client.welcomed()).toMatchObject({ authid: "joe", authmethod: "cryptosign" });
    for (const [key, authid] of [
      [stranger, "joe"] as const,
      [stranger, "nobody"] as const,
      [stranger, null] as const,
    ]) {
      const other = await login(key, { authid });
      await other.expect(Code.CHALLENGE);
      other.authenticate("open sesame");
      expect((await other.aborted()).reason).toBe(DENIED);
    }
  });

  it("a key may come second: it must be that of whom the first proof has shown", async () => {
    await start({ ticket: { ...tickets, then: "cryptosign" }, cryptosign: keys });
    for (const [key, ticket, outcome] of [
      [joe, "open sesame", "welcome"],
      [joe, "wrong", DENIED],
      [stranger, "open sesame", DENIED],
    ] as const) {
      const client = running.connect();
      client.hello({ authid: "joe", authmethods: ["ticket"], authextra: { pubkey: key.publicKey } });
      await client.expect(Code.CHALLENGE);
      client.authenticate(ticket);
      client.authenticate(key.sign(await challenge(client)));
      const [code, ...rest] = await client.next();
      expect(code === Code.WELCOME ? "welcome" : rest[1]).toBe(outcome);
    }
  });
});

describe("a renewal", () => {
  const RENEW = "wampgate.session.renew";
  const CHALLENGE = "wampgate.session.challenge";
  const now = (): number => Math.floor(Date.now() / 1000);
  const expires = now() + HOUR;

  beforeEach(async () => {
    const principals = {
      joe: { authorized_keys: [joe.publicKey], role: "user", authid: "device-7", expires },
      ann: { authorized_keys: [second.publicKey], role: "user" },
    };
    running = await startTestRouter({ plugins: OFFICIAL, auth: { cryptosign: { type: "static", principals } } });
  });

  let request = 0;
  async function call(client: FakeClient, procedure: string, args: unknown[] = [], kwargs: object = {}) {
    client.send(Code.CALL, ++request, {}, procedure, args, kwargs);
    const message = await client.next();
    return message[0] === Code.RESULT ? (message[3] as unknown[])[0] : message[4];
  }

  async function challengeOf(client: FakeClient, authextra: object): Promise<Buffer> {
    const { authmethod, extra } = (await call(client, CHALLENGE, [], { authextra })) as {
      authmethod: string;
      extra: { challenge: string; channel_binding: null };
    };
    expect({ authmethod, keys: Object.keys(extra) }).toEqual({
      authmethod: "cryptosign",
      keys: ["challenge", "channel_binding"],
    });
    return Buffer.from(extra.challenge, "hex");
  }

  it.each([null, "joe"])("signs another challenge, and stays: HELLO named the authid %j", async (authid) => {
    const client = await login(joe, { authid });
    expect(await client.welcomed()).toMatchObject({ authid: "device-7", expires });
    const message = await challengeOf(client, { pubkey: joe.publicKey });
    expect(await call(client, RENEW, [joe.sign(message)])).toEqual({ expires });
  });

  it("by another's key, by an old challenge or without one is refused, and the session stays", async () => {
    const client = await login(joe);
    await client.welcomed();
    for (const [named, signer] of [[second, second] as const, [joe, second] as const]) {
      const message = await challengeOf(client, { pubkey: named.publicKey });
      expect(await call(client, RENEW, [signer.sign(message)])).toBe(DENIED);
    }
    const message = await challengeOf(client, { pubkey: joe.publicKey });
    expect(await call(client, RENEW, [joe.sign(message)])).toEqual({ expires });
    await challengeOf(client, { pubkey: joe.publicKey });
    expect(await call(client, RENEW, [joe.sign(message)])).toBe(DENIED);
    expect(await call(client, RENEW, [joe.sign(message)])).toBe("wamp.error.authentication_failed");
  });

  it("with a malformed authextra is told what is wrong", async () => {
    const client = await login(joe);
    await client.welcomed();
    expect(await call(client, CHALLENGE, [], { authextra: { pubkey: "ab" } })).toBe("wamp.error.authentication_failed");
  });
});
