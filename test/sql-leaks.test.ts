import { jest } from "@jest/globals";
import { hash as argon2 } from "@node-rs/argon2";
import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter, type WireMessage } from "@wampgate/plugin-testkit";
import { MARIADB, type RunningDatabase, runsHere, startDatabase } from "./support/databases.ts";
import { DENIED, USERS_AND_GUESTS } from "./support/decided.ts";
import { inTurns, type Samples, tellsApart } from "./support/rank-test.ts";
import { OFFICIAL } from "./support/router.ts";
import { greet } from "./support/scram.ts";
import { KINDS, table, type UserDatabase } from "./support/sql.ts";

// Who has a row, and who has none, shows neither in what is sent nor in the time. And what a database takes for equal.

jest.setTimeout(60_000);

const CHEAP = { memoryCost: 4096, timeCost: 2, parallelism: 1 };
const HASH = await argon2("secret", CHEAP);

let running: TestRouter | null = null;
afterEach(async () => {
  await running?.close();
  running = null;
});

async function open(auth: object): Promise<TestRouter> {
  running = await startTestRouter({ plugins: OFFICIAL, realms: [USERS_AND_GUESTS], auth: auth });
  return running;
}

async function byTicket(authid: string, ticket: string): Promise<WireMessage> {
  const client = (running as TestRouter).connect();
  client.hello({ authid, authmethods: ["ticket"] });
  await client.expect(Code.CHALLENGE);
  client.authenticate(ticket);
  return client.next();
}

describe("an unknown authid", () => {
  let database: UserDatabase;
  beforeAll(async () => {
    database = await (KINDS[0] as (typeof KINDS)[number]).start();
    const salted = (i: number): object => ({
      ...{ login: `user${i}`, secret: Buffer.alloc(32, i).toString("base64"), iterations: 5000, keylen: 32 },
      ...{ salt: Buffer.alloc(16, `salt ${i}`).toString("base64"), role: i % 2 === 0 ? "user" : "guest", hash: HASH },
      ...{
        kdf: "pbkdf2",
        rounds: 4096,
        hexsalt: Buffer.alloc(16, `salt ${i}`).toString("hex"),
        bytes: "0a".repeat(32),
      },
    });
    await database.run(
      ...table(
        "users",
        "login text, secret text, iterations int, keylen int, salt text, role text, hash text, kdf text, rounds int, hexsalt text, bytes text",
        ...[1, 2, 3, 4].map(salted),
      ),
    );
  });
  afterAll(() => database.close());
  const from = (columns: object): object => {
    const query = "select * from users where login = :authid";
    return { type: "sql", ...database.at, query, columns: { authid: "login", role: "role", ...columns } };
  };
  const CRA = { secret: "secret", salt: "salt", iterations: "iterations", keylen: "keylen" };
  const SCRAM = { kdf: "kdf", iterations: "rounds", salt: "hexsalt", "stored-key": "bytes", "server-key": "bytes" };

  async function challengeTo(authid: string, method: "wampcra" | "scram"): Promise<Record<string, unknown>> {
    const client = (running as TestRouter).connect();
    if (method === "scram") await greet(client, "scram", { authid });
    else client.hello({ authid, authmethods: [method] });
    const [, , extra] = await client.expect(Code.CHALLENGE);
    client.close();
    const { challenge, nonce, ...rest } = extra as Record<string, unknown> & { challenge?: string };
    if (challenge === undefined) return { ...rest, nonce: String(nonce).length };
    const { authid: shown, authrole, authprovider, authmethod } = JSON.parse(challenge) as Record<string, unknown>;
    return { ...rest, isAsked: shown === authid, authrole, authprovider, authmethod };
  }
  const formOf = ({ salt, ...rest }: Record<string, unknown>): string =>
    JSON.stringify({ ...rest, salt: String(salt).replaceAll(/[A-Za-z\d+/]/g, "x") });

  it.each(["wampcra", "scram"] as const)(
    "is challenged by %s as the rows that were seen are, and always with the same salt, also after a restart",
    async (method) => {
      const auth = { [method]: from(method === "wampcra" ? CRA : SCRAM) };
      await open(auth);
      const known = new Set<string>();
      for (const i of [1, 2, 3, 4]) known.add(formOf(await challengeTo(`user${i}`, method)));
      const strangers = Array.from({ length: 30 }, (_, i) => `stranger${i}`);
      const unknown: Record<string, unknown>[] = [];
      for (const name of strangers) unknown.push(await challengeTo(name, method));
      expect(new Set(unknown.map(formOf))).toEqual(known);
      expect(new Set(unknown.map(({ salt }) => salt)).size).toBe(strangers.length);
      expect(await challengeTo("stranger0", method)).toEqual(unknown[0]);
      await running?.close();
      await open(auth);
      for (const i of [1, 2, 3, 4]) await challengeTo(`user${i}`, method);
      expect(await challengeTo("stranger0", method)).toEqual(unknown[0]);
    },
  );

  it.each([
    ["wampcra", CRA, { iterations: 10_000, keylen: 32, authprovider: "sql" }],
    ["scram", SCRAM, { kdf: "pbkdf2", iterations: 600_000 }],
    ["scram", { ...SCRAM, memory: "keylen" }, { kdf: "argon2id-13", iterations: 2, memory: 19_456 }],
  ] as const)(
    "is challenged by %s as rows that wampgate hash makes, before one was seen",
    async (method, columns, shown) => {
      await open({ [method]: from(columns) });
      const first = await challengeTo("stranger", method);
      expect(first).toMatchObject(shown);
      expect((await challengeTo("other", method))["salt"]).not.toBe(first["salt"]);
    },
  );

  it("has a decoy made of decoy-key, where the block has one", async () => {
    const salts: unknown[] = [];
    for (const key of ["a key of a cluster", "another key of one"]) {
      await open({ wampcra: { ...from(CRA), "decoy-key": key } });
      salts.push((await challengeTo("stranger", "wampcra"))["salt"]);
      await running?.close();
    }
    expect(salts[0]).not.toBe(salts[1]);
  });

  it.each([
    ["alone", (own: object) => own],
    [
      "after a static block with hashed tickets",
      (own: object) => [{ type: "static", principals: { service: { "ticket-hash": STATIC, role: "user" } } }, own],
    ],
    ["before a block that decides by itself", (own: object) => [own, TOKENS]],
  ])("costs as much as one with a row and a wrong ticket, where sql is asked %s", async (_, auth) => {
    await open({ ticket: auth(from({ "password-hash": "hash" })) });
    const timeOf = async (authid: string): Promise<number> => {
      const begun = performance.now();
      const [, details, reason] = await byTicket(authid, "wrong");
      expect({ reason, text: (details as { message: string }).message }).toEqual(DENIED);
      return performance.now() - begun;
    };
    for (let i = 0; i < 10; i++) await timeOf("user1");
    const measure = (): Promise<Samples> => inTurns(60, (which) => timeOf(which === 0 ? "user1" : "stranger"));
    expect(await tellsApart(measure, 0.15)).toBe(false);
  });
});

const STATIC = `$scrypt$ln=15,r=8,p=1$OYBHKIkg6BSRLM93PEqU/g$S/w+BoqklwxtL8WcsfmXDqxC0okkXnlakrCWw0AI8vc`;
const TOKENS = {
  ...{ type: "jwt", issuer: "i", audience: "a", keys: { secret: "x".repeat(32) }, algorithms: ["HS256"] },
  "default-role": "guest",
};

describe("MariaDB", () => {
  const test = runsHere(MARIADB) ? it : it.skip;
  let database: RunningDatabase;
  beforeAll(async () => {
    if (!runsHere(MARIADB)) return;
    database = await startDatabase(MARIADB);
    const row = { login: "joe", hash: HASH, secret: "pass", role: "user" };
    const columns = "login varchar(80), hash varchar(200), secret varchar(80), role varchar(20)";
    await database.run(
      ...table("users", columns, row),
      "set global sql_mode = concat(@@global.sql_mode, ',NO_BACKSLASH_ESCAPES')",
    );
  });
  afterAll(async () => {
    if (runsHere(MARIADB)) await database.close();
  });
  const block = (columns: object): object => ({
    ...{ type: "sql", client: "mysql2", connection: database.url, query: "select * from users where login = :authid" },
    columns: { authid: "login", role: "role", ...columns },
  });

  test("takes JOE, jóe and joe with a space for joe: the row's authid is assigned, and no challenge shows it", async () => {
    await open({ ticket: block({ "password-hash": "hash" }), wampcra: block({ secret: "secret" }) });
    for (const like of ["joe", "JOE", "jóe", "joe  "]) {
      const [code, , details] = await byTicket(like, "secret");
      expect([code, (details as { authid: string }).authid]).toEqual([Code.WELCOME, "joe"]);
      const client = (running as TestRouter).connect();
      client.hello({ authid: like, authmethods: ["wampcra"] });
      const [, , extra] = await client.expect(Code.CHALLENGE);
      expect(JSON.parse((extra as { challenge: string }).challenge)).toMatchObject({ authid: like });
      client.close();
    }
  });

  test("gets no text of a client within the query, also where a backslash does not escape", async () => {
    const { log } = await open({ ticket: block({ "password-hash": "hash" }) });
    for (const authid of [
      "\\' or 1=1 -- ",
      "' or 1=1 #",
      "\\",
      "x\\' union select 'joe', hash, secret, role from users -- ",
    ])
      expect((await byTicket(authid, "secret"))[2]).toBe(DENIED.reason);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});
