import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { hash as argon2 } from "@node-rs/argon2";
import Libsql from "libsql";
import type { Cause, WampgateConfig } from "@wampgate/core";
import { folderOf } from "../jest/folder.ts";
import { login, withTicket } from "./support/autobahn.ts";
import { MARIADB, PASSWORD, POSTGRES, type RunningDatabase, runsHere, startDatabase } from "./support/databases.ts";
import { DENIED, FAILED, refusalOf, USERS_AND_GUESTS } from "./support/decided.ts";
import { makeRouter, type RunningRouter, wholeOf } from "./support/router.ts";
import { table } from "./support/sql.ts";

// Databases that hang, die, lie, are slow and come back: logins are refused in time, others go on, and no restart is needed.

jest.setTimeout(60_000);

const HASH = await argon2("secret", { memoryCost: 64, timeCost: 1, parallelism: 1 });
const COLUMNS = { authid: "login", role: "role", "password-hash": "hash" };
const QUERY = "select login, hash, role from users where login = :authid";
const USERS = table("users", "login varchar(80) primary key, hash varchar(200), role varchar(20)", {
  ...{ login: "joe", hash: HASH, role: "user" },
});

let running: RunningRouter | null = null;
let causes: Cause[] = [];
afterEach(async () => {
  await running?.close();
  running = null;
});

const configOf = (block: object): Record<string, unknown> => {
  const statics = { type: "static", principals: { service: { ticket: "secret", role: "user" } } };
  const auth = { ticket: [statics, { type: "sql", query: QUERY, columns: COLUMNS, timeout: 1000, ...block }] };
  return wholeOf({ realms: [USERS_AND_GUESTS], auth });
};

async function start(block: object): Promise<RunningRouter> {
  await running?.close();
  causes = [];
  const { router, log } = await makeRouter(configOf(block));
  router.hooks.loginFailed.tap("test", ({ cause }) => causes.push(cause));
  await router.start();
  running = { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
  return running;
}

async function joined(authid = "joe", ticket = "secret"): Promise<Record<string, unknown>> {
  const as = { url: running?.url ?? "", realm: "realm1", authmethods: ["ticket"], authid };
  const { details, close } = await login({ ...as, onchallenge: withTicket(ticket) });
  await close();
  return details;
}
const refused = (authid?: string, ticket?: string): ReturnType<typeof refusalOf> => refusalOf(joined(authid, ticket));

/** How long `happening` takes, in milliseconds. */
async function timeOf(happening: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await happening;
  return performance.now() - begun;
}

/** Until a login succeeds again. */
async function comesBack(): Promise<void> {
  const begun = performance.now();
  while ((await joined().catch(() => null)) === null) expect(performance.now() - begun).toBeLessThan(20_000);
}

const errors = (): string[] =>
  running?.log.lines.filter(({ level }) => level === "error").map(({ message }) => message) ?? [];

/** No value and nothing of the connection. */
function expectNoSecrets(): void {
  expect(running?.log.text()).not.toMatch(
    new RegExp(`${PASSWORD}|wampgate:|argon2id\\$v=19\\$m|select login|127\\.0\\.0\\.1:\\d+/users`),
  );
}

describe.each([
  { kind: POSTGRES, client: "pg", slow: "pg_sleep(30)" },
  { kind: MARIADB, client: "mysql2", slow: "(select sum(seq % 7) from seq_1_to_4000000000)" },
])("$kind.name", ({ kind, client, slow }) => {
  const test = runsHere(kind) ? it : it.skip;
  let database: RunningDatabase;
  beforeAll(async () => {
    if (!runsHere(kind)) return;
    database = await startDatabase(kind);
    await database.run(...USERS);
  });
  afterAll(async () => {
    if (runsHere(kind)) await database.close();
  });
  const block = (more: object = {}): object => ({ client, connection: database.url, ...more });

  test("that hangs refuses logins in time, and others go on; then it is down, and when it answers again nothing is left of that", async () => {
    const { log } = await start(block());
    await comesBack();
    database.freeze();
    try {
      expect(await timeOf(refused().then((refusal) => expect(refusal).toEqual(FAILED)))).toBeLessThan(5000);
      expect(await joined("service")).toMatchObject({ authprovider: "static" });
      await Promise.all(Array.from({ length: 5 }, () => refused()));
      expect(log.text()).toContain("the database is down");
      expect(await timeOf(refused())).toBeLessThan(500);
      expect(causes.at(-1)).toMatchObject({ code: "authenticator-unavailable" });
    } finally {
      database.thaw();
    }
    await comesBack();
    expect(log.text()).toContain("the database answers again");
    expect(log.lines.find(({ level }) => level === "error")).toMatchObject({
      fields: { block: "transports[0].auth.ticket[1]" },
    });
    expectNoSecrets();
  });

  test("that dies is not reached, and logins succeed again when it is back, without a restart of the router", async () => {
    await start(block());
    await comesBack();
    await database.kill();
    for (let i = 0; i < 6; i++) expect(await refused()).toEqual(FAILED);
    expect(await joined("service")).toMatchObject({ authprovider: "static" });
    expect(errors().join("\n")).toMatch(/it cannot be reached|the connection failed|it stops/);
    await database.restart();
    await comesBack();
    expectNoSecrets();
  });

  test("that hangs holds up neither the start nor the end of the router, nor a reload", async () => {
    database.freeze();
    try {
      const { router } = await start(block({ timeout: 60_000 }));
      const waiting = refused();
      const isReloaded = await timeOf(router.reload(configOf(block({ timeout: 50_000 })) as unknown as WampgateConfig));
      expect(isReloaded).toBeLessThan(5000);
      expect(await timeOf(router.close())).toBeLessThan(10_000);
      running = null;
      await waiting;
    } finally {
      database.thaw();
    }
  });

  test("that is slow does not hold up the logins that it answers", async () => {
    await database.run(`insert into users values ('slow', '${HASH}', 'user')`);
    await start(
      block({
        query: `select login, hash, role from users where login = :authid and (login <> 'slow' or ${slow} is null)`,
      }),
    );
    await comesBack();
    const late = refused("slow");
    expect(await timeOf(joined())).toBeLessThan(5000);
    expect(await late).toEqual(FAILED);
    expect(errors().join("\n")).toContain("it did not answer within 1000 ms");
    await database.run("delete from users where login = 'slow'");
  });

  test("that refuses the password, has no such database or too few rights is told by the log, without the password", async () => {
    const wrong = database.url.replace(PASSWORD, "another-password");
    for (const connection of [wrong, database.url.replace(/users$/, "nothing")]) {
      const { log } = await start({ client, connection });
      expect(await refused()).toEqual(FAILED);
      expect(errors().join("\n")).toMatch(/it refuses the user or the password|it has no such database/);
      expect(log.text()).not.toMatch(/another-password|pass-of-the/);
      const { problems } = (await running?.router.check({ ask: true })) ?? { problems: [] };
      expect(problems).toMatchObject([{ path: ["transports", 0, "auth", "ticket", 1, "connection"] }]);
      await running?.close();
      running = null;
    }
  });

  test("that answers with more rows than fit into memory fails that login, and the next one succeeds", async () => {
    const many = client === "pg" ? "generate_series(1, 3000000)" : "seq_1_to_3000000";
    const query = `select users.login, hash, role from users left join ${many} as many on users.login = 'joe' and :realm = 'realm1' where users.login = :authid or users.login is null`;
    await database.run(`insert into users values ('one', '${HASH}', 'user')`);
    await start(block({ query, timeout: 20_000 }));
    expect(await refused("joe")).toEqual(FAILED);
    expect(errors().join("\n")).toMatch(/it cannot be read, or is too much|what it sent cannot be read/);
    expect(await joined("one")).toMatchObject({ authid: "one" });
    await database.run("delete from users where login = 'one'");
  });
});

describe("a server that lies", () => {
  let server: Server;
  const sockets = new Set<Socket>();
  afterEach(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  async function lies(says: (socket: Socket) => void): Promise<number> {
    server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
      says(socket);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  }

  const WELL = Buffer.from("5200000008000000005a0000000549", "hex");
  const GREETING = Buffer.from(
    `4e0000000a${Buffer.from("5.5.5-fake\0").toString("hex")}01000000${"31".repeat(8)}00fff7210200ff8115${"00".repeat(10)}${"31".repeat(12)}00${Buffer.from("mysql_native_password\0").toString("hex")}`,
    "hex",
  );
  const after = (first: Buffer, then: string) => (socket: Socket) => {
    socket.write(first);
    socket.on("data", () => socket.write(Buffer.from(then, "hex")));
  };
  it.each<[string, string, (socket: Socket) => void]>([
    ["pg, silent", "pg", () => undefined],
    ["pg, that ends", "pg", (socket) => socket.end()],
    ["pg, that resets", "pg", (socket) => void socket.resetAndDestroy()],
    ["pg, that speaks HTTP", "pg", (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["pg, zeros", "pg", (socket) => socket.write(Buffer.alloc(64))],
    ["pg, an endless message", "pg", (socket) => socket.write(Buffer.from("527fffffff00000000", "hex"))],
    ["pg, a row without a form", "pg", after(WELL, `44000000140009${"7f".repeat(14)}`)],
    ["pg, a form without an end", "pg", after(WELL, `54000000140009${"7f".repeat(14)}`)],
    ["mysql2, silent", "mysql2", () => undefined],
    ["mysql2, that ends", "mysql2", (socket) => socket.end()],
    ["mysql2, that speaks HTTP", "mysql2", (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["mysql2, zeros", "mysql2", (socket) => socket.write(Buffer.alloc(64))],
    ["mysql2, noise after its greeting", "mysql2", after(GREETING, "1e000001".concat("c7".repeat(30)))],
    ["mysql2, that asks for a file", "mysql2", after(GREETING, "0c000001fb2f6574632f706173737764")],
    [
      "mysql2, that asks for the password in clear text",
      "mysql2",
      after(GREETING, `17000002fe${Buffer.from("mysql_clear_password\0").toString("hex")}`),
    ],
  ])("refuses logins in time, and ends nothing: %s", async (_, client, says) => {
    let heard = "";
    const port = await lies((socket) => {
      socket.on("data", (data) => (heard += data.toString("latin1")));
      says(socket);
    });
    const scheme = client === "pg" ? "postgresql" : "mysql";
    await start({ client, connection: `${scheme}://wampgate:${PASSWORD}@127.0.0.1:${port}/users`, timeout: 300 });
    expect(await timeOf(refused().then((refusal) => expect(refusal).toEqual(FAILED)))).toBeLessThan(5000);
    expect(await joined("service")).toMatchObject({ authprovider: "static" });
    expect(heard).not.toContain(PASSWORD);
    expectNoSecrets();
    expect(await timeOf((running as RunningRouter).close())).toBeLessThan(5000);
    running = null;
  });
});

describe("a file of SQLite", () => {
  const QUERY_SLOW = `select login, hash, role from users where login = :authid and
    (login <> 'slow' or 0 < (with recursive c(x) as (select 1 union all select x + 1 from c where x < 300000000) select count(*) from c))`;
  let file: string;
  beforeEach(async () => {
    file = join(await folderOf(), "a file's #1 50%?.db");
    fill("joe", "slow");
  });
  function fill(...logins: readonly string[]): void {
    const database = new Libsql(file);
    for (const statement of USERS.slice(0, 2)) database.exec(statement);
    for (const login of logins) database.prepare("insert into users values (?, ?, 'user')").run(login, HASH);
    database.close();
  }

  it("with a query that takes for ever stops no session, and is ended in time", async () => {
    await start({ client: "sqlite", connection: file, query: QUERY_SLOW });
    await comesBack();
    const late = refused("slow");
    let longest = 0;
    let last = performance.now();
    const ticks = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    expect(await joined("service")).toMatchObject({ authprovider: "static" });
    expect(await late).toEqual(FAILED);
    clearInterval(ticks);
    expect(longest).toBeLessThan(400);
    await comesBack();
    expect(errors().join("\n")).toContain("it did not answer within 1000 ms");
  });

  it("that is replaced, or damaged and mended, is read again without a restart", async () => {
    await start({ client: "sqlite", connection: file });
    await comesBack();
    await writeFile(
      file,
      "no database, but a text that is longer than the head of one has to be, so that it is looked at".repeat(9),
    );
    expect(await refused()).toEqual(FAILED);
    expect(errors().at(-1)).toContain("the file is no database of SQLite");
    await writeFile(file, "");
    fill("ann");
    expect(await joined("ann")).toMatchObject({ authid: "ann" });
    expect(await refused("joe")).toEqual(DENIED);
  });

  it("is never written, and a program that writes at the same time does not matter", async () => {
    await start({ client: "sqlite", connection: file });
    const writer = new Libsql(file);
    writer.exec("pragma journal_mode = wal");
    writer.exec("begin immediate");
    writer.exec("insert into users values ('new', 'x', 'user')");
    expect(await joined()).toMatchObject({ authid: "joe" });
    writer.exec("rollback");
    writer.close();
    await start({
      client: "sqlite",
      connection: file,
      query: `with a as (select 1) select * from users where login = :authid`,
    });
    expect(await joined()).toMatchObject({ authid: "joe" });
  });

  it("is read by a process that ends with the router", async () => {
    const readers = (): number => {
      const { stdout } = spawnSync("ps", ["-o", "args=", "--ppid", String(process.pid)], { encoding: "utf8" });
      return stdout.split("\n").filter((line) => line.includes("auth-sql/dist/program.js")).length;
    };
    const { router } = await start({ client: "sqlite", connection: file });
    await comesBack();
    expect(readers()).toBe(1);
    await router.close();
    running = null;
    expect(readers()).toBe(0);
  });
});
