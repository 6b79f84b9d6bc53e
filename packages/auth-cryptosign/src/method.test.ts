import { join } from "node:path";
import { inspect } from "node:util";
import { Code, ConfigError, createRouter, type WampgateConfig } from "@wampgate/core";
import {
  CapturedLog,
  DEFAULT_REALMS,
  type FakeClient,
  type HelloOptions,
  startTestRouter,
  type TestRouter,
} from "@wampgate/plugin-testkit";
import { folderOf } from "../../../jest/folder.ts";
import { isSigned, SigningKey } from "./keys.ts";
import plugin from "./index.ts";

const DENIED = {
  reason: "wamp.error.authentication_denied",
  message: "the authentication was denied: unknown authid or wrong proof",
};
const FAILED = "wamp.error.authentication_failed";

const [joe, ann, second, stranger, router] = ["a1", "a2", "a3", "a4", "a5"].map(
  (byte) => new SigningKey(byte.repeat(32)),
) as [SigningKey, SigningKey, SigningKey, SigningKey, SigningKey];
const ROUTER_SEED = "a5".repeat(32);

const BLOCK = {
  type: "static",
  principals: {
    joe: { authorized_keys: [joe.publicKey], role: "user" },
    ann: { "authorized-keys": [ann.publicKey.toUpperCase(), second.publicKey], role: "user", realm: "realm1" },
  },
};

let running: TestRouter;
afterEach(() => running.close());

async function start(block: unknown = BLOCK, options: object = {}): Promise<void> {
  const auth = { cryptosign: block };
  running = await startTestRouter({ plugins: [[plugin, options]], auth });
}

/** Says HELLO with a key. */
function hello(key: string | null, more: HelloOptions = {}, authextra: Record<string, unknown> = {}): FakeClient {
  const client = running.connect();
  // As autobahn-js sends it: what it does not ask for is null.
  const extra = { pubkey: key, trustroot: null, challenge: null, channel_binding: null, ...authextra };
  client.hello({ authmethods: ["cryptosign"], authextra: extra, ...more });
  return client;
}

async function challenged(client: FakeClient): Promise<Record<string, unknown> & { challenge: string }> {
  const [, method, extra] = await client.expect(Code.CHALLENGE);
  expect(method).toBe("cryptosign");
  return extra as { challenge: string };
}

/** Says HELLO with the key and the authid, and answers by a signature of `signer`. */
async function answered(key: SigningKey, authid: string | null, signer = key): Promise<FakeClient> {
  const client = hello(key.publicKey, { authid });
  const { challenge } = await challenged(client);
  client.authenticate(signer.sign(Buffer.from(challenge, "hex")));
  return client;
}

describe("a login", () => {
  beforeEach(() => start());

  it("gets a CHALLENGE of 32 bytes, always others, and the channel binding that it has not asked for", async () => {
    const [one, other] = [await challenged(hello(joe.publicKey)), await challenged(hello(joe.publicKey))];
    expect(one).toEqual({ challenge: expect.stringMatching(/^[\da-f]{64}$/) as string, channel_binding: null });
    expect(other.challenge).not.toBe(one.challenge);
  });

  it("by authid and key ends in WELCOME", async () => {
    const welcome = await (await answered(joe, "joe")).welcomed();
    expect(welcome).toMatchObject({
      realm: "realm1",
      authid: "joe",
      authrole: "user",
      authmethod: "cryptosign",
      authprovider: "static",
      authextra: {},
    });
  });

  it.each([
    ["ann's first key", ann],
    ["ann's second key", second],
  ])("without an authid is that of the principal that has the key: %s", async (_which, key) => {
    expect(await (await answered(key, null)).welcomed()).toMatchObject({ authid: "ann", realm: "realm1" });
  });

  it("may leave the realm to the principal", async () => {
    const client = hello(ann.publicKey, { realm: null });
    const { challenge } = await challenged(client);
    client.authenticate(ann.sign(Buffer.from(challenge, "hex")));
    expect(await client.welcomed()).toMatchObject({ realm: "realm1", authid: "ann" });
  });

  it("names its key in upper or lower case", async () => {
    const client = hello(joe.publicKey.toUpperCase(), { authid: "joe" });
    const { challenge } = await challenged(client);
    client.authenticate(joe.sign(Buffer.from(challenge, "hex")).toUpperCase());
    await client.welcomed();
  });
});

describe("a login that is denied", () => {
  beforeEach(() => start());

  it.each<[string, SigningKey, string | null, SigningKey]>([
    ["another's signature", joe, "joe", ann],
    ["an unknown authid", stranger, "nobody", stranger],
    ["an unknown authid with a key of the config", joe, "nobody", joe],
    ["an unknown key", stranger, "joe", stranger],
    ["another's key", ann, "joe", ann],
    ["another's key, and the signature of its own", ann, "joe", joe],
    ["an unknown key without an authid", stranger, null, stranger],
    ["an authid that is a name of JavaScript", stranger, "constructor", stranger],
  ])("gets the same CHALLENGE and the same end: %s", async (_what, key, authid, signer) => {
    const client = hello(key.publicKey, { authid });
    const extra = await challenged(client);
    expect(extra).toEqual({ challenge: expect.stringMatching(/^[\da-f]{64}$/) as string, channel_binding: null });
    client.authenticate(signer.sign(Buffer.from(extra.challenge, "hex")));
    expect(await client.aborted()).toEqual(DENIED);
  });

  it("may be one with a right signature of another challenge", async () => {
    const first = hello(joe.publicKey, { authid: "joe" });
    const { challenge } = await challenged(first);
    const proof = joe.sign(Buffer.from(challenge, "hex"));
    first.authenticate(proof);
    await first.welcomed();
    for (const replayed of [proof, joe.sign(Buffer.alloc(32))]) {
      const client = hello(joe.publicKey, { authid: "joe" });
      const { challenge: own } = await challenged(client);
      // Neither with the bytes that it signs nor with those that it should have signed.
      client.authenticate(replayed === proof ? proof : replayed.slice(0, 128) + own);
      expect(await client.aborted()).toEqual(DENIED);
    }
  });

  it.each(["", "wrong", "0".repeat(192), "g".repeat(192)])("may be one with the proof %j", async (proof) => {
    const client = hello(joe.publicKey, { authid: "joe" });
    await challenged(client);
    client.authenticate(proof);
    expect(await client.aborted()).toEqual(DENIED);
  });

  it("says in the log what clients cannot tell apart", async () => {
    await (await answered(stranger, "nobody")).aborted();
    await (await answered(stranger, "joe")).aborted();
    const causes = running.log.lines.flatMap(({ fields }) => fields["cause"] ?? []);
    expect(causes).toEqual(["unknown-authid", "wrong-proof"]);
  });
});

describe("a malformed HELLO", () => {
  beforeEach(() => start());

  const wrong: [string, Record<string, unknown>, string][] = [
    ["no key", { pubkey: null }, "authextra.pubkey: expected the client's Ed25519 public key, 64 hex digits"],
    ["a key that is a number", { pubkey: 5 }, "authextra.pubkey: expected an Ed25519 public key, 64 hex digits"],
    ["an empty key", { pubkey: "" }, "authextra.pubkey: expected an Ed25519 public key, 64 hex digits"],
    ["a short key", { pubkey: "ab".repeat(31) }, "authextra.pubkey: expected an Ed25519 public key, 64 hex digits"],
    [
      "a key with 0x",
      { pubkey: `0x${"a".repeat(62)}` },
      "authextra.pubkey: expected an Ed25519 public key, 64 hex digits",
    ],
    [
      "a key for which anybody can sign",
      { pubkey: `01${"00".repeat(31)}` },
      "authextra.pubkey: the key is a point of small order, for which anybody can sign",
    ],
    [
      "a key in another form",
      { pubkey: `ee${"ff".repeat(31)}` },
      "authextra.pubkey: the key is not canonical: it is another form of a point that has one already",
    ],
    ["a short challenge", { challenge: "ab" }, "authextra.challenge: expected 32 random bytes, 64 hex digits"],
    [
      "a binding that is a number",
      { channel_binding: 1 },
      "authextra.channel_binding: expected the name of a channel binding",
    ],
    [
      "a binding with a long name",
      { channel_binding: "x".repeat(65) },
      "authextra.channel_binding: expected the name of a channel binding, not a longer text",
    ],
    [
      "a binding that it cannot have",
      { channel_binding: "tls-unique" },
      'this connection has no channel binding "tls-unique"',
    ],
    ["a binding that there is not", { channel_binding: "none" }, 'this connection has no channel binding "none"'],
  ];

  it.each(wrong)("is told what is wrong, the same for every authid: %s", async (_what, authextra, message) => {
    for (const authid of ["joe", "nobody", null]) {
      const client = hello(joe.publicKey, { authid }, authextra);
      expect(await client.aborted()).toEqual({ reason: FAILED, message });
    }
  });

  it("may also be one without an authextra", async () => {
    for (const authid of ["joe", "nobody"]) {
      const client = running.connect();
      client.hello({ authid, authmethods: ["cryptosign"] });
      expect((await client.aborted()).reason).toBe(FAILED);
    }
  });
});

describe("with a key of the router", () => {
  beforeEach(() => start(BLOCK, { "router-key": ROUTER_SEED }));
  const asked = "22".repeat(32);

  it("a client's challenge is signed, also for who is unknown", async () => {
    for (const [key, authid] of [[joe, "joe"] as const, [stranger, "nobody"] as const]) {
      const client = hello(key.publicKey, { authid }, { challenge: asked });
      const { pubkey, signature, ...rest } = await challenged(client);
      expect(Object.keys(rest)).toEqual(["challenge", "channel_binding"]);
      expect(pubkey).toBe(router.publicKey);
      expect(isSigned(String(signature), [Buffer.from(asked, "hex")], [router.publicKey])).toBe(true);
    }
  });

  it("a client that asks for no signature gets none", async () => {
    expect(Object.keys(await challenged(hello(joe.publicKey)))).toEqual(["challenge", "channel_binding"]);
  });

  it("neither the log nor what prints the router shows the key", async () => {
    await (await answered(joe, "joe")).welcomed();
    expect(running.log.text()).not.toContain(ROUTER_SEED);
    expect(inspect(running.router, { depth: Infinity, showHidden: true })).not.toContain(ROUTER_SEED);
  });
});

it("without a key of the router, a client's challenge stays unanswered", async () => {
  await start();
  const client = hello(joe.publicKey, {}, { challenge: "22".repeat(32) });
  expect(Object.keys(await challenged(client))).toEqual(["challenge", "channel_binding"]);
});

describe("a key of two principals", () => {
  const principals = {
    joe: { authorized_keys: [joe.publicKey], role: "user" },
    max: { authorized_keys: [second.publicKey, joe.publicKey], role: "user" },
  };
  beforeEach(() => start({ type: "static", principals }));

  it("names neither, but either may log in by it with its authid", async () => {
    expect(await (await answered(joe, null)).aborted()).toEqual(DENIED);
    for (const authid of ["joe", "max"])
      expect((await (await answered(joe, authid)).welcomed())["authid"]).toBe(authid);
  });

  it("is warned of", () => {
    const warned = running.router.warnings.filter(({ message }) => message.includes("is also a key of"));
    expect(warned.map(({ path, message }) => [path.at(-1), /"\w+"/.exec(message)?.[0]])).toEqual([
      ["joe", '"max"'],
      ["max", '"joe"'],
    ]);
  });
});

describe("a principal that is assigned another authid", () => {
  const principals = { joe: { authorized_keys: [joe.publicKey], role: "user", authid: "device-7" } };
  beforeEach(() => start({ type: "static", principals }));

  it.each([null, "joe", "device-7"])("is found by %j and its key", async (authid) => {
    expect((await (await answered(joe, authid)).welcomed())["authid"]).toBe("device-7");
  });

  it("is found by no other key", async () => {
    expect(await (await answered(stranger, "device-7")).aborted()).toEqual(DENIED);
  });
});

it("principals that are assigned the same authid each log in by their own keys", async () => {
  const own = { role: "user", authid: "devices" };
  const principals = {
    joe: { ...own, authorized_keys: [joe.publicKey] },
    ann: { ...own, authorized_keys: [ann.publicKey], extra: { is: "ann" } },
  };
  await start({ type: "static", principals });
  for (const [key, authextra] of [[joe, {}] as const, [ann, { is: "ann" }] as const])
    for (const authid of ["devices", null])
      expect(await (await answered(key, authid)).welcomed()).toMatchObject({ authid: "devices", authextra });
  expect(await (await answered(stranger, "devices")).aborted()).toEqual(DENIED);
});

it("blocks are asked in turn, and a key that is wrong for a known authid ends that", async () => {
  const other = {
    type: "static",
    principals: {
      joe: { authorized_keys: [ann.publicKey] },
      max: { authorized_keys: [second.publicKey], role: "user" },
    },
  };
  await start([{ type: "static", principals: { joe: { authorized_keys: [joe.publicKey], role: "user" } } }, other]);
  await (await answered(joe, "joe")).welcomed();
  await (await answered(second, "max")).welcomed();
  await (await answered(second, null)).welcomed();
  expect(await (await answered(ann, "joe")).aborted()).toEqual(DENIED);
});

describe("a config", () => {
  beforeEach(() => start());

  /** What is wrong with it, by the path. */
  async function problems(principals: object, options: object = {}, more: object = {}): Promise<string> {
    const block = { type: "static", principals, ...more };
    const config = {
      plugins: [[plugin, options]],
      realms: DEFAULT_REALMS,
      transports: [{ type: "memory", auth: { cryptosign: block } }],
    } as unknown as WampgateConfig;
    const error: unknown = await createRouter(config, { log: new CapturedLog() }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  const withKey = (key: unknown): object => ({ joe: { authorized_keys: [joe.publicKey, key], role: "user" } });

  it("with the router's own key among those of a principal is refused", async () => {
    for (const key of [router.publicKey, router.publicKey.toUpperCase()])
      expect(await problems(withKey(key), { "router-key": ROUTER_SEED })).toMatch(
        /authorized_keys\[1\]: the key belongs to router-key, which signs for everybody/,
      );
  });

  it("with a key for which anybody can sign is refused", async () => {
    expect(await problems(withKey(`EC${"ff".repeat(31)}`))).toMatch(
      /authorized_keys\[1\]: the key is a point of small order/,
    );
    expect(await problems(withKey(`ed${"ff".repeat(31)}`))).toMatch(/the key is not canonical/);
  });

  it("with Crossbar's trustroots is refused, with a sentence", async () => {
    const text = "trustroots, the certificates of Ethereum, are not supported: list the keys in authorized_keys";
    expect(await problems(withKey(ann.publicKey), {}, { trustroots: {} })).toContain(text);
  });

  it.each([
    [{ "router-key": "abc" }, /router-key: expected a private key, 64 hex digits/],
    [{ "channel-binding": "maybe" }, /channel-binding/],
    [{ "tls-unique-on-tls13": "no" }, /tls-unique-on-tls13/],
    [{ router_key: ROUTER_SEED }, /did you mean "router-key"/],
  ])("with the options %j is refused", async (options, expected) => {
    const message = await problems(withKey(ann.publicKey), options);
    expect(message).toMatch(expected);
    expect(message).not.toContain(ROUTER_SEED);
  });
});

describe("channel-binding", () => {
  it("required: a HELLO without one is refused, whatever authid it names", async () => {
    await start(BLOCK, { "channel-binding": "required" });
    for (const authid of ["joe", "nobody", null])
      expect(await hello(joe.publicKey, { authid }).aborted()).toEqual({
        reason: FAILED,
        message:
          "a login by cryptosign needs a channel binding here: name tls-exporter or tls-unique in authextra.channel_binding, over TLS",
      });
  });

  it("required: an endpoint without TLS is warned of, and none with it or where a binding is optional", async () => {
    const warnings = async (mode: string, endpoint: object): Promise<string[]> => {
      const plugins = [[plugin, { "channel-binding": mode }]];
      const transports = [{ type: "websocket", endpoint, auth: { cryptosign: BLOCK } }];
      const config = { plugins, realms: DEFAULT_REALMS, transports } as unknown as WampgateConfig;
      const checked = await createRouter(config, { log: new CapturedLog() });
      await checked.close();
      return checked.warnings.map(({ message }) => message);
    };
    const plain = { type: "tcp", port: 0 };
    const files = await folderOf({ "key.pem": "", "cert.pem": "" });
    const tls = { ...plain, tls: { key: join(files, "key.pem"), certificate: join(files, "cert.pem") } };
    const why =
      "channel-binding is required, and this endpoint has no TLS of its own, so that logins by cryptosign fail";
    expect(await warnings("required", plain)).toEqual([why]);
    expect(await warnings("optional", plain)).toEqual([]);
    expect(await warnings("required", tls)).toEqual([]);
  });

  it("off: a HELLO with one is refused, since without it the login would not be what the client wants", async () => {
    await start(BLOCK, { "channel-binding": "off" });
    const client = hello(joe.publicKey, { authid: "joe" }, { channel_binding: "tls-exporter" });
    expect(await client.aborted()).toEqual({
      reason: FAILED,
      message: 'this connection has no channel binding "tls-exporter"',
    });
    await (await answered(joe, "joe")).welcomed();
  });
});
