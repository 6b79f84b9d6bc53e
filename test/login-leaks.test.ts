import { createHmac, pbkdf2Sync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { jest } from "@jest/globals";
import {
  accept,
  assignmentsIn,
  challenge,
  Code,
  ConfigError,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  hashSecret,
  isDict,
  principalFields,
  type Router,
  z,
} from "@wampgate/core";
import { startTestRouter, type TestRouter, type WireMessage } from "@wampgate/plugin-testkit";
import { loadConfig } from "../packages/core/src/config/load.ts";
import { NAMED } from "../packages/core/src/router/builtin.ts";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { inTurns, type Samples, tellsApart } from "./support/rank-test.ts";
import { OFFICIAL } from "./support/router.ts";

// A login that fails tells a stranger nothing: neither by what is sent nor by how long it takes. And no secret of the
// config, of a client or of an authenticator comes out where people look.

// Hundreds of logins each: on a machine that has much else to do they take their time.
jest.setTimeout(60_000);

const salting = { salt: "salt-of-joe", iterations: 2000, keylen: 32 };
const hashed = await hashSecret("a ticket");
const KNOWN = "known-user";
const UNKNOWN = "other-user";
const [JOE, OTHER, STRANGER] = ["a1", "a2", "a3"].map((byte) => new SigningKey(byte.repeat(32))) as [
  SigningKey,
  SigningKey,
  SigningKey,
];
const AUTH = {
  ticket: { type: "static", principals: { [KNOWN]: { ticket: "a ticket", role: "user" } } },
  wampcra: { type: "static", users: { [KNOWN]: { password: "a password", ...salting, role: "user" } } },
  cryptosign: {
    type: "static",
    principals: { [KNOWN]: { authorized_keys: [OTHER.publicKey, JOE.publicKey], role: "user" } },
  },
};

/** How a client logs in: what its HELLO says, and its wrong proof. By default its authid, and `wrong`. */
interface Attempt {
  readonly authmethod: string;
  readonly details: (authid: string) => object;
  readonly proof: (extra: Record<string, unknown>) => string;
}

/** A signature of the right bytes by another key than the named one: it costs all work. */
const forged = ({ challenge }: Record<string, unknown>): string => OTHER.sign(Buffer.from(String(challenge), "hex"));

const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  cryptosign: {
    authmethod: "cryptosign",
    details: (authid) => ({ authid, authextra: { pubkey: JOE.publicKey } }),
    proof: forged,
  },
  "cryptosign, without an authid": {
    authmethod: "cryptosign",
    details: (authid) => ({ authextra: { pubkey: (authid === KNOWN ? JOE : STRANGER).publicKey } }),
    proof: forged,
  },
  "cryptosign, with a key of its own": {
    authmethod: "cryptosign",
    details: (authid) => ({ authid, authextra: { pubkey: STRANGER.publicKey } }),
    proof: ({ challenge }) => STRANGER.sign(Buffer.from(String(challenge), "hex")),
  },
};

const attemptBy = (method: string): Attempt =>
  ATTEMPTS[method] ?? { authmethod: method, details: (authid) => ({ authid }), proof: () => "wrong" };

/** Frames of a failed login as they stood on the wire. */
async function framesOf({ router }: TestRouter, method: string, authid: string): Promise<string[]> {
  const { authmethod, details, proof } = attemptBy(method);
  const link = router.connect();
  const frames: string[] = [];
  const closed = new Promise<void>((resolve) => (link.onclose = resolve));
  link.onframe = (frame) => {
    frames.push(String(frame));
    if (frames.length > 1) return;
    const [, , extra] = JSON.parse(String(frame)) as [number, string, Record<string, unknown>];
    link.send(JSON.stringify([Code.AUTHENTICATE, proof(extra), {}]));
  };
  const said = { roles: { caller: {} }, authmethods: [authmethod], ...details(authid) };
  link.send(JSON.stringify([Code.HELLO, "realm1", said]));
  await closed;
  return frames;
}

/** How long a login with a wrong proof takes until its ABORT, in milliseconds. */
async function timeOf(running: TestRouter, method: string, authid: string): Promise<number> {
  const began = performance.now();
  await framesOf(running, method, authid);
  return performance.now() - began;
}

/** Logins of a known and an unknown authid in turn, so that what slows the machine slows both. */
const timesOf = (running: TestRouter, method: string, count: number): Promise<Samples> =>
  inTurns(count, (which) => timeOf(running, method, [KNOWN, UNKNOWN][which] ?? ""));

const start = (auth: object, plugins = OFFICIAL): Promise<TestRouter> => startTestRouter({ plugins, auth });

describe("an unknown authid and a wrong proof", () => {
  let running: TestRouter;
  beforeAll(async () => (running = await start(AUTH)));
  afterAll(() => running.close());

  it.each(["ticket", "wampcra", ...Object.keys(ATTEMPTS)])(
    "get the same frames by %s, byte by byte but for what is new each time",
    async (method) => {
      const same = (frames: string[]): string[] =>
        frames.map((frame) =>
          frame
            .replace(/\\"nonce\\":\\"[\w+/=]{64}\\"/, "")
            .replace(/\\"timestamp\\":\\"[-\d:.TZ]{24}\\"/, "")
            .replace(/\\"session\\":\d+/, "")
            .replace(/"salt":"[^"]{11}"/, '"salt"')
            .replace(/"challenge":"[\da-f]{64}"/, "")
            .replace(/(known|other)-user/, "who"),
        );
      const known = await framesOf(running, method, KNOWN);
      expect(known).toHaveLength(2);
      expect(same(await framesOf(running, method, UNKNOWN))).toEqual(same(known));
    },
  );

  it.each(["ticket", "wampcra", ...Object.keys(ATTEMPTS)])("take the same time by %s", async (method) => {
    await timesOf(running, method, 50); // until the code is warm
    expect(await tellsApart(() => timesOf(running, method, 400))).toBe(false);
  });

  it("take the same time by ticket with hashed tickets, also if the known one is plain", async () => {
    const cheap = hashed.replace("ln=15", "ln=12");
    for (const known of [{ "ticket-hash": cheap }, { ticket: "a ticket" }]) {
      const principals = { [KNOWN]: { ...known, role: "user" }, other: { "ticket-hash": cheap, role: "user" } };
      const hashing = await start({ ticket: { type: "static", principals } });
      try {
        await timesOf(hashing, "ticket", 5);
        expect(await tellsApart(() => timesOf(hashing, "ticket", 60))).toBe(false);
      } finally {
        await hashing.close();
      }
    }
  });

  it("differ in time where a method hurries past somebody unknown, which this test would see", async () => {
    const hasty = await start({ hasty: { type: "static", users: { [KNOWN]: { role: "user" } } } }, [hastyMethod]);
    try {
      await timesOf(hasty, "hasty", 20);
      expect(await tellsApart(() => timesOf(hasty, "hasty", 200))).toBe(true);
    } finally {
      await hasty.close();
    }
  });
});

/** What a careless author might write: only who is known costs the work of a proof. */
const users = z.record(z.string(), z.strictObject(principalFields));
const hastyMethod = definePlugin({
  name: "hasty",
  core: "*",
  methods: [
    defineMethod({
      name: "hasty",
      at: "authenticate",
      credential: z.object({ known: z.boolean() }),
      static: {
        schema: z.strictObject({ users }),
        find: (query, block) => findIn(block.users, query, () => ({ known: true })),
        assignments: (block) => assignmentsIn("users", block.users),
      },
      challenge: () => challenge({}),
      async authenticate(attempt, { signature }) {
        const found = await attempt.resolvePrincipal();
        if (!found.credential.known) return deny();
        return pbkdf2Sync(signature, "salt", 10_000, 32, "sha256").length === 0 ? accept() : deny();
      },
      decoy: () => credential({ known: false }),
    }),
  ],
});

describe("WAMP-CRA's nonces", () => {
  it("are never given twice, and good for one answer in one session", async () => {
    const running = await start(AUTH);
    const challenges = new Set<string>();
    const nonces = new Set<unknown>();
    for (let i = 0; i < 200; i++) {
      const [first = ""] = await framesOf(running, "wampcra", KNOWN);
      const text = (JSON.parse(first) as [number, string, { challenge: string }])[2].challenge;
      challenges.add(text);
      nonces.add((JSON.parse(text) as { nonce: unknown }).nonce);
    }
    expect([challenges.size, nonces.size]).toEqual([200, 200]);
    const client = running.connect();
    client.hello({ authid: KNOWN, authmethods: ["wampcra"] });
    const [, , extra] = await client.expect(Code.CHALLENGE);
    const proof = sign("a password", (extra as { challenge: string }).challenge);
    client.authenticate(proof);
    client.authenticate(proof);
    const answers: WireMessage[] = [await client.next()];
    if (answers[0]?.[0] === Code.WELCOME) answers.push(await client.next());
    expect(answers.at(-1)?.[0]).toBe(Code.ABORT);
    await running.close();
  });
});

function sign(password: string, text: string): string {
  const { salt, iterations, keylen } = salting;
  const key = pbkdf2Sync(password, salt, iterations, keylen, "sha256").toString("base64");
  return createHmac("sha256", key).update(text).digest("base64");
}

describe("secrets", () => {
  const SECRETS = ["SECRET-ticket", "SECRET-key", "SECRET-password", "SECRET-shown", "SECRET-asked", "SECRET-told"];
  const derived = pbkdf2Sync("SECRET-password", salting.salt, salting.iterations, salting.keylen, "sha256");
  const [hashedSalt = "", hashedKey = ""] = hashed.split("$").slice(-2);
  const scramKeys = { "stored-key": "5ec2e7".padEnd(64, "a"), "server-key": "5ec2e7".padEnd(64, "b") };
  const scram = { kdf: "pbkdf2", iterations: 4096, salt: "5ec2e7".padEnd(32, "c"), ...scramKeys, role: "user" };
  const HIDDEN = [...SECRETS, derived.toString("base64"), hashedSalt, hashedKey, ...Object.values(scramKeys)];
  const principals = {
    joe: { ticket: "SECRET-ticket", role: "user" },
    kim: { "ticket-hash": hashed, role: "user" },
  };
  const auth = {
    ticket: [{ type: "static", principals }, dynamicBlock],
    wampcra: [
      {
        type: "static",
        users: {
          pia: { secret: "SECRET-key", role: "user" },
          max: { password: "SECRET-password", ...salting, role: "user" },
        },
      },
      dynamicBlock,
    ],
    scram: [{ type: "static", principals: { sam: scram } }, dynamicBlock],
  };
  const authenticator = authenticatorOf((_realm, authid, { authmethod, ticket }) => {
    if (authmethod === "scram") return scram;
    if (authmethod === "wampcra") return { secret: "SECRET-told", role: "user" };
    if (ticket === "SECRET-asked") return { role: "user", extra: { authid } };
    throw Object.assign(new Error("wrong"), { error: "com.example.wrong", args: ["wrong ticket"] });
  });
  const config = {
    plugins: OFFICIAL,
    realms: REALMS,
    transports: [{ type: "memory", auth }],
    components: [{ module: authenticator, realm: "realm-auth", role: "authenticator" }],
  };

  function expectHidden(text: string): void {
    for (const secret of HIDDEN) expect(text).not.toContain(secret);
  }
  const printed = (value: unknown): string => inspect(value, { depth: Infinity, showHidden: true });

  async function loginBy({ connect }: TestRouter, method: string, authid: string, secret: string): Promise<string> {
    const client = connect();
    client.hello({ authid, authmethods: [method], authextra: { nonce: "AAAAAAAA" } });
    const [, , extra] = await client.expect(Code.CHALLENGE);
    const { challenge: text, salt } = extra as { challenge?: string; salt?: string };
    if (text === undefined) client.authenticate(secret);
    else
      client.authenticate(
        salt === undefined ? createHmac("sha256", secret).update(text).digest("base64") : sign(secret, text),
      );
    return JSON.stringify(await client.next());
  }

  it("stand in no log, no answer and nothing that prints the router or its sessions", async () => {
    const running = await startTestRouter({ plugins: OFFICIAL, auth, realms: REALMS, components: config.components });
    const sessions: unknown[] = [];
    const ends: string[] = [];
    for (const [method, authid, secret] of [
      ["ticket", "joe", "SECRET-ticket"],
      ["ticket", "joe", "SECRET-shown"],
      ["ticket", "kim", "a ticket"],
      ["ticket", "kim", "SECRET-shown"],
      ["ticket", "ann", "SECRET-asked"],
      ["ticket", "ann", "SECRET-shown"],
      ["wampcra", "pia", "SECRET-key"],
      ["wampcra", "pia", "SECRET-shown"],
      ["wampcra", "max", "SECRET-password"],
      ["wampcra", "max", "SECRET-shown"],
      ["wampcra", "ann", "SECRET-told"],
      ["wampcra", "ann", "SECRET-shown"],
      ["scram", "sam", "SECRET-shown"],
      ["scram", "ann", "SECRET-shown"],
    ] as const) {
      ends.push(await loginBy(running, method, authid, secret));
    }
    expect(ends.map((end) => (JSON.parse(end) as [number])[0])).toEqual([2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 3, 3]);
    sessions.push(await running.router.session("realm1", { role: "user" }).call("wamp.session.list"));
    expectHidden(ends.join("\n"));
    expect(running.log.lines.some(({ level }) => level === "debug")).toBe(true);
    expectHidden(running.log.text());
    expectHidden(printed(running.log.lines));
    expectHidden(printed([running.router, sessions]));
    expectHidden(toJson(running.router));
    await running.close();
  });

  it("are out of sight in the config once it is loaded", async () => {
    const from = import.meta.dirname;
    const loaded = await loadConfig({ file: "config", folder: from, raw: config }, { cwd: from, ...NAMED });
    const blocks = loaded.transports.flatMap((transport) => [...transport.auth.values()].flatMap((own) => own.blocks));
    expectHidden(printed(blocks.map(({ value }) => value)));
    expectHidden(JSON.stringify(blocks.map(({ value }) => value)));
    expectHidden(inspect(loaded, { depth: 12 }));
  });

  it.each([
    ["ticket", { principals: { joe: { ticket: ["SECRET-ticket"] } } }],
    ["ticket", { principals: { joe: { ticket: { is: "SECRET-ticket" } } } }],
    ["ticket", { principals: { joe: "SECRET-ticket" } }],
    ["ticket", { principals: { joe: { "ticket-hash": "SECRET-ticket" } } }],
    ["ticket", { principals: { joe: { "ticket-hash": hashed.replace("ln=15", "ln=99") } } }],
    ["ticket", { principals: "SECRET-ticket" }],
    ["ticket", { principals: { joe: { tiket: "SECRET-ticket" } } }],
    ["wampcra", { users: { joe: { secret: { is: "SECRET-key" } } } }],
    ["wampcra", { users: { joe: { secret: "SECRET-key", password: "SECRET-password" } } }],
    ["wampcra", { users: { joe: { secret: "SECRET-key", salt: ["SECRET-told"] } } }],
    ["wampcra", { users: ["SECRET-key"] }],
    ["scram", { principals: { joe: { ...scram, "stored-key": "SECRET-key" } } }],
    ["scram", { principals: { joe: { ...scram, "server-key": ["SECRET-key"] } } }],
    ["scram", { principals: { joe: { ...scram, "stored-kye": "SECRET-key" } } }],
    ["scram", { principals: { joe: { ...scram, kdf: "SECRET-key" } } }],
  ])("are not shown by the error of a config whose %s is %j", async (method, block) => {
    const broken = { ...config, transports: [{ type: "memory", auth: { [method]: { type: "static", ...block } } }] };
    const from = import.meta.dirname;
    const error: unknown = await loadConfig(
      { file: "config", folder: from, raw: broken },
      { cwd: from, ...NAMED },
    ).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expectHidden(printed(error));
  });
});

/** JSON of what can be said in it; what goes in a circle is left out. */
function toJson(router: Router): string {
  const seen = new Set<unknown>();
  return JSON.stringify(router, (_key, value: unknown) => {
    if (value instanceof Map || value instanceof Set) return [...value] as unknown;
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return isDict(value) ? "again" : null;
    seen.add(value);
    return value;
  });
}

it("proofs are compared in one place, in constant time", () => {
  const root = join(import.meta.dirname, "../packages");
  const sources = readdirSync(root, { recursive: true })
    .map(String)
    .filter((file) => /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file))
    .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
  const holding = (pattern: RegExp): string[] =>
    sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
  expect(holding(/\btimingSafeEqual\b/)).toEqual(["core/src/wamp/compare.ts"]);
  // The probe of the testkit guards nothing, and a hook's example turns empty tickets away.
  const compared =
    /\b(?:signature|ticket|proof)\s*[!=]==?(?!=?\s*(?:undefined|"))|[!=]==?\s*(?:signature|ticket|proof)\b/;
  expect(holding(compared)).toEqual(["plugin-testkit/src/probes.ts"]);
});
