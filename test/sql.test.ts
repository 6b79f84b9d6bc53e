import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { jest } from "@jest/globals";
import { hash as argon2 } from "@node-rs/argon2";
import { hash as bcrypt } from "bcrypt";
import { TOTP, Secret } from "otpauth";
import { Code, hashSecret } from "@wampgate/core";
import { deriveKey, wampcra } from "@wampgate/auth-wampcra";
import { type FakeClient, startTestRouter, type TestRouter, type WireMessage } from "@wampgate/plugin-testkit";
import { runs } from "../jest/runs.ts";
import { SigningKey } from "../packages/auth-cryptosign/src/keys.ts";
import { DENIED, FAILED, USERS_AND_GUESTS } from "./support/decided.ts";
import { OFFICIAL } from "./support/router.ts";
import { answerTo, DIALECTS, greet, principalOf } from "./support/scram.ts";
import { KINDS, table, type UserDatabase } from "./support/sql.ts";

// Logins whose principals are rows of a database, with each kind of database.

jest.setTimeout(60_000);

const SEED = "CACKN3GRF3KQZMEK";
const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 };
const DIGITS = "9007199254740993";

const COLUMNS = `login varchar(80), hash varchar(200), role varchar(20), realm varchar(80), extra varchar(200), expires bigint,
  further varchar(20), secret varchar(80), salt varchar(80), iterations bigint, keylen int, kdf varchar(20), memory int,
  stored_key varchar(80), server_key varchar(80), seed varchar(80)`;

function keyPair(): { seed: string; key: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = privateKey.export({ format: "jwk" }) as { d: string; x: string };
  const hex = (text: string): string => Buffer.from(text, "base64url").toString("hex");
  return { seed: hex(d), key: hex(x) };
}
const KEYS = [keyPair(), keyPair(), keyPair()] as const;

const scram = await principalOf(DIALECTS.scram, "pass");
const salting = { salt: "5b6d99689d12358eeca04b141236fa81", iterations: 10, keylen: 32 };
const ROWS = [
  { login: "joe", hash: await argon2("secret", CHEAP), role: "user", extra: `{"n":${DIGITS}}`, expires: 4102444800 },
  { login: "bob", hash: (await bcrypt("x".repeat(80), 4)).replace(/^\$2b/, "$2y"), role: "user" },
  { login: "ann", hash: await hashSecret("secret"), role: "guest" },
  { login: "old", hash: await argon2("secret", CHEAP), role: "user", expires: 1 },
  { login: "md5", hash: "5ebe2294ecd0e0f08eab7690d2a6ee69", role: "user" },
  { login: "two", hash: await argon2("secret", CHEAP), role: "user" },
  { login: "two", hash: await argon2("secret", CHEAP), role: "guest" },
  { login: "bare" },
  { login: "cra", secret: await deriveKey("pass", salting), ...salting, role: "user" },
  { login: "plain", secret: "pass", role: "user" },
  {
    ...{ login: "scram", kdf: scram.kdf, iterations: scram.iterations, memory: scram.memory, salt: scram.salt },
    ...{ stored_key: scram["stored-key"], server_key: scram["server-key"], role: "user" },
  },
  { login: "app", hash: await argon2("secret", CHEAP), seed: SEED, role: "user", further: "totp" },
];
const PUBKEYS = [
  { login: "device", pubkey: KEYS[0].key, role: "user" },
  { login: "device", pubkey: KEYS[1].key, role: "user" },
  { login: "mixed", pubkey: KEYS[0].key, role: "user" },
  { login: "mixed", pubkey: KEYS[1].key, role: "guest" },
];

type Answer = string | { readonly signature: string; readonly extra: Readonly<Record<string, unknown>> };

describe.each(KINDS)("with $name", ({ missing, ...kind }) => {
  let database: UserDatabase;
  let running: TestRouter | null = null;
  beforeAll(async () => {
    if (missing !== null) return;
    database = await kind.start();
    await database.run(...table("users", COLUMNS, ...ROWS));
    await database.run(...table("pubkeys", "login varchar(80), pubkey varchar(80), role varchar(20)", ...PUBKEYS));
  });
  afterAll(async () => {
    if (missing === null) await database.close();
  });
  afterEach(async () => {
    await running?.close();
    running = null;
  });
  const test = missing === null ? it : it.skip;

  const from = (query: string, columns: object): object => ({
    ...{ type: "sql", ...database.at, query, columns: { authid: "login", ...columns } },
  });
  const users = (columns: object): object => from("select * from users where login = :authid", columns);
  const tickets = (): object =>
    users({ "password-hash": "hash", role: "role", extra: "extra", expires: "expires", then: "further" });

  async function open(auth: object): Promise<TestRouter> {
    running = await startTestRouter({ plugins: OFFICIAL, realms: [USERS_AND_GUESTS], auth: auth });
    return running;
  }

  /** Says HELLO, and answers each challenge. @returns what comes in the end */
  async function logIn(
    authid: string | null,
    method: string,
    answer: (extra: Record<string, unknown>, client: FakeClient) => Answer | Promise<Answer>,
    authextra?: Record<string, unknown>,
  ): Promise<WireMessage> {
    const client = (running as TestRouter).connect();
    const more = authextra === undefined ? {} : { authextra };
    if (method === "scram") await greet(client, "scram", { authid });
    else client.hello({ authid, authmethods: [method], ...more });
    for (;;) {
      const message = await client.next();
      if (message[0] !== Code.CHALLENGE) return message;
      const given = await answer(message[2] as Record<string, unknown>, client);
      const { signature, extra } = typeof given === "string" ? { signature: given, extra: {} } : given;
      client.send(Code.AUTHENTICATE, signature, extra);
    }
  }
  const byTicket = (authid: string | null, ticket = "secret"): Promise<WireMessage> =>
    logIn(authid, "ticket", () => ticket);
  const detailsOf = ([code, , details]: WireMessage): Record<string, unknown> => {
    expect(code).toBe(Code.WELCOME);
    return details as Record<string, unknown>;
  };
  const refusalOf = ([code, details, reason]: WireMessage): object => {
    expect(code).toBe(Code.ABORT);
    return { reason, text: (details as { message?: string }).message };
  };

  test("a ticket fits a hash of argon2id or scrypt, the row is assigned, and integers keep their digits", async () => {
    await open({ ticket: tickets() });
    expect(detailsOf(await byTicket("joe"))).toMatchObject({
      ...{ authid: "joe", authrole: "user", authprovider: "sql", authmethod: "ticket", expires: 4102444800 },
    });
    expect(detailsOf(await byTicket("ann"))).toMatchObject({ authrole: "guest" });
    expect(refusalOf(await byTicket("joe", "wrong"))).toEqual(DENIED);
    expect(refusalOf(await byTicket("ann", ""))).toEqual(DENIED);
    expect(refusalOf(await byTicket("nobody"))).toEqual(DENIED);
    expect(refusalOf(await byTicket(null))).toEqual(DENIED);
    await running?.close();
    const hash = await argon2("secret", CHEAP);
    await database.run(...table("numbers", "id bigint, hash varchar(200), role varchar(20)"));
    await database.run(`insert into numbers values (${DIGITS}, '${hash}', 'user')`);
    await open({
      ticket: from("select id as login, hash, role from numbers where id = :authid", {
        "password-hash": "hash",
        role: "role",
      }),
    });
    expect(detailsOf(await byTicket(DIGITS))["authid"]).toBe(DIGITS);
    // A text that is no number is in no row of numbers, and no error of the database.
    expect(refusalOf(await byTicket("joe"))).toEqual(DENIED);
  });

  test("of a hash of bcrypt, also one that begins with $2y$, a ticket of more than 72 bytes is denied", async () => {
    const same = await bcrypt("x".repeat(72), 4);
    await database.run(...table("short", "login varchar(80), hash varchar(200)", { login: "bob", hash: same }));
    await open({
      ticket: {
        ...from("select * from short where login = :authid", { "password-hash": "hash" }),
        "default-role": "user",
      },
    });
    expect(detailsOf(await byTicket("bob", "x".repeat(72)))).toMatchObject({ authid: "bob", authrole: "user" });
    expect(refusalOf(await byTicket("bob", "x".repeat(80)))).toEqual(DENIED);
    await running?.close();
    await open({ ticket: tickets() });
    expect(refusalOf(await byTicket("bob", "x".repeat(80)))).toEqual(DENIED);
  });

  test("what is expired, NULL, no hash, or two rows lets nobody in", async () => {
    const { log } = await open({ ticket: tickets() });
    expect(refusalOf(await byTicket("old"))).toMatchObject({ reason: DENIED.reason });
    expect(refusalOf(await byTicket("bare"))).toEqual(DENIED);
    expect(refusalOf(await byTicket("md5"))).toEqual(FAILED);
    expect(log.text()).toContain("its password-hash: expected a hash that begins with");
    expect(refusalOf(await byTicket("two"))).toEqual(FAILED);
    expect(log.text()).toMatch(/it has several rows, which differ in (password-hash|role)/);
    expect(log.text()).not.toMatch(/5ebe2294|argon2id\$v=19\$m|pass-of/);
  });

  test("wampcra takes secret and salting from the row, or a secret alone", async () => {
    const columns = { secret: "secret", salt: "salt", iterations: "iterations", keylen: "keylen", role: "role" };
    await open({ wampcra: users(columns) });
    const by = (authid: string, password: string): Promise<WireMessage> =>
      logIn(authid, "wampcra", (extra, { said }) => wampcra.client?.answer(extra, password, said) ?? "");
    expect(detailsOf(await by("cra", "pass"))).toMatchObject({ authid: "cra", authrole: "user" });
    expect(detailsOf(await by("plain", "pass"))).toMatchObject({ authid: "plain" });
    for (const [authid, password] of [
      ["cra", "wrong"],
      ["nobody", "pass"],
      ["joe", "pass"],
    ] as const)
      expect(refusalOf(await by(authid, password))).toEqual(DENIED);
  });

  test("scram takes its keys from the row", async () => {
    const keys = { "stored-key": "stored_key", "server-key": "server_key", role: "role" };
    await open({ scram: users({ kdf: "kdf", salt: "salt", iterations: "iterations", memory: "memory", ...keys }) });
    const by = (authid: string, password: string): Promise<WireMessage> =>
      logIn(authid, "scram", (extra, { said }) => answerTo("scram", extra, password, said));
    expect(detailsOf(await by("scram", "pass"))).toMatchObject({ authid: "scram", authrole: "user" });
    expect(refusalOf(await by("scram", "wrong"))).toEqual(DENIED);
    expect(refusalOf(await by("nobody", "pass"))).toEqual(DENIED);
  });

  test("cryptosign takes several rows for several keys, and finds one by its key where the client names no authid", async () => {
    const query = "select * from pubkeys where login = :authid or (login = 'device' and pubkey = :pubkey)";
    const { log } = await open({ cryptosign: from(query, { pubkey: "pubkey", role: "role" }) });
    const by = (authid: string | null, { seed, key }: (typeof KEYS)[number]): Promise<WireMessage> =>
      logIn(authid, "cryptosign", ({ challenge }) => new SigningKey(seed).sign(Buffer.from(String(challenge), "hex")), {
        pubkey: key.toUpperCase(),
      });
    for (const pair of KEYS.slice(0, 2))
      expect(detailsOf(await by("device", pair))).toMatchObject({ authid: "device" });
    expect(refusalOf(await by("device", KEYS[2]))).toEqual(DENIED);
    expect(refusalOf(await by("nobody", KEYS[2]))).toEqual(DENIED);
    expect(detailsOf(await by(null, KEYS[1]))).toMatchObject({ authid: "device" });
    expect(refusalOf(await by(null, KEYS[2]))).toEqual(DENIED);
    expect(refusalOf(await by("mixed", KEYS[2]))).toEqual(FAILED);
    expect(log.text()).toContain("it has several rows, which differ in role");
    const unnamed = [];
    for (const authid of ["device", "nobody"]) unnamed.push(await logIn(authid, "cryptosign", () => ""));
    expect(unnamed[0]).toEqual(unnamed[1]);
    expect(unnamed[0]?.[2]).toBe(FAILED.reason);
  });

  test("totp takes its seed from the row, as a method and as a further factor that the row names", async () => {
    const totp = { ...users({ seed: "seed", role: "role" }), alone: true };
    await open({ ticket: tickets(), totp });
    const code = new TOTP({ secret: Secret.fromBase32(SEED) }).generate();
    const both = (ticket: string, second: string): Promise<WireMessage> =>
      logIn("app", "ticket", (extra) => (extra["factor"] === 2 ? second : ticket));
    // A wrong ticket is not told before the code.
    expect(refusalOf(await both("wrong", code))).toEqual(DENIED);
    expect(detailsOf(await both("secret", code))).toMatchObject({ authfactors: ["ticket", "totp"] });
    expect(refusalOf(await logIn("app", "totp", () => code))).toEqual(DENIED);
    expect(refusalOf(await logIn("joe", "totp", () => code))).toEqual(DENIED);
  });

  test("an authid is a value, whatever is in it: it comes back as it was", async () => {
    const echo = database.at.client === "pg" ? ":authid::text" : ":authid";
    const hash = await argon2("secret", CHEAP);
    await open({
      ticket: {
        ...from(`select ${echo} as login, '${hash}' as hash, 'user' as role`, {
          "password-hash": "hash",
          role: "role",
        }),
      },
    });
    const traps = [
      "' or '1'='1",
      "\\' or 1=1 -- ",
      "'; drop table users",
      '"',
      "`",
      "$1",
      ":realm",
      "?",
      "%",
      "\u202e",
      "😀",
    ];
    const text = fc.oneof(
      fc.constantFrom(...traps),
      fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
      fc
        .array(fc.constantFrom("'", '"', "\\", "`", "-", "/", "*", "%", "_", "\n", "a"), { minLength: 1 })
        .map((l) => l.join("")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (authid) => {
        const answer = await byTicket(authid);
        // Text of JSON that begins with NUL is binary.
        if (authid.startsWith("\0")) expect(answer[0]).toBe(Code.ABORT);
        else if (authid.includes("\0")) expect(refusalOf(answer)).toEqual(DENIED);
        else expect(detailsOf(answer)["authid"]).toBe(authid);
      }),
      runs(60),
    );
  });

  test("no authid but one of the table is let in by another's ticket, and the table stays as it is", async () => {
    const { log } = await open({ ticket: tickets() });
    for (const authid of [
      "' or 1=1 -- ",
      "joe\0",
      "joe'",
      "joe' --",
      "\\",
      "' union select * from users -- ",
      "%",
      "jo_",
    ])
      expect(refusalOf(await byTicket(authid))).toEqual(DENIED);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(detailsOf(await byTicket("joe"))).toMatchObject({ authid: "joe" });
  });

  test("a time of the database is when the login ends", async () => {
    const at = "2099-12-31 23:59:59";
    const [type, value] = {
      pg: ["timestamptz", `'${at}Z'`],
      mysql2: ["datetime", `'${at}'`],
      sqlite: ["text", "'2099-12-31T23:59:59Z'"],
    }[database.at.client] as [string, string];
    await database.run(
      "drop table if exists times",
      `create table times (login varchar(20), hash varchar(200), at ${type})`,
    );
    const hash = await argon2("secret", CHEAP);
    await database.run(`insert into times values ('joe', '${hash}', ${value})`);
    await open({
      ticket: {
        ...from("select * from times where login = :authid", { "password-hash": "hash", expires: "at" }),
        "default-role": "user",
      },
    });
    expect(detailsOf(await byTicket("joe"))["expires"]).toBe(Date.UTC(2099, 11, 31, 23, 59, 59) / 1000);
  });

  test("check --ask asks the query once, without an authid, and tells what is wrong with it; so does the log at the start", async () => {
    const problems = async (block: object): Promise<string[]> => {
      const { router, log } = await open({ ticket: block });
      expect(await router.check()).toEqual({ problems: [], warnings: [], answered: [] });
      const checked = await router.check({ ask: true });
      expect(checked.answered.map(({ message }) => message)).toEqual(
        checked.problems.length > 0 ? [] : ["the database answers"],
      );
      const found = checked.problems.map(({ path, message }) => `${path.at(-1)}: ${message}`);
      const isWrong = found.length > 0;
      while (isWrong && !/no login by this block can succeed|could not be asked at the start/.test(log.text()))
        await new Promise(setImmediate);
      expect(log.text()).not.toMatch(/pass-of|postgres:postgres/);
      await running?.close();
      running = null;
      return found;
    };
    const hash = { "password-hash": "hash" };
    expect(await problems(tickets())).toEqual([]);
    const [table_] = await problems(from("select login, hash from userz where login = :authid", hash));
    expect(table_).toMatch(/^query: the database cannot be asked: it refuses the query: .*userz/);
    const [column] = await problems(from("select login, hash from users where logn = :authid", hash));
    expect(column).toMatch(/^query: .*logn/);
    expect(
      await problems(from("select login, hash from users where login = :authid", { "password-hash": "pw" })),
    ).toEqual(['columns: the query has no column "pw", which columns.password-hash names; it has login, hash']);
    expect(await problems(from("select login, hash, hash from users where login = :authid", hash))).toEqual([
      'columns: the query has more than one column "hash", which columns.password-hash names; it has login, hash, hash',
    ]);
  });

  test("static, then sql, then jwt: each block is asked whom the one before does not know", async () => {
    const jwt = {
      ...{ type: "jwt", issuer: "i", audience: "a", keys: { secret: "x".repeat(32) }, algorithms: ["HS256"] },
      ...{ "default-role": "guest" },
    };
    const principals = { service: { ticket: "secret", role: "user" } };
    await open({ ticket: [{ type: "static", principals }, tickets(), jwt] });
    const { SignJWT } = await import("jose");
    const token = await new SignJWT({ sub: "elsewhere", iss: "i", aud: "a" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(Buffer.from("x".repeat(32)));
    expect(detailsOf(await byTicket("service"))).toMatchObject({ authprovider: "static" });
    expect(detailsOf(await byTicket("joe"))).toMatchObject({ authprovider: "sql" });
    expect(detailsOf(await byTicket("nobody", token))).toMatchObject({ authprovider: "jwt", authid: "elsewhere" });
    // A known authid with a wrong proof ends the chain, one without a hash does not.
    expect(refusalOf(await byTicket("joe", token))).toEqual(DENIED);
    expect(detailsOf(await byTicket("bare", token))).toMatchObject({ authprovider: "jwt" });
    expect(refusalOf(await byTicket("nobody"))).toEqual(DENIED);
  });
});
