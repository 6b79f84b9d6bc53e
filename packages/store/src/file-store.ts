import { open } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import Database from "libsql";
import { MOST_OF_ONE, type Purpose, type Store } from "./store.ts";

/** How often those that are over are dropped, in milliseconds, and how many at once: it runs on the event loop. */
const SWEEP_TIME = 60_000;
const MOST_SWEPT = 1000;
/** How long to wait for another process that writes, in milliseconds, before it is asked again. */
const PAUSE = 5;

/** The statements that make a table, if it is missing. */
const schemaOf = (table: string): string => `
  CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY, text TEXT NOT NULL, expires INTEGER NOT NULL,
    owner TEXT NOT NULL, written INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ${table}_expires ON ${table} (expires);
  CREATE INDEX IF NOT EXISTS ${table}_owner ON ${table} (owner, written);`;

/**
 * Keeps texts in a file of SQLite, which several processes may share. Each statement finds its rows by an index and takes
 * some microseconds, so they run on the event loop. None of them waits for a lock: where another process writes, it is
 * tried again a moment later (docs/decisions/cookie-store.md).
 */
export class FileStore implements Store {
  readonly #database: Database.Database;
  readonly #get: Database.Statement;
  readonly #set: Database.Statement;
  readonly #delete: Database.Statement;
  readonly #sweep: Database.Statement;
  readonly #trim: Database.Statement;
  #sweptAt = 0;
  #isClosed = false;

  private constructor(database: Database.Database, table: string) {
    this.#database = database;
    this.#get = database.prepare(`SELECT text FROM ${table} WHERE key = ? AND expires > ?`);
    this.#set = database.prepare(
      `INSERT OR REPLACE INTO ${table} (key, text, expires, owner, written) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE key = ?`);
    this.#sweep = database.prepare(
      `DELETE FROM ${table} WHERE key IN (SELECT key FROM ${table} WHERE expires <= ? LIMIT ${MOST_SWEPT})`,
    );
    this.#trim = database.prepare(
      `DELETE FROM ${table} WHERE key IN
        (SELECT key FROM ${table} WHERE owner = ? ORDER BY written DESC LIMIT ${MOST_SWEPT} OFFSET ${MOST_OF_ONE})`,
    );
  }

  /**
   * Opens a file, and makes it if it is missing: for its owner alone.
   * @param purpose `what`, in small letters, is the name of the table
   * @throws Error with a sentence
   */
  static async open(path: string, { what }: Pick<Purpose, "what">): Promise<FileStore> {
    let database: Database.Database | undefined;
    try {
      await (await open(path, "a", 0o600)).close();
      const opened = (database = new Database(path));
      await whenFree(() => {
        opened.exec("PRAGMA journal_mode = WAL");
        opened.exec("PRAGMA synchronous = NORMAL");
        opened.exec(schemaOf(what));
      });
      return new FileStore(opened, what);
    } catch (error) {
      database?.close();
      throw new Error(`the file ${path} cannot be used as a store of ${what}: ${problemIn(error)}`, { cause: error });
    }
  }

  get(key: string): Promise<string | undefined> {
    return this.#run(() => (this.#get.get(key, Date.now()) as { text: string } | undefined)?.text);
  }

  set(key: string, text: string, expires: number, owner: string): Promise<void> {
    return this.#run(() => {
      const now = Date.now();
      this.#set.run(key, text, expires, owner, now);
      this.#trim.run(owner);
      if (now - this.#sweptAt < SWEEP_TIME) return;
      this.#sweptAt = now;
      this.#sweep.run(now);
    });
  }

  delete(key: string): Promise<void> {
    return this.#run(() => void this.#delete.run(key));
  }

  close(): void {
    this.#isClosed = true;
    this.#database.close();
  }

  #run<T>(work: () => T): Promise<T> {
    return whenFree(() => {
      if (this.#isClosed) throw new Error("the store is closed");
      return work();
    });
  }
}

/** How often a lock is waited for: half a second in all, then the caller learns that the file is busy. */
const MOST_TRIES = 100;

async function whenFree<T>(work: () => T, tries = MOST_TRIES): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!isBusy(error) || tries === 1) throw error;
  }
  await wait(PAUSE);
  return whenFree(work, tries - 1);
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code).startsWith("SQLITE_BUSY");
}

function problemIn(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "its folder does not exist";
  if (code === "EACCES" || code === "EISDIR") return `it cannot be written (${code})`;
  if (code === "SQLITE_NOTADB") return "it is no file of SQLite; a file of Crossbar.io's cookies cannot be taken over";
  return message;
}
