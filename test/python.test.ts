import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Secret, TOTP } from "otpauth";
import cryptosign from "@wampgate/auth-cryptosign";
import { Code } from "@wampgate/core";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { hashScram } from "../packages/auth-scram/src/hash-command.ts";
import { folderOf } from "../jest/folder.ts";
import { type Certificate, makeAuthority, makeTls } from "./support/certificate.ts";
import { connectRaw } from "./support/raw-client.ts";
import { type RunningRouter, startRouter } from "./support/router.ts";

// autobahn-python, as Debian has it: a client that was written for Crossbar.io, over all formats and transports, and an
// authenticator as a program of its own.

const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3";

/** Whether CI has installed it, and demands it. */
const isDemanded = process.env["WAMPGATE_PYTHON"] !== undefined;
const isThere =
  spawnSync(PYTHON, ["-c", "import argon2, autobahn, cbor2, msgpack, nacl, twisted, OpenSSL"]).status === 0;
if (!isDemanded && !isThere) console.warn(`${PYTHON} has no autobahn, or not all that it needs: it is not tested`);
const test = isDemanded || isThere ? it : it.skip;

const script = (name: string): string => join(import.meta.dirname, "python", name);

/** Of all its routers. A call and an event are of the client's own. */
const ROLE = {
  name: "user",
  permissions: [
    { uri: "com.example.", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
    { uri: "wamp.session.", match: "prefix", allow: { call: true } },
  ],
};
/** The client's private key for cryptosign. */
const SEED = "a1".repeat(32);

const STATIC = {
  ticket: { type: "static", principals: { joe: { ticket: "secret!!!", role: "user", extra: { id: 7 } } } },
  wampcra: { type: "static", users: { joe: { secret: "secret!!!", role: "user", extra: { id: 7 } } } },
  cryptosign: {
    type: "static",
    principals: {
      joe: {
        authorized_keys: [new SigningKey(SEED).publicKey],
        role: "user",
        extra: { id: 7 },
      },
    },
  },
  scram: { type: "static", principals: { joe: { ...(await scramKeys("secret!!!")), role: "user", extra: { id: 7 } } } },
};

/** The router's own proof, which the client has checked. */
const PROVED = {
  verifier: expect.stringMatching(/^v=/) as string,
  scram_server_signature: expect.stringMatching(/^[\w+/]{43}=$/) as string,
};

/** What `wampgate hash-scram` prints for autobahn-python. */
async function scramKeys(password: string): Promise<Record<string, unknown>> {
  let printed = "";
  await hashScram.run({
    args: [],
    flags: { iterations: "3", memory: "512" } as never,
    print: (text) => (printed += text),
    note: () => undefined,
    readSecret: () => Promise.resolve(password),
  });
  return JSON.parse(printed) as Record<string, unknown>;
}

let running: RunningRouter;
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await running.close();
});

function python(name: string, ...args: string[]): ChildProcess {
  const child = spawn(PYTHON, [script(name), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return child;
}

/** What the client says that it has seen. */
const seenBy = (...args: string[]): Promise<unknown> => seen("client.py", ...args);

async function seen(name: string, ...args: string[]): Promise<unknown> {
  const child = python(name, ...args);
  let [said, complained] = ["", ""];
  child.stdout?.on("data", (data) => (said += String(data)));
  child.stderr?.on("data", (data) => (complained += String(data)));
  await once(child, "close");
  const line = /^SEEN (.*)$/m.exec(said)?.[1];
  if (line === undefined) throw new Error(`the client saw nothing: ${complained}`);
  return JSON.parse(line) as unknown;
}

const cases = ["ws", "wss", "rs", "rss"].flatMap((scheme) =>
  ["json", "msgpack", "cbor"].flatMap((serializer) =>
    ["ticket", "wampcra", "cryptosign", "scram"].map((method) => [scheme, serializer, method] as const),
  ),
);

test.each(cases)(
  "over %s in %s a client logs in by %s, calls and publishes",
  async (scheme, serializer, method) => {
    const tls = scheme.endsWith("ss") ? { tls: await makeTls() } : {};
    const type = scheme.startsWith("rs") ? "rawsocket" : "websocket";
    const endpoint = { type: "tcp", host: "127.0.0.1", port: 0, ...tls };
    running = await startRouter({
      realms: [{ name: "realm1", roles: [ROLE] }],
      transports: [{ type, endpoint, auth: STATIC }],
    });
    const secret = method === "cryptosign" ? SEED : "secret!!!";
    expect(await seenBy(running.url, serializer, method, "joe", secret)).toMatchObject({
      joined: ["realm1", "joe", "user", method],
      authextra: { id: 7, ...(method === "scram" ? PROVED : {}) },
      sum: 2 ** 53 + 2,
      error: ["com.example.refused", ["not today"], { code: 7 }],
      progress: [0, 1, 2, "done"],
      event: [[1.5, null, true, "é", { deep: [1] }], { word: "w" }],
      count: 1,
      get: "joe",
    });
    expect(running.log.text()).not.toMatch(/violation|failed/);
  },
  30_000,
);

test.each(
  ["wss", "rss"].flatMap((scheme) => ["json", "msgpack", "cbor"].map((serializer) => [scheme, serializer] as const)),
)(
  "over %s in %s a client logs in by its certificate",
  async (scheme, serializer) => {
    const authority = await makeAuthority();
    const [own, other] = [await authority.issue({}), await authority.issue({ name: [["commonName", "other"]] })];
    const both = ({ key, cert }: Certificate): string => key + cert;
    const folder = await folderOf({ "ca.pem": authority.cert, "own.pem": both(own), "other.pem": both(other) });
    const file = (name: string): string => join(folder, name);
    const tls = { ...(await makeTls()), "ca-certificates": [file("ca.pem")] };
    const principals = { joe: { subject: { cn: "client_0" }, role: "user", extra: { id: 7 } } };
    running = await startRouter({
      realms: [{ name: "realm1", roles: [ROLE] }],
      transports: [
        {
          type: scheme === "rss" ? "rawsocket" : "websocket",
          endpoint: { type: "tcp", host: "127.0.0.1", port: 0, tls },
          auth: { tls: { type: "static", principals } },
        },
      ],
    });
    expect(await seenBy(running.url, serializer, "tls", "", file("own.pem"))).toMatchObject({
      joined: ["realm1", "joe", "user", "tls"],
      authextra: { id: 7 },
      count: 1,
    });
    expect(await seenBy(running.url, serializer, "tls", "", file("other.pem"))).not.toHaveProperty("joined");
    expect(running.log.text()).toContain("no principal has it");
  },
  30_000,
);

const bound = ["wss", "rss"].flatMap((scheme) =>
  ["json", "msgpack", "cbor"].flatMap((serializer) =>
    ["1.2", "1.3"].map((version) => [scheme, version, serializer] as const),
  ),
);

test("a client on asyncio binds its login to its connection by its own Finished", async () => {
  running = await startRouter({
    plugins: [[cryptosign, { "channel-binding": "required" }]],
    realms: [{ name: "realm1", roles: [ROLE] }],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 0, tls: await makeTls() },
        auth: { cryptosign: STATIC.cryptosign },
      },
    ],
  });
  const joined = ["realm1", "joe", "user", "cryptosign"];
  expect(await seenBy(running.url, "json", "cryptosign", "joe", SEED, "tls-unique")).toMatchObject({ joined });
}, 30_000);

describe("a client on Twisted", () => {
  const start = async (scheme: string, options: object): Promise<void> => {
    const tls = scheme.endsWith("ss") ? { tls: await makeTls() } : {};
    const type = scheme.startsWith("rs") ? "rawsocket" : "websocket";
    running = await startRouter({
      plugins: [[cryptosign, options]],
      realms: [{ name: "realm1", roles: [ROLE] }],
      transports: [
        {
          type,
          endpoint: { type: "tcp", host: "127.0.0.1", port: 0, ...tls },
          auth: { cryptosign: STATIC.cryptosign },
        },
      ],
    });
  };
  const by = (serializer: string, authid: string, seed: string, binding: string, version = "1.3"): Promise<unknown> =>
    seen("cryptosign.py", running.url, serializer, authid, seed, binding, version);
  const joined = { joined: ["realm1", "joe", "user", "cryptosign"], left: "wamp.close.goodbye_and_out" };

  test.each(bound)(
    "binds its login to its connection, over %s by TLS %s in %s",
    async (scheme, version, serializer) => {
      await start(scheme, { "channel-binding": "required" });
      expect(await by(serializer, "joe", SEED, "tls-unique", version)).toEqual(joined);
    },
    30_000,
  );

  test.each(["ws", "wss", "rs"])(
    "logs in without a binding over %s, by authid and key or by its key alone",
    async (scheme) => {
      await start(scheme, {});
      for (const authid of ["joe", ""]) expect(await by("json", authid, SEED, "")).toEqual(joined);
    },
    30_000,
  );

  test("is denied with an unknown key and with a binding that it lacks", async () => {
    await start("wss", { "channel-binding": "required" });
    const denied = { left: "wamp.error.authentication_denied" };
    expect(await by("json", "joe", "b2".repeat(32), "tls-unique")).toEqual(denied);
    expect(await by("json", "joe", SEED, "")).toEqual({ left: "wamp.error.authentication_failed" });
  }, 30_000);
});

test.each([
  ["secret123", { joined: ["realm1", "foobar@example.com", "user", "scram"], left: "wamp.close.goodbye_and_out" }],
  ["secret124", { left: "wamp.error.authentication_denied" }],
])(
  "the client of Crossbar.io's example for scram, on Twisted, meets its principal with the password %s",
  async (password, expected) => {
    const principal = {
      role: "user",
      iterations: 4096,
      kdf: "argon2id-13",
      memory: 512,
      salt: "3bc3ca01dd1d501ca1c22e1c5d7d16fe",
      "server-key": "8de7864c316f3c2356fd76cfdab696db55bc70e680fe5180e2f731e2345acca2",
      "stored-key": "e796c2f0a51770303ee4616bc630a66774d51a55003154aff2a54ec7c4ac0e38",
    };
    running = await startRouter({
      realms: [{ name: "realm1", roles: [ROLE] }],
      auth: { scram: { type: "static", principals: { "foobar@example.com": principal } } },
    });
    expect(await seen("scram.py", running.url, "foobar@example.com", password)).toMatchObject(expected);
  },
  30_000,
);

describe("two factors", () => {
  const SEED = "CACKN3GRF3KQZMEK";
  const code = (): string => new TOTP({ secret: Secret.fromBase32(SEED) }).generate();
  const totp = { type: "static", alone: false, principals: { joe: { seed: SEED } } };
  const auth = {
    ticket: { ...STATIC.ticket, then: "totp" },
    wampcra: { ...STATIC.wampcra, then: "totp" },
    totp,
  };

  async function seenOf(kind: string, method: string, secret: string, second: string): Promise<unknown> {
    return seen("second_factor.py", running.url, kind, method, "joe", secret, second);
  }

  test.each(["ticket", "wampcra"])("are shown by an ApplicationSession, the first one by %s", async (method) => {
    running = await startRouter({ realms: [{ name: "realm1", roles: [ROLE] }], auth });
    expect(await seenOf("session", method, "secret!!!", code())).toEqual({
      challenges: [method, "totp"],
      joined: ["realm1", "joe", "user", method],
    });
    expect(await seenOf("session", method, "wrong", "000000")).toEqual({
      challenges: [method, "totp"],
      refused: "wamp.error.authentication_denied",
    });
  });

  test("are shown by a Component, which takes the second one for a ticket", async () => {
    running = await startRouter({ realms: [{ name: "realm1", roles: [ROLE] }], auth: { wampcra: auth.wampcra, totp } });
    expect(await seenOf("component", "wampcra", "secret!!!", code())).toEqual({
      joined: ["realm1", "joe", "user", "wampcra"],
    });
  });
});

test("an authenticator decides logins as it does at Crossbar.io, and its 64-bit ids reach clients of each format", async () => {
  const own = { ticket: "its own ticket", role: "authenticator", realm: "realm-auth" };
  const dynamic = { type: "dynamic", authenticator: "com.example.authenticate", "authenticator-realm": "realm-auth" };
  const permissions = [{ uri: "com.example.authenticate", allow: { register: true } }];
  running = await startRouter({
    realms: [
      { name: "realm-auth", roles: [{ name: "authenticator", permissions }] },
      { name: "realm1", roles: [ROLE] },
    ],
    auth: { ticket: [{ type: "static", principals: { authenticator: own } }, dynamic] },
  });
  const authenticator = python("authenticator.py", running.url);
  const lines = createInterface({ input: authenticator.stdout as NodeJS.ReadableStream });
  expect((await Promise.race([once(lines, "line"), once(authenticator, "close")]))[0]).toBe("READY");
  for (const serializer of ["json", "msgpack", "cbor"]) {
    expect(await seenBy(running.url, serializer, "ticket", "joe", "secret!!!")).toMatchObject({
      joined: ["realm1", "joe", "user", "ticket"],
      authextraText: "{'id': 1152921504606846977, 'ratio': 2.0, 'peer': 'tcp4'}",
    });
  }
  const stranger = await connectRaw(running.url);
  stranger.hello({ authid: "joe", authmethods: ["ticket"] });
  await stranger.expect(Code.CHALLENGE);
  stranger.authenticate("wrong");
  expect(await stranger.aborted()).toEqual({
    reason: "com.example.invalid_ticket",
    message: "no such user, or a wrong ticket",
  });
}, 60_000);
