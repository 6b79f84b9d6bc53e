import {
  accepted,
  BadAnswer,
  type Cause,
  credential,
  DeadlineError,
  denied,
  ErrorUri,
  FAILED,
  type PrincipalAnswer,
  type PrincipalQuery,
  readAnswer,
  unknown,
} from "@wampgate/core";
import { IsDown } from "./caller.ts";
import { judges, neededBy, PASSWORD_HASH, type Row, rowOf } from "./columns.ts";
import { DatabaseError } from "./database.ts";
import type { SqlBlock } from "./open-block.ts";
import type { Parameter } from "./query.ts";

/** What no text of a database has: NUL is an error of PostgreSQL, and half of a pair is not UTF-8. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

const PUBLIC_KEY = /^[\da-f]{64}$/i;

/** Asks the database who a client is. */
export async function resolvePrincipal(query: PrincipalQuery, open: SqlBlock): Promise<PrincipalAnswer> {
  try {
    const row = await rowFor(query, open);
    return row === null ? await none(query, open) : await found(row, query, open);
  } catch (error) {
    return unanswered(error, query, open);
  }
}

async function rowFor(query: PrincipalQuery, { own, caller }: SqlBlock): Promise<Row | null> {
  const asked = parametersOf(query);
  if (Object.values(asked).some((value) => value !== null && UNSTORABLE.test(value))) return null;
  return rowOf(own.columns, await caller.ask(asked, query.signal), neededBy(query.method));
}

function parametersOf({ authid, realm, attempt }: PrincipalQuery): Record<Parameter, string | null> {
  const pubkey = attempt.authextra?.["pubkey"];
  const isKey = typeof pubkey === "string" && PUBLIC_KEY.test(pubkey);
  return { authid, realm, authmethod: attempt.authmethod, pubkey: isKey ? pubkey.toLowerCase() : null };
}

/** No row costs the same work as one, also where another block is asked next. */
async function none(query: PrincipalQuery, { hashes }: SqlBlock): Promise<PrincipalAnswer> {
  if (judges(query.method)) await hashes.decoy(query.authid, ticketOf(query), clientOf(query));
  return unknown();
}

async function found(row: Row, query: PrincipalQuery, { decoys, hashes }: SqlBlock): Promise<PrincipalAnswer> {
  const { [PASSWORD_HASH]: hash, ...given } = row;
  const answer = readAnswer(given, query);
  if (answer.kind !== "accepted" && answer.kind !== "credential") return answer;
  const { assignment } = answer;
  decoys.add(assignment, answer.kind === "credential" ? (answer.credential as Row) : {}, query);
  if (!judges(query.method)) return answer;
  if (await hashes.fit(hash, ticketOf(query), clientOf(query))) return accepted(assignment);
  // The method denies it, as any wrong ticket: a further factor is asked for before.
  const { credential: unfit } = await query.method.decoy(query, [], [], []);
  return credential(unfit, assignment);
}

function ticketOf({ facts }: PrincipalQuery): string {
  return typeof facts["ticket"] === "string" ? facts["ticket"] : "";
}

function clientOf({ attempt, signal }: PrincipalQuery) {
  return { transport: attempt.transport, signal };
}

function unanswered(error: unknown, query: PrincipalQuery, open: SqlBlock): PrincipalAnswer {
  const uri = `sql (${open.own.client})`;
  const { timeout } = open.own;
  if (error instanceof BadAnswer)
    return failed(error.message, { code: "bad-row", params: { uri, problem: error.message } }, query, open);
  if (error instanceof DatabaseError) {
    const cause: Cause = { code: "authenticator-unavailable", params: { uri, problem: error.message } };
    if (error instanceof IsDown) return denied(ErrorUri.authenticationFailed, FAILED, cause);
    return failed(error.message, cause, query, open);
  }
  if (query.signal.aborted || !(error instanceof DeadlineError)) throw error;
  const why = `it did not answer within ${timeout} ms`;
  return failed(why, { code: "authenticator-timeout", params: { uri, timeout } }, query, open);
}

function failed(why: string, cause: Cause, query: PrincipalQuery, { log }: SqlBlock): PrincipalAnswer {
  log.error({ session: query.attempt.session }, `the database could not decide a login: ${why}`);
  return denied(ErrorUri.authenticationFailed, FAILED, cause);
}
