import {
  type AuthMethod,
  type Cause,
  type ClientCertificate,
  Code,
  credential,
  defineStrategy,
  definePlugin,
  type PrincipalQuery,
  type WampgateConfig,
  z,
} from "@wampgate/core";
import { type HelloOptions, sampleCertificate, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

const DENIED = {
  reason: "wamp.error.authentication_denied",
  message: "the authentication was denied: unknown authid or wrong proof",
};
const REALMS = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }, { name: "device" }] }];

/** A fingerprint of one byte, again and again. */
const sha256 = (byte: string): string => Array(32).fill(byte).join(":");

const client = sampleCertificate({
  sha256: sha256("C1"),
  subject: { cn: "client_0", o: "dev" },
  subjectaltname: ["DNS:client.example.com", "URI:spiffe://example.com/client", "email:ann@example.com"],
});

let asked: PrincipalQuery[] = [];
let causes: Cause[] = [];
/** A strategy that lets everybody in. It hears why logins fail. */
const everybody = definePlugin({
  name: "everybody",
  core: "*",
  apply: ({ hooks }) => hooks.loginFailed.tap("everybody", ({ cause }) => void causes.push(cause)),
  strategies: [
    defineStrategy({
      type: "everybody",
      block: z.strictObject({}),
      resolve: (query) => (asked.push(query), credential({}, { authid: "anybody", role: "user" })),
    }),
  ],
});

let running: TestRouter;
afterEach(() => {
  [causes, asked] = [[], []];
  return running.close();
});

async function start(block: unknown): Promise<void> {
  running = await startTestRouter({ plugins: [plugin, everybody], realms: REALMS, auth: { tls: block } });
}

const fixed = (principals: object, more: object = {}): object => ({ type: "static", principals, ...more });

/** What a client with the certificate gets: its details of WELCOME. */
async function joined(certificate?: ClientCertificate, hello: HelloOptions = {}): Promise<Record<string, unknown>> {
  const connection = running.connect(certificate === undefined ? {} : { certificate });
  connection.hello({ authmethods: ["tls"], ...hello });
  return connection.welcomed();
}

/** Logs in with the certificate, and is denied. @returns why, for the operator */
async function problemOf(certificate?: ClientCertificate, hello: HelloOptions = {}): Promise<unknown> {
  const connection = running.connect(certificate === undefined ? {} : { certificate });
  connection.hello({ authmethods: ["tls"], ...hello });
  expect(await connection.aborted()).toEqual(DENIED);
  const [cause] = causes.splice(0);
  expect(cause).toMatchObject({ code: "bad-certificate" });
  const { problem } = cause?.params as { problem: string };
  expect(running.log.lines).toContainEqual(
    expect.objectContaining({ level: "warn", message: "a client's certificate was refused" }),
  );
  expect(running.log.text()).toContain(JSON.stringify(problem).slice(1, -1));
  return problem;
}

describe("a client is let in without a challenge, as the principal that its certificate is of", () => {
  it.each<[string, object]>([
    ["by its SHA-256 fingerprint", { "certificate-sha256": client.sha256 }],
    ["in lower case without colons", { "certificate-sha256": client.sha256.replaceAll(":", "").toLowerCase() }],
    ["by one of several", { "certificate-sha256": [sha256("00"), client.sha256] }],
    ["by its SHA-1 fingerprint", { "certificate-sha1": client.sha1 }],
    ["with underscores", { certificate_sha256: client.sha256 }],
    ["by SHA-1, with underscores", { certificate_sha1: client.sha1 }],
    ["by one attribute of its subject", { subject: { cn: "client_0" } }],
    ["by two of them, in any order and case", { subject: { O: "dev", CN: "client_0" } }],
    ["by its DNS name", { "subject-alt-name": "DNS:Client.Example.com" }],
    ["by its URI", { "subject-alt-name": "URI:spiffe://example.com/client" }],
    ["by its mail address", { "subject-alt-name": "email:ann@example.com" }],
  ])("%s", async (_how, own) => {
    await start(fixed({ joe: { ...own, role: "user" }, ann: { "certificate-sha256": sha256("0A"), role: "device" } }));
    expect(await joined(client)).toMatchObject({
      realm: "realm1",
      authid: "joe",
      authrole: "user",
      authmethod: "tls",
      authprovider: "static",
    });
  });

  it("whatever authid HELLO names, or none", async () => {
    await start(fixed({ joe: { subject: { cn: "client_0" }, role: "user" }, ann: { subject: { cn: "ann" } } }));
    for (const authid of ["ann", "root", null])
      expect(await joined(client, { authid })).toMatchObject({ authid: "joe" });
  });

  it("with what it is assigned: realm, authid, role and extra", async () => {
    const assigned = { realm: "realm1", authid: "joe@example.com", role: "device", extra: { floor: 3 } };
    await start(fixed({ joe: { subject: { cn: "client_0" }, ...assigned } }));
    expect(await joined(client, { realm: null })).toMatchObject({
      realm: "realm1",
      authid: "joe@example.com",
      authrole: "device",
      authextra: { floor: 3 },
    });
  });

  it("and with the block's default-role", async () => {
    await start(fixed({ joe: { subject: { cn: "client_0" } } }, { "default-role": "device" }));
    expect(await joined(client)).toMatchObject({ authrole: "device" });
  });
});

describe("its session ends with the certificate", () => {
  const tomorrow = Math.floor(Date.now() / 1000) + 86_400;
  const text = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d+|[-:T]/g, "");

  it.each<[string, Partial<ClientCertificate>, object, number | undefined]>([
    ["alone", { not_after: text(tomorrow) }, {}, tomorrow],
    ["or earlier, if its principal does", { not_after: text(tomorrow) }, { expires: tomorrow - 60 }, tomorrow - 60],
    ["and no later, if its principal does", { not_after: text(tomorrow) }, { expires: tomorrow + 60 }, tomorrow],
    ["or never, as RFC 5280 writes it", { not_after: "99991231235959Z" }, {}, undefined],
    [
      "or with its principal, if the certificate never does",
      { not_after: "99991231235959Z" },
      { expires: tomorrow },
      tomorrow,
    ],
  ])("%s", async (_how, own, principal, expires) => {
    const certificate = { ...client, ...own };
    await start(fixed({ joe: { subject: { cn: "client_0" }, role: "user", ...principal } }));
    expect((await joined(certificate))["expires"]).toBe(expires);
  });

  it("also where a strategy knows it", async () => {
    await start({ type: "everybody" });
    expect((await joined({ ...client, not_after: text(tomorrow) }))["expires"]).toBe(tomorrow);
    expect((await joined({ ...client, not_after: "99991231235959Z" }))["expires"]).toBeUndefined();
  });

  it("and after a reload all the same", async () => {
    const block = fixed({ joe: { subject: { cn: "client_0" }, role: "user" } });
    await start(block);
    const { session } = await joined({ ...client, not_after: text(tomorrow) });
    const admin = running.router.session("realm1", { role: "user" });
    await reload(block);
    const details = await admin.call("wamp.session.get", [session]);
    expect(details).toMatchObject({ expires: tomorrow });
  });
});

async function reload(block: unknown): Promise<void> {
  const transports = [{ type: "memory", auth: { tls: block } }];
  const config = { plugins: [plugin, everybody], realms: REALMS, transports };
  await running.router.reload(config as unknown as WampgateConfig);
}

describe("a reload keeps the sessions", () => {
  const ofJoe = (own: object): object => fixed({ joe: { role: "user", ...own } });

  it.each<[string, object, boolean]>([
    ["whose certificate is still of the same principal", { subject: { o: "dev" } }, true],
    ["and ends those whose certificate is of no principal", { subject: { cn: "joe" } }, false],
    ["and ends those whose principal has another role", { subject: { cn: "client_0" }, role: "device" }, false],
  ])("%s", async (_what, own, stays) => {
    await start(ofJoe({ "certificate-sha256": client.sha256 }));
    const connection = running.connect({ certificate: client });
    connection.hello({ authmethods: ["tls"], authid: "somebody" });
    await connection.welcomed();
    await reload(ofJoe(own));
    if (stays) expect(running.router.sessionCount.remote).toBe(1);
    else expect(await connection.expect(Code.GOODBYE)).toMatchObject([Code.GOODBYE, {}, "wamp.close.killed"]);
  });
});

it("a session that a reload finds without its connection, and so without its certificate, is of no principal", () => {
  const [method] = plugin.methods as readonly AuthMethod[];
  const block = method?.static?.prepare?.({ principals: {}, "authid-from": "sha256" });
  const query = { attempt: { transport: { client_cert: null } }, last: true } as unknown as PrincipalQuery;
  expect(method?.static?.find(query, block)).toEqual({ kind: "unknown" });
});

describe("a certificate is denied, and the client does not learn why", () => {
  const ofClient = { "certificate-sha256": client.sha256, role: "user" };

  it("if there is none", async () => {
    await start(fixed({ joe: ofClient }));
    const problem = "there is none, or none that ca-certificates of the endpoint vouch for";
    expect(await problemOf(undefined, { authid: "joe" })).toBe(problem);
    await running.close();
    await start({ type: "everybody" });
    expect(await problemOf()).toBe(problem);
    expect(asked).toEqual([]);
  });

  it("if it has expired", async () => {
    await start([fixed({ joe: ofClient }), { type: "everybody" }]);
    const expired = { ...client, expired: true, not_after: "20200131080000Z" };
    expect(await problemOf(expired)).toBe("it expired at 20200131080000Z");
    expect(asked).toEqual([]);
  });

  it("if no principal has it, with what the operator needs to list it", async () => {
    await start(fixed({ joe: { "certificate-sha256": sha256("00"), role: "user" } }));
    const shown = `sha256 ${client.sha256}, cn=client_0, o=dev`;
    expect(await problemOf(client, { authid: "joe" })).toBe(`no principal has it (${shown})`);
    expect(await problemOf({ ...client, subject: {} })).toBe(
      `no principal has it (sha256 ${client.sha256}, no subject)`,
    );
    const twins = { ...client, subject: { cn: ["a", "b"] } };
    expect(await problemOf(twins)).toBe(`no principal has it (sha256 ${client.sha256}, cn=a and cn=b)`);
  });

  it.each<[string, object, object]>([
    ["by its fingerprints", { "certificate-sha256": client.sha256 }, { "certificate-sha1": client.sha1 }],
    ["by its subject", { subject: { cn: "client_0" } }, { subject: { o: "dev", cn: "client_0" } }],
    ["by its names", { "subject-alt-name": "DNS:client.example.com" }, { "subject-alt-name": "email:ann@example.com" }],
  ])("if it is of two principals %s", async (_how, joe, ann) => {
    await start([fixed({ joe: { ...joe, role: "user" }, ann: { ...ann, role: "user" } }), { type: "everybody" }]);
    expect(await problemOf(client)).toBe("two principals have it, joe and ann");
    expect(asked).toEqual([]);
  });

  it.each<[string, Partial<ClientCertificate>, object]>([
    ["an attribute that is there twice", { subject: { cn: ["client_0", "root"] } }, { subject: { cn: "client_0" } }],
    [
      "an attribute with a NUL",
      { subject: { cn: "client_0\0.example.com" } },
      { subject: { cn: "client_0\0.example.com" } },
    ],
    ["one attribute of two", { subject: { cn: "client_0", o: "prod" } }, { subject: { cn: "client_0", o: "dev" } }],
    ["an attribute that another one holds", { subject: { o: "a, CN=client_0" } }, { subject: { cn: "client_0" } }],
    ["a name of JavaScript", { subject: {} }, { subject: { constructor: "client_0" } }],
    ["a name in another case", { subject: { cn: "Client_0" } }, { subject: { cn: "client_0" } }],
    [
      "one of two names of a type",
      { subjectaltname: ["DNS:client.example.com", "DNS:root.example.com"] },
      { "subject-alt-name": "DNS:client.example.com" },
    ],
    [
      "a name of another type",
      { subjectaltname: ["URI:ann@example.com"] },
      { "subject-alt-name": "email:ann@example.com" },
    ],
    [
      "a name that another one holds",
      { subjectaltname: ["URI:x, DNS:client.example.com"] },
      { "subject-alt-name": "DNS:client.example.com" },
    ],
    [
      "a DNS name that is its cn alone",
      { subject: { cn: "a.b" }, subjectaltname: [] },
      { "subject-alt-name": "DNS:a.b" },
    ],
  ])("if its principal fits no more than %s", async (_what, certificate, own) => {
    await start(fixed({ joe: { ...own, role: "user" } }));
    expect(await problemOf({ ...client, ...certificate })).toMatch(/^no principal has it/);
  });

  it("but a fingerprint names one certificate, whatever stands in it", async () => {
    await start(fixed({ joe: ofClient }));
    expect(await joined({ ...client, subject: { cn: ["a", "b\0"] } })).toMatchObject({ authid: "joe" });
  });

  it("and no other method is tried", async () => {
    await start(fixed({ joe: ofClient }));
    expect(await problemOf(undefined, { authmethods: ["tls", "anonymous"] })).toMatch(/^there is none/);
  });
});

describe("what names one certificate comes before what names several", () => {
  const principals = {
    "by-san": { "subject-alt-name": "DNS:client.example.com", role: "user" },
    "by-subject": { subject: { cn: "client_0" }, role: "user" },
    "by-fingerprint": { "certificate-sha256": client.sha256, role: "user" },
  };

  it.each([
    [["by-san", "by-subject", "by-fingerprint"], "by-fingerprint"],
    [["by-san", "by-subject"], "by-subject"],
    [["by-san"], "by-san"],
    [[], "client_0"],
  ])("of %j it is %s", async (names, authid) => {
    const own = Object.entries(principals).filter(([name]) => names.includes(name));
    await start(fixed(Object.fromEntries(own), { "authid-from": "subject.cn", "default-role": "device" }));
    expect(await joined(client)).toMatchObject({ authid });
  });
});

describe("authid-from lets in the certificates that no principal names", () => {
  const from = (source: string, principals: object = {}): object =>
    fixed(principals, { "authid-from": source, "default-role": "device" });

  it.each([
    ["subject.cn", "client_0"],
    ["san.dns", "client.example.com"],
    ["san.uri", "spiffe://example.com/client"],
    ["san.email", "ann@example.com"],
    ["sha256", client.sha256],
  ])("%s", async (source, authid) => {
    await start(from(source));
    expect(await joined(client, { authid: "root" })).toMatchObject({ authid, authrole: "device" });
  });

  it.each<[string, string, Partial<ClientCertificate>, string]>([
    ["has none", "subject.cn", { subject: { o: "dev" } }, "it has no cn in its subject"],
    ["has an empty one", "subject.cn", { subject: { cn: "" } }, "it has no cn in its subject"],
    ["has two", "subject.cn", { subject: { cn: ["client_0", "root"] } }, "it has more than one cn in its subject"],
    ["has the same twice", "subject.cn", { subject: { cn: ["a", "a"] } }, "it has more than one cn in its subject"],
    [
      "has a NUL in it",
      "subject.cn",
      { subject: { cn: "root\0.example.com" } },
      "the cn in its subject has a NUL in it",
    ],
    ["has no such name", "san.uri", { subjectaltname: ["DNS:a"] }, "it has no name of the type URI"],
    [
      "has two such names",
      "san.dns",
      { subjectaltname: ["DNS:a", "DNS:b"] },
      "it has more than one name of the type DNS",
    ],
    [
      "has a NUL in its name",
      "san.email",
      { subjectaltname: ["email:a\0b"] },
      "the name of the type email has a NUL in it",
    ],
  ])("but not one that %s", async (_what, source, certificate, problem) => {
    await start(from(source));
    expect(await problemOf({ ...client, ...certificate })).toBe(problem);
  });

  it("nor one with the authid of a principal, who has another certificate", async () => {
    const other = { "certificate-sha256": sha256("00"), role: "user" };
    const problem = "its subject.cn is client_0, the authid of a principal that has another certificate";
    for (const principals of [{ client_0: other }, { joe: { ...other, authid: "client_0" } }]) {
      await start(from("subject.cn", principals));
      expect(await problemOf(client)).toBe(problem);
      await running.close();
    }
    await start(from("subject.cn", { joe: other }));
    expect(await joined(client)).toMatchObject({ authid: "client_0" });
  });

  it("one that has nothing of the kind may be known to the next block, but not one that has two", async () => {
    await start([from("subject.cn"), from("san.uri")]);
    const uri = { ...client, subject: {} };
    expect(await joined(uri)).toMatchObject({ authid: "spiffe://example.com/client" });
    const twice = { ...client, subject: { cn: ["a", "b"] } };
    expect(await problemOf(twice)).toBe("it has more than one cn in its subject");
  });

  it("names of DNS are the same in upper and lower case", async () => {
    await start(from("san.dns"));
    expect(await joined({ ...client, subjectaltname: ["DNS:Client.Example.COM"] })).toMatchObject({
      authid: "client.example.com",
    });
  });
});

it("a strategy is asked at HELLO, with HELLO's realm and authid, about a certificate that no static block knows", async () => {
  await start([fixed({ joe: { "certificate-sha256": sha256("00"), role: "user" } }), { type: "everybody" }]);
  expect(await joined(client, { authid: "ann" })).toMatchObject({ authid: "anybody", authprovider: "everybody" });
  expect(asked).toMatchObject([{ realm: "realm1", authid: "ann", phase: "hello", last: true }]);
  expect(asked[0]?.attempt.transport.client_cert).toEqual(client);
});
