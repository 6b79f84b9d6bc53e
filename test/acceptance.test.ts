import { createHmac, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Code, type Component, WampError } from "@wampgate/core";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { autobahn, login, Refused, withKey, withSecret, withTicket } from "./support/autobahn.ts";
import { folderOf } from "../jest/folder.ts";
import { type Certificate, makeAuthority, makeTls } from "./support/certificate.ts";
import { connectRaw } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

// Crossbar's examples, by the ids of the acceptance table; A8, T1 and C1 end as docs/guides/crossbar.md says.

const authenticator = "com.example.authenticate";
const fail = (uri: string, message: string): never => {
  throw new WampError(uri, message);
};
const registering =
  (authenticate: (realm: unknown, authid: unknown, details: never) => unknown): Component =>
  async (session) => {
    await session.register(authenticator, ([realm, authid, details]) => authenticate(realm, authid, details as never));
  };
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "joined",
    (error: unknown) => (error instanceof Refused ? error.reason : error),
  );

/** The permission set of Crossbar's examples. */
const PERMISSIONS = [
  {
    name: "frontend",
    permissions: [
      { uri: "com.example.add2", match: "exact", allow: { call: true } },
      { uri: "com.example.", match: "prefix", allow: { publish: true } },
      { uri: "com.example.topic2", match: "exact", allow: {} },
      { uri: "com.foobar.topic1", match: "exact", allow: { publish: true } },
    ],
  },
  {
    name: "backend",
    permissions: [
      { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
      { uri: "com.example.topic2", match: "exact", allow: {} },
    ],
  },
  { name: "authenticator", permissions: [{ uri: authenticator, match: "exact", allow: { register: true } }] },
];
const REALM1 = [{ name: "realm1", roles: PERMISSIONS }];
const backend = {
  module: (async (session) => {
    await session.register("com.example.add2", ([a, b]) => (a as number) + (b as number));
    await session.subscribe("com.example.topic1", () => undefined);
  }) satisfies Component,
  realm: "realm1",
  role: "backend",
};

/** What the examples' client does once it is in. */
async function clientScript(options: Parameters<typeof login>[0]): Promise<Record<string, unknown>> {
  const { session, details, close } = await login(options);
  const refused = { error: "wamp.error.not_authorized" };
  await expect(session.call("com.example.add2", [2, 3])).resolves.toBe(5);
  await expect(session.register("com.example.mul2", () => 0)).rejects.toMatchObject(refused);
  for (const topic of ["com.example.topic1", "com.foobar.topic1"]) {
    await expect(session.publish(topic, ["hi"], {}, { acknowledge: true })).resolves.toBeTruthy();
  }
  for (const topic of ["com.example.topic2", "com.foobar.topic2"]) {
    await expect(session.publish(topic, ["hi"], {}, { acknowledge: true })).rejects.toMatchObject(refused);
  }
  await close();
  return details;
}

describe("Crossbar's example advanced", () => {
  let running: RunningRouter;
  const principals = new Map([
    ["user1", { ticket: "123secret", realm: "realm-user1" }],
    ["user2", { ticket: "456secret", realm: "realm-user2" }],
  ]);
  const config = (components: unknown[]): Record<string, unknown> => ({
    realms: [
      { name: "realm-auth", roles: [{ name: "authenticator", permissions: PERMISSIONS[2]?.permissions }] },
      { name: "realm-user1", roles: [{ name: "user", "allow-by-default": true }] },
      { name: "realm-user2", roles: [{ name: "user", "allow-by-default": true }] },
    ],
    auth: { ticket: { type: "dynamic", authenticator, "authenticator-realm": "realm-auth" } },
    components,
  });
  const module = registering((realm, authid, { ticket }: { ticket: string }) => {
    const found = principals.get(String(authid));
    if (found === undefined) return fail("com.example.no_such_user", `no user ${String(authid)}`);
    if (ticket !== found.ticket) return fail("com.example.invalid_ticket", `wrong ticket for ${String(authid)}`);
    if (realm !== null && realm !== found.realm) return fail("com.example_invalid_realm", "not this user's realm");
    return { realm: found.realm, role: "user", extra: { "my-custom-welcome-data": [1, 2, 3] } };
  });

  beforeAll(async () => {
    running = await startRouter(config([{ module, realm: "realm-auth", role: "authenticator" }]));
  });
  afterAll(() => running.close());

  const asking = (realm: string | null, authid: string, ticket: string): Promise<unknown> =>
    refusal(login({ url: running.url, realm, authid, authmethods: ["ticket"], onchallenge: withTicket(ticket) }));
  const withoutRealm = async (authid: string, ticket: string): Promise<Record<string, unknown>> => {
    const client = await connectRaw(running.url);
    client.hello({ realm: null, authid, authmethods: ["ticket"] });
    await client.expect(Code.CHALLENGE);
    client.authenticate(ticket);
    const welcome = await client.welcomed();
    client.close();
    await client.closed;
    return welcome;
  };

  it("A1: user1 joins realm-user1 as role user by provider dynamic, with custom welcome data", async () => {
    for (const serializer of ["json", "msgpack"] as const) {
      const { session, details, close } = await login({
        url: running.url,
        realm: "realm-user1",
        authid: "user1",
        authmethods: ["ticket"],
        onchallenge: withTicket("123secret"),
        serializer,
      });
      expect(session.realm).toBe("realm-user1");
      expect(details).toMatchObject({
        authid: "user1",
        authrole: "user",
        authprovider: "dynamic",
        authextra: { "my-custom-welcome-data": [1, 2, 3] },
      });
      await close();
    }
  });

  it("A2: user1 without a realm joins realm-user1", async () => {
    expect(await withoutRealm("user1", "123secret")).toMatchObject({ realm: "realm-user1", authid: "user1" });
  });

  it("A3: user2 without a realm joins realm-user2", async () => {
    expect(await withoutRealm("user2", "456secret")).toMatchObject({ realm: "realm-user2", authid: "user2" });
  });

  it("A4: user1 asking for realm-user2 with the right ticket gets the authenticator's own error", async () => {
    expect(await asking("realm-user2", "user1", "123secret")).toBe("com.example_invalid_realm");
  });

  it("A5: user1 with a wrong ticket gets com.example.invalid_ticket", async () => {
    expect(await asking("realm-user1", "user1", "wrong")).toBe("com.example.invalid_ticket");
  });

  it("A6: an unknown authid is challenged, then gets com.example.no_such_user", async () => {
    expect(await asking("realm-user1", "nobody", "123secret")).toBe("com.example.no_such_user");
  });

  it("A7: a realm that is not there is the authenticator's to refuse", async () => {
    expect(await asking("nope", "user1", "123secret")).toBe("com.example_invalid_realm");
  });

  it("A8: without an authenticator the login fails, and the client learns no URI", async () => {
    const empty = await startRouter(config([]));
    const outcome = await login({
      url: empty.url,
      realm: "realm-user1",
      authid: "user1",
      authmethods: ["ticket"],
      onchallenge: withTicket("123secret"),
    }).catch((error: unknown) => error as Refused);
    await empty.close();
    expect(outcome).toMatchObject({ reason: "wamp.error.authentication_failed" });
    expect((outcome as Refused).text).not.toContain(authenticator);
  });
});

describe("Crossbar's examples of tickets", () => {
  it("T1: a static ticket from the environment lets client1 in; a wrong one and an unknown authid are denied alike", async () => {
    process.env["WAMPGATE_TEST_TICKET"] = "secret123";
    const principals = { client1: { ticket: "${WAMPGATE_TEST_TICKET}", role: "frontend" } };
    const running = await startRouter({
      realms: REALM1,
      auth: { ticket: { type: "static", principals } },
      components: [backend],
    });
    const client1 = { url: running.url, realm: "realm1", authid: "client1", authmethods: ["ticket"] };
    expect(await clientScript({ ...client1, onchallenge: withTicket("secret123") })).toMatchObject({
      authprovider: "static",
    });
    for (const wrong of [
      { ...client1, onchallenge: withTicket("wrong") },
      { ...client1, authid: "nobody", onchallenge: withTicket("secret123") },
    ]) {
      expect(await refusal(login(wrong))).toBe("wamp.error.authentication_denied");
    }
    await running.close();
  });

  it("T2: an authenticator in the client's own realm answers with a role string", async () => {
    const tickets = new Map([
      ["joe", "secret!!!"],
      ["client2", "123sekret"],
    ]);
    const module = registering((_realm, authid, { ticket }: { ticket: string }) => {
      const known = tickets.get(String(authid)) ?? fail("com.example.no_such_user", "no such user");
      return known === ticket ? "frontend" : fail("com.example.invalid_ticket", "wrong ticket");
    });
    const running = await startRouter({
      realms: REALM1,
      auth: { ticket: { type: "dynamic", authenticator } },
      components: [{ module, realm: "realm1", role: "authenticator" }, backend],
    });
    const asking = { url: running.url, realm: "realm1", authmethods: ["ticket"] };
    for (const [authid, ticket] of tickets) {
      expect(await clientScript({ ...asking, authid, onchallenge: withTicket(ticket) })).toMatchObject({
        authprovider: "dynamic",
      });
    }
    expect(await refusal(login({ ...asking, authid: "joe", onchallenge: withTicket("wrong") }))).toBe(
      "com.example.invalid_ticket",
    );
    expect(await refusal(login({ ...asking, authid: "nobody", onchallenge: withTicket("x") }))).toBe(
      "com.example.no_such_user",
    );
    await running.close();
  });

  it("T4: a time-based code as the ticket is the authenticator's to check", async () => {
    const codeAt = (slot: number): string => {
      const mac = createHmac("sha1", "seed")
        .update(Buffer.from(slot.toString(16).padStart(16, "0"), "hex"))
        .digest();
      const code = mac.readUInt32BE((mac[19] ?? 0) & 0xf) & 0x7fffffff;
      return String(code % 1_000_000).padStart(6, "0");
    };
    const slot = 12345;
    const module = registering((_realm, _authid, { ticket }: { ticket: string }) =>
      ticket === codeAt(slot) ? "frontend" : fail("com.example.invalid_ticket", "wrong code"),
    );
    const running = await startRouter({
      realms: REALM1,
      auth: { ticket: { type: "dynamic", authenticator } },
      components: [{ module, realm: "realm1", role: "authenticator" }],
    });
    const tobias = { url: running.url, realm: "realm1", authid: "tobias1", authmethods: ["ticket"] };
    expect(await refusal(login({ ...tobias, onchallenge: withTicket(codeAt(slot + 9)) }))).toBe(
      "com.example.invalid_ticket",
    );
    const { close } = await login({ ...tobias, onchallenge: withTicket(codeAt(slot)) });
    await close();
    await running.close();
  });
});

describe("Crossbar's examples of WAMP-CRA", () => {
  const salting = { salt: "salt123", iterations: 100, keylen: 16 };

  it("C1: static secrets, plain and derived; a wrong signature and an unknown authid are denied alike", async () => {
    const users = {
      client1: { secret: "secret123", role: "frontend" },
      client2: { secret: "DpHHRlQ6UNULJlP9J8WkPw==", role: "frontend", ...salting },
    };
    const running = await startRouter({
      realms: REALM1,
      auth: { wampcra: { type: "static", users } },
      components: [backend],
    });
    const asking = {
      url: running.url,
      realm: "realm1",
      authmethods: ["wampcra"],
      onchallenge: withSecret("secret123"),
    };
    for (const authid of ["client1", "client2"]) {
      expect(await clientScript({ ...asking, authid })).toMatchObject({ authid, authmethod: "wampcra" });
    }
    for (const wrong of [{ authid: "client1", onchallenge: withSecret("wrong") }, { authid: "nobody" }]) {
      expect(await refusal(login({ ...asking, ...wrong }))).toBe("wamp.error.authentication_denied");
    }
    await running.close();
  });

  const users = new Map<string, object>([
    ["client1", { secret: "secret123", role: "frontend" }],
    ["joe", { secret: "secret2", role: "frontend" }],
    ["hans", { authid: "ID09125", secret: "123456", role: "frontend" }],
    ["peter", { secret: "prq7+YkJ1/KlW1X0YczMHw==", role: "frontend", ...salting }],
  ]);
  const passwords = { client1: "secret123", joe: "secret2", hans: "123456", peter: "secret1" };
  const authenticate = (authid: unknown): unknown =>
    users.get(String(authid)) ?? fail("com.example.no_such_user", "no such user");

  it("C2: the authenticator gives secrets, derived ones, and another authid", async () => {
    const running = await startRouter({
      realms: REALM1,
      auth: { wampcra: { type: "dynamic", authenticator } },
      components: [
        { module: registering((_realm, authid) => authenticate(authid)), realm: "realm1", role: "authenticator" },
        backend,
      ],
    });
    const asking = { url: running.url, realm: "realm1", authmethods: ["wampcra"] };
    for (const [authid, password] of Object.entries(passwords)) {
      const details = await clientScript({ ...asking, authid, onchallenge: withSecret(password) });
      expect(details["authid"]).toBe(authid === "hans" ? "ID09125" : authid);
    }
    expect(await refusal(login({ ...asking, authid: "nobody", onchallenge: withSecret("x") }))).toBe(
      "com.example.no_such_user",
    );
    await running.close();
  });

  it("C3: the authenticator is a foreign client that logs in itself by a static secret, on a path of its own", async () => {
    const endpoint = { type: "tcp", host: "127.0.0.1", port: 0 };
    const running = await startRouter({
      realms: REALM1,
      transports: [
        { type: "websocket", endpoint, path: "/ws", auth: { wampcra: { type: "dynamic", authenticator } } },
        {
          type: "websocket",
          endpoint,
          path: "/internal",
          auth: {
            wampcra: {
              type: "static",
              users: {
                authenticator1: { secret: "secret123", role: "authenticator" },
                backend1: { secret: "secret456", role: "backend" },
              },
            },
          },
        },
      ],
    });
    const internal = { url: running.url.replace("/ws", "/internal"), realm: "realm1", authmethods: ["wampcra"] };
    const one = await login({ ...internal, authid: "authenticator1", onchallenge: withSecret("secret123") });
    await one.session.register(authenticator, ([, authid]: [unknown, string]) => {
      const user = users.get(authid);
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- as the example's authenticator does
      if (user === undefined) throw "no such user";
      return user;
    });
    const two = await login({ ...internal, authid: "backend1", onchallenge: withSecret("secret456") });
    await two.session.register("com.example.add2", ([a, b]: [number, number]) => a + b);
    const asking = { url: running.url, realm: "realm1", authmethods: ["wampcra"] };
    for (const authid of ["joe", "peter"] as const) {
      await clientScript({ ...asking, authid, onchallenge: withSecret(passwords[authid]) });
    }
    const refused = await login({ ...asking, authid: "nobody", onchallenge: withSecret("x") }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ reason: "wamp.error.runtime_error" });
    await two.close();
    await one.close();
    await running.close();
  });
});

describe("Crossbar's examples of cryptosign", () => {
  const seeds = ["a1", "a2", "a3", "a4"].map((byte) => byte.repeat(32));
  const [one, two, second, stranger] = seeds.map((seed) => withKey(seed, new SigningKey(seed).publicKey)) as [
    ByKey,
    ByKey,
    ByKey,
    ByKey,
  ];
  type ByKey = ReturnType<typeof withKey>;
  const keyOf = ({ authextra }: ByKey): string => (authextra as { pubkey: string }).pubkey;
  const realms = [
    { name: "realm-auth", roles: [{ name: "authenticator", permissions: PERMISSIONS[2]?.permissions }] },
    { name: "devices", roles: [{ name: "device", "allow-by-default": true }] },
  ];
  const joined = { realm: "devices", authrole: "device", authmethod: "cryptosign" };
  const detailsOf = async (options: Parameters<typeof login>[0]): Promise<unknown> => {
    const { details, close } = await login(options);
    await close();
    return details;
  };

  it("S1: static keys, of which a principal may have two; the authid may be left out, and so may the realm", async () => {
    const principals = {
      "client01@example.com": { realm: "devices", role: "device", authorized_keys: [keyOf(one)] },
      "client02@example.com": { realm: "devices", role: "device", authorized_keys: [keyOf(two), keyOf(second)] },
    };
    const running = await startRouter({ realms, auth: { cryptosign: { type: "static", principals } } });
    const { url } = running;
    for (const [authid, key] of [
      ["client01@example.com", one],
      ["client02@example.com", two],
      ["client02@example.com", second],
    ] as const) {
      const welcome = { ...joined, authid, authprovider: "static" };
      expect(await detailsOf({ url, realm: "devices", authid, ...key })).toMatchObject(welcome);
      expect(await detailsOf({ url, realm: "devices", ...key })).toMatchObject(welcome);
      expect(await detailsOf({ url, realm: null, ...key })).toMatchObject(welcome);
    }
    for (const wrong of [{ ...two, authid: "client01@example.com" }, stranger, { ...stranger, authid: "nobody" }])
      expect(await refusal(login({ url, realm: "devices", ...wrong }))).toBe("wamp.error.authentication_denied");
    await running.close();
  });

  it("S2: the authenticator finds the principal by the key, and gives realm, authid and extra", async () => {
    const database = [
      { authid: "client01@example.com", extra: { foo: 23 }, authorized_keys: [keyOf(one)] },
      { authid: "client02@example.com", extra: { foo: 42, bar: "baz" }, authorized_keys: [keyOf(two), keyOf(second)] },
    ];
    const module = registering((_realm, _authid, { authextra: { pubkey } }: { authextra: { pubkey: string } }) => {
      const found = database.find(({ authorized_keys }) => authorized_keys.includes(pubkey));
      if (found === undefined) return fail("com.example.no_such_user", `no user with key ${pubkey}`);
      const { authid, extra } = found;
      return { pubkey, realm: "devices", authid, role: "device", extra, cache: true };
    });
    const running = await startRouter({
      realms,
      auth: { cryptosign: { type: "dynamic", authenticator, "authenticator-realm": "realm-auth" } },
      components: [{ module, realm: "realm-auth", role: "authenticator" }],
    });
    const { url } = running;
    for (const [authid, extra, key] of [
      ["client01@example.com", { foo: 23 }, one],
      ["client02@example.com", { foo: 42, bar: "baz" }, second],
    ] as const)
      expect(await detailsOf({ url, realm: null, ...key })).toMatchObject({ ...joined, authid, authextra: extra });
    expect(await refusal(login({ url, realm: "devices", ...stranger }))).toBe("com.example.no_such_user");
    await running.close();
  });
});

describe("Crossbar's examples of tls", () => {
  const BACKEND = [{ name: "realm1", roles: [{ name: "backend", "allow-by-default": true }, PERMISSIONS[2]] }];
  let running: RunningRouter;
  let ca: string;
  let client: Certificate;
  let bad: Certificate;
  let tls: object;

  beforeAll(async () => {
    const authority = await makeAuthority("Example CA");
    [client, bad] = [await authority.issue({}), await authority.issue({ name: [["commonName", "client_bad"]] })];
    const folder = await folderOf({ "ca.cert.pem": authority.cert });
    const server = await makeTls();
    ca = await readFile(server.certificate, "utf8");
    tls = { ...server, "ca-certificates": [join(folder, "ca.cert.pem")] };
  });
  afterEach(() => running.close());

  const start = async (block: unknown, components: object[] = []): Promise<void> => {
    const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, tls };
    const transports = [{ type: "websocket", endpoint, auth: { tls: block } }];
    running = await startRouter({ realms: BACKEND, transports, components });
  };
  const by = (shown: Certificate): Parameters<typeof login>[0] => ({
    url: running.url,
    realm: "realm1",
    authmethods: ["tls"],
    tlsConfiguration: { ca, ...shown },
  });
  const sha1 = ({ cert }: Certificate): string => new X509Certificate(cert).fingerprint;
  const joined = { realm: "realm1", authid: "client_0", authrole: "backend", authmethod: "tls" };

  it("L1: a certificate by its SHA-1 fingerprint, without a challenge; without one TLS fails", async () => {
    await start({ type: "static", principals: { client_0: { "certificate-sha1": sha1(client), role: "backend" } } });
    const { details, close } = await login(by(client));
    expect(details).toMatchObject({ ...joined, authprovider: "static" });
    await close();
    expect(await refusal(login(by(bad)))).toBe("wamp.error.authentication_denied");
    const { tlsConfiguration, ...bare } = by(client);
    expect(tlsConfiguration).toBeDefined();
    expect(await refusal(login(bare))).toBe("unreachable");
  });

  it("L2: the authenticator finds the principal by its certificate, by the keys that Crossbar has", async () => {
    interface Details {
      readonly transport: {
        readonly client_cert: { sha1: string; subject: { cn: string }; issuer: { cn: string } } | null;
      };
    }
    const issuers: string[] = [];
    const module = registering((_realm, _authid, { transport: { client_cert: shown } }: Details) => {
      if (shown === null) return fail("com.example.no_cert", "no client certificate presented");
      issuers.push(shown.issuer.cn);
      return shown.sha1 === sha1(client)
        ? { authid: shown.subject.cn, role: "backend" }
        : fail("com.example.invalid_cert", `certificate with SHA1 ${shown.sha1} denied`);
    });
    await start({ type: "dynamic", authenticator }, [{ module, realm: "realm1", role: "authenticator" }]);
    const { details, close } = await login({ ...by(client), authid: "somebody" });
    expect(details).toMatchObject({ ...joined, authprovider: "dynamic" });
    await close();
    expect(await refusal(login(by(bad)))).toBe("com.example.invalid_cert");
    expect(issuers).toEqual(["Example CA", "Example CA"]);
  });
});

describe("Crossbar's examples of anonymous clients", () => {
  it("N1: static: a random serial as authid, or the config's", async () => {
    const realms = [
      {
        name: "realm1",
        roles: [{ name: "public", permissions: [{ uri: "", match: "prefix", allow: { call: true } }] }],
      },
    ];
    for (const [block, authid] of [
      [{ type: "static", role: "public" }, /^([345679ACEFGHJKLMNPQRSTUVWXY]{4}-?){6}$/],
      [{ type: "static", role: "public", authid: "foobar23" }, /^foobar23$/],
    ] as const) {
      const running = await startRouter({ realms, auth: { anonymous: block } });
      const { details, close } = await login({ url: running.url, realm: "realm1" });
      expect(details).toMatchObject({
        authid: expect.stringMatching(authid) as string,
        authrole: "public",
        authmethod: "anonymous",
      });
      await close();
      await running.close();
    }
  });

  it("N2: dynamic, with authenticator-role trusted: the serial is its second argument, extra is welcome data", async () => {
    const seen: unknown[] = [];
    const module = registering((_realm, authid) => {
      seen.push(authid);
      return { role: "public", extra: { eins: "zwo", drei: [4, 5, 6] } };
    });
    const running = await startRouter({
      realms: [{ name: "realm1", roles: [{ name: "public" }, ...PERMISSIONS] }],
      auth: {
        anonymous: { type: "dynamic", authenticator, "authenticator-realm": "realm1", "authenticator-role": "trusted" },
      },
      components: [{ module, realm: "realm1", role: "authenticator" }],
    });
    const { details, close } = await login({ url: running.url, realm: "realm1", authmethods: ["anonymous"] });
    expect(details).toMatchObject({ authrole: "public", authextra: { eins: "zwo", drei: [4, 5, 6] }, authid: seen[0] });
    await close();
    await running.close();
  });
});

test("autobahn's errors, thrown by a callee, arrive as they are", async () => {
  const running = await startRouter({
    realms: [{ name: "realm1", roles: [{ name: "public", "allow-by-default": true }] }],
    auth: { anonymous: { type: "static", role: "public" } },
  });
  const quiet = { on_user_error: () => undefined };
  const { session, close } = await login({ url: running.url, realm: "realm1", ...quiet });
  await session.register("com.example.fail", () => {
    throw new autobahn.Error("com.example.error.sorry", ["no"], { left: 0 });
  });
  await expect(session.call("com.example.fail")).rejects.toMatchObject({
    error: "com.example.error.sorry",
    args: ["no"],
    kwargs: { left: 0 },
  });
  await close();
  await running.close();
});
