import { type MessagePort, parentPort } from "node:worker_threads";
import { type Answer, type Database, DatabaseError, type Problem, type Setting, type Values } from "./database.ts";
import { openMysql } from "./mysql.ts";
import { openPostgres } from "./postgres.ts";
import { openSqlite } from "./sqlite.ts";

/** What the program is told by the router. */
export type Order =
  { readonly open: Setting } | { readonly id: number; readonly ask: Values } | { readonly close: true };

/** What it tells: an answer, or why there is none. */
export type Told = { readonly id: number } & (
  { readonly answer: Answer } | { readonly problem: readonly [Problem, string] }
);

/** The way to the router. */
export interface Channel {
  onOrder(listener: (order: Order) => void): void;
  tell(told: Told): void;
  end(): void;
}

const OPEN = { pg: openPostgres, mysql2: openMysql, sqlite: openSqlite };

/** Asks a database for the router, in a thread or process of its own. */
export function serve(channel: Channel): void {
  let database: Promise<Database> | null = null;
  channel.onOrder((order) => {
    if ("open" in order) {
      database = OPEN[order.open.client](order.open);
      database.catch(() => undefined);
    } else if ("ask" in order) answer(order.id, order.ask, database, channel).catch(() => undefined);
    else
      Promise.resolve(database)
        .then((own) => own?.close())
        .finally(() => channel.end())
        .catch(() => undefined);
  });
}

async function answer(id: number, values: Values, database: Promise<Database> | null, channel: Channel): Promise<void> {
  try {
    const own = await database;
    if (own === null) return;
    const { columns, rows } = await own.ask(values);
    channel.tell({ id, answer: { columns, rows: rows.map((row) => row.map(sayable)) } });
  } catch (error) {
    const { problem, message } =
      error instanceof DatabaseError ? error : new DatabaseError("failed", "its answer cannot be read");
    channel.tell({ id, problem: [problem, message] });
  }
}

/** A time as ISO 8601: all else reaches the router as it is. */
function sayable(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value;
}

/** The process that was started for a block, as `program.js serve`. */
export function ofProcess(own: Pick<NodeJS.Process, "on" | "send" | "exit">): Channel {
  // A terminal and systemd tell all processes to end: the router ends this one when its logins are done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) own.on(signal, () => undefined);
  own.on("disconnect", () => own.exit());
  return {
    onOrder: (listener) => void own.on("message", (order) => listener(order as Order)),
    tell: (told) => void own.send?.(told),
    end: () => own.exit(),
  };
}

/** The thread that was started for a block. */
export function ofThread(port: Pick<MessagePort, "on" | "postMessage" | "close">): Channel {
  return {
    onOrder: (listener) => void port.on("message", listener),
    tell: (told) => port.postMessage(told),
    end: () => port.close(),
  };
}

if (parentPort !== null) serve(ofThread(parentPort));
else if (process.argv[2] === "serve" && process.send !== undefined) serve(ofProcess(process));
