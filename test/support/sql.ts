import { createRequire } from "node:module";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import type { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import Libsql from "libsql";
import { folderOf } from "../../jest/folder.ts";
import { MARIADB, POSTGRES, runsHere, startDatabase } from "./databases.ts";
import { freePort } from "./free-port.ts";

/** A database with tables of users, for blocks of `type: sql`. */
export interface UserDatabase {
  /** What a block says of it. */
  readonly at: { readonly client: "pg" | "mysql2" | "sqlite"; readonly connection: string };
  run(...statements: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface Kind {
  readonly name: string;
  /** Why its tests do not run here; null if they do. */
  readonly missing: string | null;
  start(): Promise<UserDatabase>;
}

async function startSqlite(): Promise<UserDatabase> {
  const file = join(await folderOf(), "users.db");
  const database = new Libsql(file);
  return {
    at: { client: "sqlite", connection: file },
    run(...statements) {
      for (const statement of statements) database.exec(statement);
      return Promise.resolve();
    },
    close() {
      database.close();
      return Promise.resolve();
    },
  };
}

const load = createRequire(import.meta.url);

/** PostgreSQL in WebAssembly: where no other one is installed. */
async function startPglite(): Promise<UserDatabase> {
  // The linter would parse what it imports, and gives up.
  const pglite = load("@electric-sql/pglite") as { PGlite: typeof PGlite };
  const socket = load("@electric-sql/pglite-socket") as { PGLiteSocketServer: typeof PGLiteSocketServer };
  const db = await pglite.PGlite.create();
  const port = await freePort();
  const server = new socket.PGLiteSocketServer({ db, port, host: "127.0.0.1", maxConnections: 20 });
  await server.start();
  return {
    at: { client: "pg", connection: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres` },
    async run(...statements) {
      for (const statement of statements) await db.exec(statement);
    },
    async close() {
      await server.stop();
      await db.close();
    },
  };
}

const fromDebian = (kind: typeof POSTGRES, client: "pg" | "mysql2"): Kind => ({
  name: kind.name,
  missing: runsHere(kind) ? null : `${kind.name} is not installed`,
  async start() {
    const database = await startDatabase(kind);
    return { at: { client, connection: database.url }, run: database.run, close: database.close };
  },
});

/** Those that the strategy knows. */
export const KINDS: readonly Kind[] = [
  { name: "sqlite", missing: null, start: startSqlite },
  { name: "pglite", missing: null, start: startPglite },
  fromDebian(POSTGRES, "pg"),
  fromDebian(MARIADB, "mysql2"),
];

/** A value as SQL has it. */
export function literal(value: string | number | null): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/** Statements that make a table with these rows; what a row does not name is NULL. */
export function table(name: string, columns: string, ...rows: readonly object[]): string[] {
  const inserts = rows.map((row) => {
    const values = Object.values(row as Record<string, string | number | null>).map(literal);
    return `insert into ${name} (${Object.keys(row).join(", ")}) values (${values.join(", ")})`;
  });
  return [`drop table if exists ${name}`, `create table ${name} (${columns})`, ...inserts];
}
