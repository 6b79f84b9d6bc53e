import { Code, createRouter, type WampgateConfig } from "@wampgate/core";
import { CapturedLog, type FakeClient, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import { clientHalf } from "./client.ts";
import { deriveKeys } from "./derive.ts";
import { CROSSBAR, type Dialect, SPEC } from "./dialect.ts";
import plugin from "./index.ts";
import { serverSignature } from "./signatures.ts";

const SALT = "5b6d99689d12358eeca04b141236fa81";
const KDF = { name: "argon2id", iterations: 3, memory: 512 } as const;
const DENIED = "wamp.error.authentication_denied";
const NOT_PREPARED = "the authid has characters that SASLprep (RFC 4013) does not allow";
const FAILED = "wamp.error.authentication_failed";

async function principalIn(dialect: Dialect, password = "pencil") {
  const { storedKey, serverKey } = await deriveKeys(dialect, password, Buffer.from(SALT, "hex"), KDF);
  const keys = { "stored-key": storedKey.toString("hex"), "server-key": serverKey.toString("hex") };
  return { kdf: "argon2id-13", iterations: 3, memory: 512, salt: SALT, ...keys, role: "user" };
}

const [inCrossbar, inSpec] = [await principalIn(CROSSBAR), await principalIn(SPEC)];
const AWKWARD = "a=b,c";
const auth = {
  scram: { type: "static", principals: { user: inCrossbar, [AWKWARD]: inCrossbar, "joe\u2168": inCrossbar } },
  "wamp-scram": { type: "static", principals: { user: inSpec, [AWKWARD]: inSpec, "joe\u2168": inSpec } },
};

let running: TestRouter;
beforeAll(async () => (running = await startTestRouter({ plugins: [plugin], auth })));
afterAll(() => running.close());

type Challenged = Record<string, unknown>;

/** HELLO and CHALLENGE. */
async function challenged(dialect: Dialect, authid: string, more: object = {}): Promise<[FakeClient, Challenged]> {
  const client = running.connect();
  const authextra = { ...(await clientHalf(dialect).authextra?.("")), ...more };
  client.hello({ authid, authmethods: [dialect.method], authextra });
  const [, , extra] = await client.expect(Code.CHALLENGE);
  return [client, extra as Challenged];
}

/** The client's answer, with changes to its extra. */
async function answer(dialect: Dialect, [client, extra]: [FakeClient, Challenged], more: object = {}): Promise<void> {
  const right = await clientHalf(dialect).answer(extra, "pencil", client.said);
  const { signature, extra: own } = right as { signature: string; extra: object };
  client.authenticate(signature, { ...own, ...more });
}

describe.each([CROSSBAR, SPEC])("$method", (dialect) => {
  it("proves in WELCOME that the router knows the client", async () => {
    const [client, extra] = await challenged(dialect, "user");
    await answer(dialect, [client, extra]);
    const { authextra } = await client.welcomed();
    const { serverKey } = await deriveKeys(dialect, "pencil", Buffer.from(SALT, "hex"), KDF);
    const { nonce, salt } = extra as { nonce: string; salt: string };
    const { nonce: clientNonce } = client.said.authextra as { nonce: string };
    const binding = dialect === SPEC ? "biws" : "";
    const message = `n=user,r=${clientNonce},r=${nonce},s=${salt},i=3,c=${binding},r=${nonce}`;
    const proof = serverSignature(serverKey, message);
    expect(authextra).toEqual({ verifier: `v=${proof}`, scram_server_signature: proof });
  });

  it.each([AWKWARD, "joe\u2168"])("signs the name of %s as its form demands", async (authid) => {
    const [client, extra] = await challenged(dialect, authid);
    await answer(dialect, [client, extra]);
    expect(await client.welcomed()).toMatchObject({ authid });
  });

  it.each<[string, unknown]>([
    ["missing", undefined],
    ["null", null],
    ["a number", 12345678],
    ["too short", "AAAA"],
    ["too long", "AAAA".repeat(65)],
    ["no base64", "rOprNGfwEbeRWgbN%kqO"],
    ["base64url", "rOprNGfwEbeRWgb-_kqO"],
    ["base64 with bits left over", "AAAAAAAAAB=="],
    ["base64 without its padding", "AAAAAAAAAA"],
    ["with a comma", "AAAA,r=AAAAAA"],
  ])("turns away a HELLO whose nonce is %s, whatever authid it names, in a sentence", async (_what, nonce) => {
    for (const authid of ["user", "nobody", null]) {
      const client = running.connect();
      client.hello({ authid, authmethods: [dialect.method], authextra: nonce === undefined ? {} : { nonce } });
      expect(await client.aborted()).toEqual({
        reason: FAILED,
        message: "authextra.nonce must be base64 of 8 to 256 characters",
      });
    }
  });

  it.each([
    ["has a control character", "tab\t"],
    ["is empty once it is prepared", "\u00ad"],
    ["mixes directions of writing", "\u0627a"],
    ["is long", "x".repeat(50_000) + "\u0007"],
  ])("turns away an authid that SASLprep does not allow, since it %s", async (_what, authid) => {
    const client = running.connect();
    client.hello({ authid, authmethods: [dialect.method], authextra: { nonce: "AAAAAAAA" } });
    expect(await client.aborted()).toMatchObject({ reason: FAILED, message: NOT_PREPARED });
  });

  it.each<[string, string]>([
    ["base64url", "-_".repeat(21)],
    ["too short", Buffer.alloc(31).toString("base64")],
    ["too long", Buffer.alloc(33).toString("base64")],
    ["zeros", Buffer.alloc(32).toString("base64")],
    ["another's", "8dhobDW7ETLF2MJfszyFcejlORMo1q1kPnCzhCJbMjI="],
  ])("denies a proof that is %s", async (_what, proof) => {
    const [client, extra] = await challenged(dialect, "user");
    client.authenticate(proof, { nonce: extra["nonce"] });
    expect((await client.aborted()).reason).toBe(DENIED);
  });

  it("never challenges twice with one nonce, and appends its own to the client's", async () => {
    const nonces = new Set<unknown>();
    for (let i = 0; i < 50; i++) {
      const [client, { nonce }] = await challenged(dialect, "user", { nonce: "AAAAAAAA" });
      expect(nonce).toMatch(/^AAAAAAAA[\w+/]{24}$/);
      nonces.add(nonce);
      client.close();
    }
    expect(nonces.size).toBe(50);
  });

  it("keys of the other method let no client in", async () => {
    const other = dialect === CROSSBAR ? inSpec : inCrossbar;
    const strange = await startTestRouter({
      plugins: [plugin],
      auth: { [dialect.method]: { type: "static", principals: { user: other } } },
    });
    const client = strange.connect();
    client.hello({ authid: "user", authmethods: [dialect.method], authextra: { nonce: "AAAAAAAA" } });
    const [, , extra] = await client.expect(Code.CHALLENGE);
    await answer(dialect, [client, extra as Challenged]);
    expect((await client.aborted()).reason).toBe(DENIED);
    await strange.close();
  });
});

it("scram's challenge has the keys that autobahn-python knows, and no others, never null", async () => {
  const weak = { ...inCrossbar, kdf: "pbkdf2", memory: null };
  const auth = { scram: { type: "static", principals: { user: weak } } };
  const pbkdf2 = await startTestRouter({ plugins: [plugin], auth });
  const client = pbkdf2.connect();
  client.hello({ authid: "user", authmethods: ["scram"], authextra: { nonce: "AAAAAAAA" } });
  const [, , extra] = await client.expect(Code.CHALLENGE);
  const salt = Buffer.from(SALT, "hex").toString("base64");
  expect(extra).toEqual({ nonce: expect.any(String) as string, kdf: "pbkdf2", salt, iterations: 3 });
  await pbkdf2.close();
});

it("wamp-scram's challenge names Argon2id as the specification does", async () => {
  const [client, extra] = await challenged(SPEC, "user");
  const salt = Buffer.from(SALT, "hex").toString("base64");
  expect(extra).toEqual({ nonce: extra["nonce"], kdf: "argon2id13", salt, iterations: 3, memory: 512 });
  client.close();
});

it.each<[string, object]>([
  ["no nonce", { nonce: undefined }],
  ["another nonce", { nonce: "AAAAAAAA" }],
  ["a channel binding that HELLO did not have", { channel_binding: "tls-unique" }],
  ["data of a channel binding", { cbind_data: "AAAA" }],
])("wamp-scram denies an AUTHENTICATE that repeats %s", async (_what, more) => {
  const login = await challenged(SPEC, "user");
  await answer(SPEC, login, more);
  expect((await login[0].aborted()).reason).toBe(DENIED);
});

it("scram reads nothing of AUTHENTICATE's extra, as Crossbar.io does not", async () => {
  const login = await challenged(CROSSBAR, "user");
  await answer(CROSSBAR, login, { nonce: "AAAAAAAA", channel_binding: "tls-unique" });
  await login[0].welcomed();
});

describe("a config", () => {
  const configOf = (principal: object): WampgateConfig =>
    ({
      plugins: [plugin],
      realms: [{ name: "realm1", roles: [{ name: "user", permissions: [] }] }],
      transports: [{ type: "memory", auth: { scram: { type: "static", principals: { joe: principal } } } }],
    }) as unknown as WampgateConfig;
  const problemOf = (principal: object): Promise<string> =>
    createRouter(configOf(principal), { log: new CapturedLog() }).then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );

  it.each<[object, RegExp]>([
    [
      { kdf: "argon2id" },
      /joe\.kdf: expected "argon2id-13", "argon2id13" or "pbkdf2", found a string; did you mean "argon2id/,
    ],
    [{ iterations: 20_000 }, /joe\.iterations: expected at most 10000 iterations for argon2id-13, found a greater one/],
    [{ iterations: 1000, memory: 65_536 }, /joe\.iterations: iterations times memory is more than 16777216/],
    [{ memory: undefined }, /joe\.memory: argon2id-13 needs memory, in KiB/],
    [{ memory: 4 }, /joe\.memory: expected a whole number from 8 to 1048576, found a smaller one/],
    [{ salt: "salt123" }, /joe\.salt: expected 16 to 128 hex digits/],
    [{ "server-key": "8de7" }, /joe\.server-key: expected 64 hex digits/],
    [{ "stored-key": 5 }, /joe\.stored-key: expected 64 hex digits/],
    [{ stored_key: "8de7" }, /joe\.stored_key: unknown key; did you mean "stored-key"\?/],
    [{ password: "pencil" }, /joe\.password: unknown key/],
  ])("with %j in a principal is told so in a sentence", async (more, expected) => {
    expect(await problemOf({ ...inCrossbar, ...more })).toMatch(expected);
  });

  it("with an authid that no client can sign is warned of, and so are principals of scram where a binding is required", async () => {
    const warnings = async (config: object): Promise<string[]> => {
      const router = await createRouter(config as WampgateConfig, { log: new CapturedLog() });
      await router.close();
      return router.warnings.map(({ message }) => message);
    };
    const config = configOf(inCrossbar);
    const principals = { "tab\t": inCrossbar };
    const transports = [{ type: "memory", auth: { scram: { type: "static", principals } } }];
    expect(await warnings({ ...config, transports })).toEqual([`its logins fail: ${NOT_PREPARED}`]);
    const plugins = [[plugin, { "channel-binding": "required" }]];
    expect(await warnings({ ...config, plugins })).toEqual([
      "channel-binding is required, which scram has not, so that its logins fail: use wamp-scram",
    ]);
  });

  it("at an endpoint without TLS, where wamp-scram needs a binding, is warned of", async () => {
    const endpoint = { type: "tcp", port: 0 };
    const block = { type: "static", principals: { joe: inCrossbar } };
    const transports = [{ type: "websocket", endpoint, auth: { "wamp-scram": block } }];
    const warnings = async (mode: string): Promise<string[]> => {
      const config = { ...configOf(inCrossbar), plugins: [[plugin, { "channel-binding": mode }]], transports };
      const router = await createRouter(config as unknown as WampgateConfig, { log: new CapturedLog() });
      await router.close();
      return router.warnings.map(({ message }) => message);
    };
    expect(await warnings("optional")).toEqual([]);
    expect(await warnings("required")).toEqual([
      "channel-binding is required, and this endpoint has no TLS of its own, so that logins by wamp-scram fail",
    ]);
  });

  it("with few iterations of pbkdf2 is warned of, as keys that are easily guessed", async () => {
    const weak = { ...inCrossbar, kdf: "pbkdf2", iterations: 4095 };
    const router = await createRouter(configOf(weak), { log: new CapturedLog() });
    expect(router.warnings.map(({ path, message }) => `${path.at(-1)}: ${message}`)).toEqual([
      expect.stringMatching(/^joe: 4095 iterations of pbkdf2 resist guessing too little: .* 4096 or more/),
    ]);
    await router.close();
    const strong = await createRouter(configOf({ ...weak, iterations: 4096 }), { log: new CapturedLog() });
    expect(strong.warnings).toEqual([]);
    await strong.close();
  });
});
