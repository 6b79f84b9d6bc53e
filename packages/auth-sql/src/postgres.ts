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

/** Types that the package would change: a time without a zone (it is one of UTC), and JSON, whose numbers keep their digits. */
const AS_TEXT = { timestamp: 1114, json: 114, jsonb: 3802 };

/** Opens a database by the package pg. Its pool connects when it is asked first. */
export async function openPostgres({ connection, text, max, timeout, tls }: Setting): Promise<Database> {
  const { default: pg } = await import("pg");
  const getTypeParser = pg.types.getTypeParser as (type: number, format?: "text" | "binary") => unknown;
  const pool = new pg.Pool({
    connectionString: connection,
    max,
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
    statement_timeout: timeout,
    idleTimeoutMillis: IDLE,
    application_name: "wampgate",
    ...(tls === null ? {} : { ssl: tls }),
    types: {
      getTypeParser(type: number, format?: "text" | "binary") {
        if (type === AS_TEXT.timestamp) return (time: string) => new Date(`${time.replace(" ", "T")}Z`);
        if (type === AS_TEXT.json || type === AS_TEXT.jsonb) return String;
        return getTypeParser(type, format);
      },
    },
  });
  // An unused connection has ended: the pool makes another one when it is needed.
  pool.on("error", () => undefined);
  return {
    async ask(values: Values): Promise<Answer> {
      try {
        const { fields, rows } = await pool.query<unknown[]>({ text, values: [...values], rowMode: "array" });
        return { columns: fields.map(({ name }) => name), rows: rows.slice(0, MOST_ROWS) };
      } catch (error) {
        // A text that the column's type cannot hold, as a number or a UUID, is in no row.
        if ((error as PgError).code === "22P02") return { columns: null, rows: [] };
        throw problemOf(error as PgError, timeout);
      }
    },
    close: () => pool.end(),
  };
}

type PgError = Error & { readonly code?: string };

/** By the first characters of https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const PROBLEMS: readonly (readonly [prefix: string, problem: Problem, sentence: string])[] = [
  ["28", "connection", "it refuses the user or the password"],
  ["3D", "connection", "it has no such database"],
  ["53", "down", "it has no room for the connection"],
  ["57P", "down", "it stops or starts"],
];

function problemOf({ code, message }: PgError, timeout: number): DatabaseError {
  if (code === "57014" || /timeout/i.test(message))
    return new DatabaseError("down", `it did not answer within ${timeout} ms`);
  if (code === undefined) return new DatabaseError("down", "the connection failed");
  // What it says of a query has names of tables and columns, no values.
  if (code.startsWith("42")) return new DatabaseError("query", `it refuses the query: ${message}`);
  const [, problem, sentence] = PROBLEMS.find(([prefix]) => code.startsWith(prefix)) ?? [];
  if (problem !== undefined) return new DatabaseError(problem, `${sentence} (${code})`);
  if (/^E[A-Z]{2,}/.test(code)) return new DatabaseError("down", `it cannot be reached (${code})`);
  return new DatabaseError("failed", `it failed (${code})`);
}
