import { WampgateError } from "../../errors/wampgate-error.ts";
import type { Action, Decision } from "../../contract/authorization.ts";
import type { Log } from "../../contract/log.ts";
import type { SessionPort } from "../../contract/session-port.ts";
import type { CallOutcome, ServiceCall } from "../../contract/service-call.ts";
import { sentTransport } from "../../hooks/sent-transport.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import { isDict, kindOf } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import type { MatchPolicy } from "../../wamp/uri.ts";
import type { Ruling } from "./permissions.ts";

/** What a message wants to do with which URI. */
export interface AuthorizationRequest {
  readonly action: Action;
  readonly uri: string;
  /** How `uri` is to be compared. Only SUBSCRIBE and REGISTER may have a pattern. */
  readonly match: MatchPolicy;
  readonly options: Readonly<Dict>;
}

/** How long an authorizer may take, in milliseconds. */
const TIMEOUT = 10_000;

/** How many answers are kept for one session. */
const CACHE_LIMIT = 1000;

/**
 * A dynamic authorizer: a procedure that is called with (session, uri, action, options) and answers true, false, or `{
 * allow, disclose, cache }`, as in Crossbar. With `cache: true` the answer is kept for the session, the action, the URI
 * and the match policy; Crossbar keeps it for the whole role.
 */
export class Authorizer {
  readonly #uri: string;
  readonly #realm: string;
  readonly #call: ServiceCall;
  readonly #log: Log;
  readonly #cache = new WeakMap<SessionPort, Map<string, Ruling>>();

  /** @param realm where the procedure `uri` is registered */
  constructor(uri: string, realm: string, call: ServiceCall, log: Log) {
    this.#uri = uri;
    this.#realm = realm;
    this.#call = call;
    this.#log = log;
  }

  /** Its earlier answer to this request, if it allowed the router to keep it. */
  remembered(port: SessionPort, request: AuthorizationRequest): Ruling | undefined {
    return this.#cache.get(port)?.get(keyOf(request));
  }

  /**
   * Calls the authorizer.
   * @param signal fires when the session has left
   * @throws Error if it failed to decide; the log says why
   */
  async ask(port: SessionPort, request: AuthorizationRequest, signal: AbortSignal): Promise<Ruling> {
    const [uri, realm] = [this.#uri, this.#realm];
    const args = [sessionOf(port), request.uri, request.action, request.options];
    const outcome = await this.#call(realm, uri, args, { signal, timeout: TIMEOUT, session: port.info.session });
    const answer = outcome.kind === "result" ? readAnswer(outcome.args) : failureOf(outcome);
    if (typeof answer === "string") {
      const error = new WampgateError("WG_AUTHORIZER", `the authorizer ${uri} ${answer}`);
      const { info } = port;
      unlessRepeated(info, "authorizer", (repeats) =>
        this.#log.error({ err: error, authorizer: uri, realm, session: info.session, ...repeats }, error.message),
      );
      throw error;
    }
    const { cache, ...answered } = answer;
    const decision = answered.allow
      ? answered
      : { ...answered, by: { by: "authorizer", text: `authorizer ${uri}` } as const };
    if (cache) this.#remember(port, request, decision);
    return decision;
  }

  #remember(port: SessionPort, request: AuthorizationRequest, decision: Ruling): void {
    const answers = this.#cache.get(port) ?? new Map<string, Ruling>();
    this.#cache.set(port, answers);
    if (answers.size >= CACHE_LIMIT) answers.clear();
    answers.set(keyOf(request), decision);
  }
}

/** A session, as its authorizer gets it. */
function sessionOf({ info }: SessionPort): Dict {
  const { session, realm, authid, authrole, authmethod, authprovider, authextra, assignedExtra } = info;
  const transport = sentTransport(info.transport);
  return {
    session,
    realm,
    authid,
    authrole,
    authmethod,
    authprovider,
    authextra: assignedExtra ?? authextra,
    transport,
  };
}

function keyOf({ action, uri, match }: AuthorizationRequest): string {
  return JSON.stringify([action, uri, match]);
}

type Answer = Decision & { readonly cache: boolean };

/** The answer, or what is wrong with it. */
function readAnswer([answer]: readonly unknown[]): Answer | string {
  if (typeof answer === "boolean") return { allow: answer, cache: false };
  if (!isDict(answer)) return `answered ${kindOf(answer)}, expected true, false or a dictionary`;
  const { allow, disclose = false, cache = false, validate = null, ...rest } = answer;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `answered with the unknown key "${excerpt(unknown)}"`;
  if (validate !== null) return "answered with validate, which is not supported";
  if (typeof allow !== "boolean") return `answered allow as ${kindOf(allow)}, expected true or false`;
  if (typeof disclose !== "boolean") return `answered disclose as ${kindOf(disclose)}, expected true or false`;
  if (typeof cache !== "boolean") return `answered cache as ${kindOf(cache)}, expected true or false`;
  return { allow, disclose, cache };
}

function failureOf(outcome: Exclude<CallOutcome, { kind: "result" }>): string {
  switch (outcome.kind) {
    case "error":
      return `failed with ${excerpt(outcome.uri)}`;
    case "no-realm":
    case "no-callee":
      return "is not registered";
    case "callee-busy":
      return "reads too slowly to be asked";
    case "callee-gone":
      return "left before it answered";
    case "timeout":
      return `did not answer within ${TIMEOUT} ms`;
  }
}
