import { createHash } from "node:crypto";
import { caCertificates, type Log, type OpenBlock } from "@wampgate/core";
import { Apart } from "./apart.ts";
import type { Block } from "./block.ts";
import { Caller } from "./caller.ts";
import { checkFile } from "./check.ts";
import { columnProblem } from "./columns.ts";
import { Decoys } from "./decoys.ts";
import { Hashes } from "./hashes.ts";
import { PARAMETERS, type Parameter, statementOf } from "./query.ts";

/** A block at work. */
export interface SqlBlock {
  readonly own: Block;
  readonly caller: Caller;
  readonly decoys: Decoys;
  readonly hashes: Hashes;
  readonly log: Log;
}

/** A question that no row answers: it shows whether the query can be asked. */
const NO_CLIENT = Object.fromEntries(PARAMETERS.map((name) => [name, null])) as Record<Parameter, null>;

/** Opens the database of a block, and asks it once, so that the log tells what is wrong before a client comes. */
export async function openBlock(own: Block, log: Log, resolve: (path: string) => string): Promise<OpenBlock<SqlBlock>> {
  const caller = await callerOf(own, log, resolve);
  const key = createHash("sha256")
    .update(own["decoy-key"] ?? JSON.stringify([own.connection, own.query]))
    .digest("base64");
  const closing = new AbortController();
  problemOf(own, caller, closing.signal).then(
    (problem) => problem !== null && log.error({}, `no login by this block can succeed: ${problem}`),
    (error: unknown) =>
      closing.signal.aborted ||
      log.error({}, `the database could not be asked at the start: ${(error as Error).message}`),
  );
  return {
    value: { own, caller, log, decoys: new Decoys(key, Object.keys(own.columns), log), hashes: new Hashes(key) },
    close() {
      closing.abort();
      return caller.close();
    },
  };
}

/** Asks the database of a block once, and closes it. @throws DatabaseError, BlockError, DeadlineError, or the reason of the signal */
export async function problemInAnswer(
  own: Block,
  signal: AbortSignal,
  resolve: (path: string) => string,
): Promise<string | null> {
  const caller = await callerOf(own, { error: () => undefined, info: () => undefined }, resolve);
  try {
    return await problemOf(own, caller, signal);
  } finally {
    await caller.close();
  }
}

async function problemOf(own: Block, caller: Caller, signal: AbortSignal): Promise<string | null> {
  const { columns } = await caller.ask(NO_CLIENT, signal);
  return columns === null ? null : columnProblem(own.columns, columns);
}

/** @throws BlockError if a file is missing */
async function callerOf(
  own: Block,
  log: Pick<Log, "error" | "info">,
  resolve: (path: string) => string,
): Promise<Caller> {
  const { client, connection, timeout } = own;
  const statement = statementOf(own.query, client);
  if (client === "sqlite") await checkFile(resolve(connection));
  const ca = await caCertificates(own["ca-certificates"], resolve);
  const database = new Apart({
    client,
    connection: client === "sqlite" ? resolve(connection) : connection,
    text: statement.text,
    max: own.pool.max,
    timeout,
    tls: ca.length > 0 ? { ca } : own.tls ? {} : null,
  });
  return new Caller(own, statement, database, log);
}
