import { createRequire } from "node:module";
import {
  BadAnswer,
  BlockError,
  caCertificates,
  type Cause,
  DeadlineError,
  defineStrategy,
  definePlugin,
  DENIED,
  denied,
  ErrorUri,
  FAILED,
  fromJson,
  isDict,
  isUri,
  type Log,
  type NoOptions,
  type PrincipalAnswer,
  type PrincipalQuery,
  readAnswer,
  Sayable,
  sentDetails,
  toJson,
  unknown,
  type z,
} from "@wampgate/core";
import { type Block, block } from "./block.ts";
import { Caller, IsDown } from "./caller.ts";
import { type Answer, NoAnswer } from "./exchange.ts";

/** What a client sent is no proof that the server could know. */
const UNSAYABLE: Cause = {
  code: "wrong-proof",
  params: { authid: "", proof: "proof, or the authid, which JSON cannot say," },
};

/** A look whether the server is there has nothing to log. */
const SILENT = { error: () => undefined, info: () => undefined };

/** A block at work. */
interface HttpBlock {
  readonly caller: Caller;
  readonly log: Log;
}

/** The strategy `http`: a web server decides each login. */
export const http = defineStrategy<Block, HttpBlock>({
  type: "http",
  block,
  async check(own, { method, warn, resolve }) {
    await caCertificates(own["ca-certificates"], resolve);
    // A method without AUTHENTICATE, as anonymous and tls, has no proof to check.
    const checksProofs = method?.authenticate !== undefined && method.strategyMayVerify !== true;
    if (own.url.startsWith("http:") && checksProofs)
      warn(["url"], `the answers for ${method.name} hold what proofs are checked with, and this URL has no TLS`);
  },
  async probe(own, { signal, resolve }) {
    const caller = new Caller(own, await caCertificates(own["ca-certificates"], resolve), SILENT);
    try {
      await caller.probe(signal);
    } catch (error) {
      throw new BlockError(["url"], `the web server cannot be asked: ${(error as Error).message}`);
    } finally {
      caller.close();
    }
    return "the web server answers";
  },
  async open(own, api, { at, resolve }) {
    const log = api.log.child({ block: at });
    const caller = new Caller(own, await caCertificates(own["ca-certificates"], resolve), log);
    return { value: { caller, log }, close: () => caller.close() };
  },
  async resolve(query, open) {
    const body = bodyOf(query, open.log);
    if (body === null) return denied(ErrorUri.authenticationDenied, DENIED, UNSAYABLE);
    let answer: Answer;
    try {
      answer = await open.caller.ask(body, query.signal);
    } catch (error) {
      return unanswered(error, query, open);
    }
    return answerOf(answer, query, open);
  },
});

/** Null: JSON cannot say what the client sent, such as a ticket that begins with NUL. */
function bodyOf(query: PrincipalQuery, log: Log): Buffer | null {
  const { session, authextra, rawAuthextra } = query.attempt;
  const sent = rawAuthextra ?? authextra;
  const told = (keys: readonly string[]): void =>
    log.warn({ session, keys: keys.length }, "a part of a client's authextra cannot be said in JSON: it is left out");
  const details = sentDetails(query, sent === null ? null : new Sayable(sent, told));
  try {
    return toJson({ realm: query.realm, authid: query.authid, details });
  } catch {
    return null;
  }
}

function answerOf({ status, body }: Answer, query: PrincipalQuery, open: HttpBlock): PrincipalAnswer {
  if (status === 404) return unknown();
  if (status >= 400 && status < 500) return refusal(status, body, query, open);
  if (status !== 200) return unavailable(`it answered with status ${status}`, query, open);
  try {
    const raw = fromJson(body);
    return readAnswer(raw.value, query, () => raw);
  } catch (error) {
    return badAnswer(
      error instanceof BadAnswer ? error.message : `its answer: ${(error as Error).message}`,
      query,
      open,
    );
  }
}

/** The server says no: with a URI of its own, or as for a wrong proof. */
function refusal(status: number, body: Buffer, query: PrincipalQuery, open: HttpBlock): PrincipalAnswer {
  const { error, message } = errorIn(body);
  const uri = open.caller.url;
  if (typeof error !== "string") {
    const cause: Cause = { code: "authenticator-error", params: { uri, error: `status ${status}` } };
    return denied(ErrorUri.authenticationDenied, DENIED, cause);
  }
  if (error === ErrorUri.noSuchPrincipal && !query.last) return unknown();
  if (!isUri(error)) return badAnswer("its error is no URI", query, open);
  const cause: Cause = { code: "authenticator-error", params: { uri, error } };
  return denied(error, typeof message === "string" ? message : undefined, cause);
}

function errorIn(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const { value } = fromJson(body);
    return isDict(value) ? value : {};
  } catch {
    return {};
  }
}

function unanswered(error: unknown, query: PrincipalQuery, open: HttpBlock): PrincipalAnswer {
  const { url: uri, timeout } = open.caller;
  if (error instanceof IsDown) {
    const cause: Cause = { code: "authenticator-unavailable", params: { uri, problem: error.message } };
    return denied(ErrorUri.authenticationFailed, FAILED, cause);
  }
  if (error instanceof NoAnswer) return unavailable(error.message, query, open);
  if (query.signal.aborted || !(error instanceof DeadlineError)) throw error;
  const why = `it did not answer within ${timeout} ms`;
  return failed(why, { code: "authenticator-timeout", params: { uri, timeout } }, query, open);
}

function unavailable(problem: string, query: PrincipalQuery, open: HttpBlock): PrincipalAnswer {
  const params = { uri: open.caller.url, problem };
  return failed(problem, { code: "authenticator-unavailable", params }, query, open);
}

function badAnswer(problem: string, query: PrincipalQuery, open: HttpBlock): PrincipalAnswer {
  const params = { uri: open.caller.url, problem };
  return failed(problem, { code: "authenticator-answer", params }, query, open);
}

function failed(why: string, cause: Cause, query: PrincipalQuery, { caller, log }: HttpBlock): PrincipalAnswer {
  log.error({ session: query.attempt.session, url: caller.url }, `the web server could not decide a login: ${why}`);
  return denied(ErrorUri.authenticationFailed, FAILED, cause);
}

declare module "@wampgate/core" {
  interface Strategies {
    http: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-http": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({ name: "@wampgate/auth-http", core: "^0.2.0", version, strategies: [http] });
