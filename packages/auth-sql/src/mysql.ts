import type { Connection } from "mysql2";
import {
  type Answer,
  type Database,
  DatabaseError,
  IDLE,
  MOST_ROWS,
  type Problem,
  type Setting,
  type Values,
} from "./database.ts";

/** Opens a database of MySQL or MariaDB by the package mysql2. Its pool connects when it is asked first. */
export async function openMysql({ connection: uri, text: sql, max, timeout, tls }: Setting): Promise<Database> {
  const { default: mysql } = await import("mysql2/promise");
  const pool = mysql.createPool({
    uri: uri.replace(/^mariadb:/, "mysql:"),
    connectionLimit: max,
    maxIdle: max,
    idleTimeout: IDLE,
    connectTimeout: timeout,
    enableKeepAlive: true,
    // Digits beyond 2^53, also of numbers in JSON; and times in UTC.
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    timezone: "Z",
    ...(tls === null ? {} : { ssl: tls }),
  });
  pool.pool.on("connection", (own: Connection) => {
    own.on("error", () => undefined);
    own.query({ sql: session(timeout), timeout }, () => undefined);
  });
  return {
    async ask(values: Values): Promise<Answer> {
      const begin = performance.now();
      try {
        const own = await pool.getConnection();
        try {
          // A prepared statement: query() would write the values into the text itself.
          const [rows, fields] = await own.execute({ sql, values: [...values], timeout, rowsAsArray: true });
          own.release();
          return { columns: fields.map(({ name }) => name), rows: (rows as unknown[][]).slice(0, MOST_ROWS) };
        } catch (error) {
          own.destroy();
          throw error;
        }
      } catch (error) {
        // The package ends the connection then, and may say no more than that.
        const isOver = performance.now() - begin >= timeout;
        throw problemOf(error as NodeJS.ErrnoException, timeout, isOver);
      }
    },
    close: () => pool.end(),
  };
}

/** Times in UTC, and a limit for each query, which MariaDB has in seconds and MySQL in milliseconds. */
function session(timeout: number): string {
  return `set time_zone = '+00:00' /*M!100101 , max_statement_time = ${timeout / 1000} */ /*!50708 , max_execution_time = ${timeout} */`;
}

/** By the package's code of an error; all others of a server are "failed". */
const PROBLEMS: ReadonlyMap<string, readonly [problem: Problem, sentence: string]> = new Map([
  ["ER_ACCESS_DENIED_ERROR", ["connection", "it refuses the user or the password"]],
  ["ER_ACCESS_DENIED_NO_PASSWORD_ERROR", ["connection", "it refuses the user or the password"]],
  ["ER_DBACCESS_DENIED_ERROR", ["connection", "it refuses the user or the password"]],
  ["ER_BAD_DB_ERROR", ["connection", "it has no such database"]],
  ["ER_NO_DB_ERROR", ["connection", "its URL names no database"]],
  ["ER_CON_COUNT_ERROR", ["down", "it has no room for the connection"]],
  ["ER_SERVER_SHUTDOWN", ["down", "it stops"]],
  ["ER_TABLEACCESS_DENIED_ERROR", ["query", "it refuses the query: the user may not read the table"]],
  ["ER_COLUMNACCESS_DENIED_ERROR", ["query", "it refuses the query: the user may not read a column"]],
]);
const LATE = ["PROTOCOL_SEQUENCE_TIMEOUT", "ETIMEDOUT", "ER_STATEMENT_TIMEOUT", "ER_QUERY_TIMEOUT"];
/** What it says of these has names of tables and columns, no values. */
const TOLD = ["ER_PARSE_ERROR", "ER_NO_SUCH_TABLE", "ER_BAD_FIELD_ERROR", "ER_NON_UNIQ_ERROR", "ER_SP_DOES_NOT_EXIST"];

function problemOf({ code = "", message }: NodeJS.ErrnoException, timeout: number, isOver: boolean): DatabaseError {
  if (LATE.includes(code) || (code === "" && isOver))
    return new DatabaseError("down", `it did not answer within ${timeout} ms`);
  const [problem, sentence] = PROBLEMS.get(code) ?? [];
  if (problem !== undefined) return new DatabaseError(problem, `${sentence} (${code})`);
  if (TOLD.includes(code)) return new DatabaseError("query", `it refuses the query: ${message}`);
  if (code.startsWith("ER_")) return new DatabaseError("failed", `it failed (${code})`);
  return new DatabaseError("down", code === "" ? "the connection failed" : `it cannot be reached (${code})`);
}
