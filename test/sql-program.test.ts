import { EventEmitter, once } from "node:events";
import { writeFile } from "node:fs/promises";
import { MessageChannel } from "node:worker_threads";
import { jest } from "@jest/globals";
import type { Setting } from "../packages/auth-sql/src/database.ts";
import { type Channel, ofProcess, ofThread, type Order, serve, type Told } from "../packages/auth-sql/src/program.ts";
import { PASSWORD } from "./support/databases.ts";
import { freePort } from "./support/free-port.ts";
import { KINDS, table, type UserDatabase } from "./support/sql.ts";

// What a block's thread or process answers, asked as the router asks it.

jest.setTimeout(30_000);

function rowsOf(told: Told): readonly (readonly unknown[])[] {
  if ("answer" in told) return told.answer.rows;
  throw new Error(told.problem.join(": "));
}

/** The other end of a channel: gives it orders, and waits for what it tells. */
class Router implements Channel {
  readonly #told = new EventEmitter();
  #order: (order: Order) => void = () => undefined;
  hasEnded = false;
  onOrder(listener: (order: Order) => void): void {
    this.#order = listener;
  }
  tell(told: Told): void {
    this.#told.emit("told", told);
  }
  end(): void {
    this.hasEnded = true;
    this.#told.emit("end");
  }
  open(setting: Setting): void {
    serve(this);
    this.#order({ open: setting });
  }
  async ask(...values: (string | null)[]): Promise<Told> {
    const told = once(this.#told, "told");
    this.#order({ id: 1, ask: values });
    return ((await told) as [Told])[0];
  }
  async close(): Promise<void> {
    const ended = once(this.#told, "end");
    this.#order({ close: true });
    await ended;
  }
}

describe.each(KINDS)("of $name", ({ missing, ...kind }) => {
  const test = missing === null ? it : it.skip;
  let database: UserDatabase;
  beforeAll(async () => {
    if (missing !== null) return;
    database = await kind.start();
    await database.run(...table("users", "login varchar(20), n int", { login: "joe", n: 1 }));
  });
  afterAll(async () => {
    if (missing === null) await database.close();
  });
  const place = (): string => (database.at.client === "pg" ? "$1" : "?");
  async function answerTo(text: string, value: string | null, changed: Partial<Setting> = {}): Promise<Told> {
    const router = new Router();
    router.open({ ...database.at, text, max: 1, timeout: 5000, tls: null, ...changed });
    const told = await router.ask(value);
    await router.close();
    expect(router.hasEnded).toBe(true);
    return told;
  }
  const users = (more = ""): string => `select login, n ${more} from users where login = ${place()}`;
  const problem = (...said: unknown[]): object => ({ id: 1, problem: said });
  const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

  test("has the names of columns, and values without their types", async () => {
    const one = database.at.client === "sqlite" ? 1n : 1;
    expect(await answerTo(users(), "joe")).toEqual({
      id: 1,
      answer: { columns: ["login", "n"], rows: [["joe", one]] },
    });
    expect(await answerTo(users(), null)).toEqual({ id: 1, answer: { columns: ["login", "n"], rows: [] } });
  });

  test("has no more rows than a principal has keys", async () => {
    const text = `with recursive c(x) as (select 1 union all select x + 1 from c where x < 100) select x from c where ${place()} = 'a'`;
    expect(rowsOf(await answerTo(text, "a"))).toHaveLength(17);
  });

  test("has times as ISO 8601, bytes as bytes, and JSON as text", async () => {
    const parts = {
      pg: `timestamp '2027-01-31 08:00:00' as a, timestamptz '2027-01-31 10:00:00+02' as b, '\\x01'::bytea as c, '{"a":1.0}'::json as d, '{"b":1}'::jsonb as e, ${place()}::text as f`,
      mysql2: `cast('2027-01-31 08:00:00' as datetime) as a, cast('2027-01-31 08:00:00' as datetime) as b, cast(x'01' as binary) as c, '{"a":1.0}' as d, '{"b": 1}' as e, ${place()} as f`,
      sqlite: `'2027-01-31T08:00:00.000Z' as a, '2027-01-31T08:00:00.000Z' as b, x'01' as c, '{"a":1.0}' as d, '{"b": 1}' as e, ${place()} as f`,
    }[database.at.client];
    const [row] = rowsOf(await answerTo(`select ${parts}`, "x"));
    expect(row?.map((value) => (ArrayBuffer.isView(value) ? [...Buffer.from(value as Buffer)] : value))).toEqual([
      "2027-01-31T08:00:00.000Z",
      "2027-01-31T08:00:00.000Z",
      [1],
      '{"a":1.0}',
      '{"b": 1}',
      "x",
    ]);
  });

  test("tells of a wrong query, in the words of the database", async () => {
    expect(await answerTo(`select login from userz where login = ${place()}`, "a")).toEqual(
      problem("query", like(/userz/)),
    );
    expect(await answerTo(users(", nothing"), "a")).toEqual(problem("query", like(/it refuses the query: .*nothing/)));
    expect(await answerTo("select frm where", "a")).toEqual(problem("query", like(/it refuses the query/)));
  });

  test("tells of a database that is not there, or says no", async () => {
    const { client, connection } = database.at;
    if (client === "sqlite") {
      const said = await answerTo(users(), "a", { connection: `${connection}.missing` });
      expect(said).toEqual(problem("connection", "the file cannot be opened"));
      await writeFile(`${connection}.text`, "this is no database, but a text. ".repeat(50));
      const text = await answerTo(users(), "a", { connection: `${connection}.text` });
      expect(text).toEqual(problem("connection", "the file is no database of SQLite"));
      await database.run("begin exclusive");
      const locked = await answerTo(users(), "a", { timeout: 1 });
      await database.run("rollback");
      expect(locked).toEqual(problem("failed", like(/^it failed \(SQLITE_BUSY\)$/)));
      return;
    }
    const away = connection.replace(/:\d+\//, `:${await freePort()}/`);
    expect(await answerTo(users(), "a", { connection: away })).toEqual(
      problem("down", "it cannot be reached (ECONNREFUSED)"),
    );
    if (!connection.includes(PASSWORD)) return;
    const wrong = await answerTo(users(), "a", { connection: connection.replace(PASSWORD, "wrong") });
    expect(wrong).toEqual(problem("connection", like(/it refuses the user or the password \(\w+\)/)));
    const nowhere = await answerTo(users(), "a", { connection: connection.replace(/users$/, "nothing") });
    expect(nowhere).toEqual(problem("connection", like(/it has no such database|it refuses the user/)));
    const plain = await answerTo(users(), "a", { tls: {} });
    expect(plain).toEqual(problem("down", like(/the connection failed|it cannot be reached/)));
    const authority = await answerTo(users(), "a", { tls: { ca: ["-"] } });
    expect(authority).toMatchObject({ problem: ["down", expect.anything()] });
  });

  test("tells of what the database fails at, and of a query that takes too long", async () => {
    const { client } = database.at;
    if (client === "sqlite") return;
    const fails = { pg: `1 / (n - 1) as x`, mysql2: "(select 1 union select 2) as x" }[client];
    expect(await answerTo(users(`, ${fails}`), "joe")).toEqual(problem("failed", like(/^it failed \(\w+\)$/)));
    if (kind.name === "pglite") return;
    const slow = { pg: "pg_sleep(30)", mysql2: "(select sum(seq % 7) from seq_1_to_4000000000)" }[client];
    const late = await answerTo(users(`, ${slow} as x`), "joe", { timeout: 300 });
    expect(late).toEqual(problem("down", "it did not answer within 300 ms"));
  });
});

it("a process heeds no signal, and ends with the router", async () => {
  const sent: unknown[] = [];
  let exits = 0;
  const own = Object.assign(new EventEmitter(), {
    send: (told: unknown) => sent.push(told) > 0,
    exit: () => (exits += 1),
  });
  serve(ofProcess(own as unknown as NodeJS.Process));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) expect(own.emit(signal)).toBe(true);
  own.emit("message", {
    open: { client: "sqlite", connection: "/nothing.db", text: "select 1", max: 1, timeout: 1, tls: null },
  });
  own.emit("message", { id: 7, ask: [] });
  while (sent.length === 0) await new Promise(setImmediate);
  expect(sent).toEqual([{ id: 7, problem: ["connection", "the file cannot be opened"] }]);
  expect(exits).toBe(0);
  own.emit("disconnect");
  expect(exits).toBe(1);
  own.emit("message", { close: true });
  while (exits === 1) await new Promise(setImmediate);
});

it("a thread answers over its port, and ends when it is told to", async () => {
  const { port1, port2 } = new MessageChannel();
  serve(ofThread(port1));
  port2.postMessage({
    open: { client: "sqlite", connection: "/nothing.db", text: "select 1", max: 1, timeout: 1, tls: null },
  });
  port2.postMessage({ id: 7, ask: [] });
  expect(await once(port2, "message")).toEqual([{ id: 7, problem: ["connection", "the file cannot be opened"] }]);
  port2.postMessage({ close: true });
  await once(port2, "close");
});
