import { pathToFileURL } from "node:url";
import type Libsql from "libsql";
import { type Answer, type Database, DatabaseError, MOST_ROWS, type Setting, type Values } from "./database.ts";

/** Opens a file of SQLite by the package libsql, for reading alone. Each question opens it again: it may have been replaced. */
export async function openSqlite({ connection: file, text, timeout }: Setting): Promise<Database> {
  const { default: Database } = await import("libsql");
  const url = `${pathToFileURL(file).href}?mode=ro`;
  return {
    ask(values) {
      try {
        // It waits that long for a program that writes.
        const database = new Database(url, { timeout });
        try {
          return Promise.resolve(answerOf(database, text, values));
        } finally {
          database.close();
        }
      } catch (error) {
        return Promise.reject(problemOf(error as Error & { readonly code?: string }));
      }
    },
    close: () => Promise.resolve(),
  };
}

function answerOf(database: Libsql.Database, text: string, values: Values): Answer {
  const statement = database.prepare(text).safeIntegers().raw();
  const columns = statement.columns().map(({ name }) => name);
  const rows: unknown[][] = [];
  for (const row of statement.iterate([...values]) as Iterable<unknown[]>) {
    rows.push(row.map((value) => (value instanceof ArrayBuffer ? Buffer.from(value) : value)));
    if (rows.length === MOST_ROWS) break;
  }
  return { columns, rows };
}

function problemOf({ code = "", message }: Error & { readonly code?: string }): DatabaseError {
  if (code === "") return new DatabaseError("connection", "the file cannot be opened");
  if (code === "SQLITE_NOTADB") return new DatabaseError("connection", "the file is no database of SQLite");
  if (code === "SQLITE_ERROR") return new DatabaseError("query", `it refuses the query: ${message}`);
  return new DatabaseError("failed", `it failed (${code})`);
}
