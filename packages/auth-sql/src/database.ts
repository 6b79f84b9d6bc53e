import type { Client } from "./query.ts";

/** What a database is opened by. */
export interface Setting {
  readonly client: Client;
  readonly connection: string;
  /** The query, as the client's package takes it. */
  readonly text: string;
  readonly max: number;
  readonly timeout: number;
  readonly tls: { readonly ca?: string[] } | null;
}

/** How long an unused connection stays, in milliseconds. */
export const IDLE = 30_000;

/** More rows than a principal has keys: what comes after them does not matter. */
export const MOST_ROWS = 17;

/** The values of a query's parameters, in the order of their places. */
export type Values = readonly (string | null)[];

/** What a query found. */
export interface Answer {
  /** The names of the columns; null: it did not tell. */
  readonly columns: readonly string[] | null;
  /** At most `MOST_ROWS`. */
  readonly rows: readonly (readonly unknown[])[];
}

/** A database that answers one query. */
export interface Database {
  /** @throws DatabaseError */
  ask(values: Values): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Why there is no answer: it cannot be reached or hangs, it refuses what `connection` says, it refuses the query, or it
 * failed at it.
 */
export type Problem = "down" | "connection" | "query" | "failed";

/** A database gave no answer. The message is for the log: it holds no values, and nothing of the connection. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly problem: Problem;

  constructor(problem: Problem, message: string) {
    super(message);
    this.problem = problem;
  }
}
