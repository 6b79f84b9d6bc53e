import { createRequire } from "node:module";
import {
  BadAnswer,
  type CallOutcome,
  type Cause,
  defineStrategy,
  definePlugin,
  denied,
  ErrorUri,
  FAILED,
  type Hello,
  isUri,
  type PluginApi,
  type PrincipalAnswer,
  type PrincipalQuery,
  Sayable,
  sentDetails,
  unknown,
  type z,
  type NoOptions,
} from "@wampgate/core";
import { readResult } from "./result.ts";
import { type Block, block } from "./block.ts";

/** How much of what a client sent a line of the log shows. */
const MOST_KEYS = 10;
const MOST_LETTERS = 40;

/** The strategy `dynamic`: a WAMP procedure, the authenticator, decides each login. See docs/guides/dynamic-authenticators.md. */
export const dynamic = defineStrategy<Block>({
  type: "dynamic",
  block,
  calls: (own) => [
    { uri: own.authenticator, realm: own["authenticator-realm"] ?? null, realmKey: "authenticator-realm" },
  ],
  async resolve(query, own, api) {
    const realm = own["authenticator-realm"] ?? query.realm;
    if (realm === null)
      return denied(ErrorUri.noSuchRealm, "no realm was asked for, and no authenticator-realm is set", noRealm(""));
    const { timeout, wait } = own;
    const args = [query.realm, query.authid, sentDetails(query, authextraOf(query.attempt, api, own.authenticator))];
    const outcome = await api.call(realm, own.authenticator, args, {
      signal: query.signal,
      timeout,
      wait,
      session: query.attempt.session,
    });
    return answerOf(outcome, query, api, { realm, authenticator: own.authenticator, timeout });
  },
});

/** As the client sent it, but for what the authenticator's format cannot say: no client is kept out for that. */
function authextraOf({ session, authextra, rawAuthextra }: Hello, { log }: PluginApi, authenticator: string): unknown {
  const sent = rawAuthextra ?? authextra;
  if (sent === null) return null;
  return new Sayable(sent, (keys, format) =>
    log.warn(
      { session, authenticator, keys: keys.slice(0, MOST_KEYS).map((key) => key.slice(0, MOST_LETTERS)) },
      `a part of a client's authextra cannot be said in ${format}, the authenticator's format: it is left out`,
    ),
  );
}

interface Called {
  readonly realm: string;
  readonly authenticator: string;
  readonly timeout: number;
}

function answerOf(outcome: CallOutcome, query: PrincipalQuery, api: PluginApi, called: Called): PrincipalAnswer {
  const uri = called.authenticator;
  const because = (cause: Cause, why: string): PrincipalAnswer => failed(api, called, why, cause);
  switch (outcome.kind) {
    case "result":
      try {
        return readResult(outcome, query);
      } catch (error) {
        if (!(error instanceof BadAnswer)) throw error;
        return badAnswer(api, called, error.message);
      }
    case "error":
      return refusal(outcome, query, api, called);
    case "no-realm":
      return denied(ErrorUri.noSuchRealm, `no realm "${called.realm}" exists on this router`, noRealm(called.realm));
    case "no-callee":
      return because({ code: "no-authenticator", params: { uri, realm: called.realm } }, "it is not registered");
    case "callee-busy":
      return because(
        { code: "authenticator-busy", params: { uri } },
        "it reads too slowly: more than its transport's max-buffered waits for it",
      );
    case "callee-gone":
      return because({ code: "authenticator-gone", params: { uri } }, "it left before it answered");
    case "timeout":
      return because(
        { code: "authenticator-timeout", params: { uri, timeout: called.timeout } },
        "it did not answer in time",
      );
  }
}

/** An ERROR of the authenticator goes to the client: with the same URI, and its first argument as message. */
function refusal(
  { uri, args }: CallOutcome & { kind: "error" },
  { last }: PrincipalQuery,
  api: PluginApi,
  called: Called,
): PrincipalAnswer {
  const message = typeof args[0] === "string" ? args[0] : undefined;
  if (uri === ErrorUri.noSuchPrincipal && !last) return unknown();
  if (!isUri(uri)) return badAnswer(api, called, "it raised an error with an illegal URI");
  const cause = causeOf(uri, called.authenticator);
  if (uri === ErrorUri.runtimeError) {
    // A crash: its text may hold anything, so it is only for the operator.
    api.log.error({ ...whichOf(called), message }, "the authenticator crashed");
    return denied(uri, undefined, cause);
  }
  return denied(uri, message, cause);
}

/** By one error it says that it could not decide. Any other may be its word for a wrong proof, a crash too. */
function causeOf(error: string, uri: string): Cause {
  if (error !== ErrorUri.unavailable) return { code: "authenticator-error", params: { uri, error } };
  return { code: "authenticator-unavailable", params: { uri, problem: `it raised ${error}` } };
}

function badAnswer(api: PluginApi, called: Called, problem: string): PrincipalAnswer {
  const params = { uri: called.authenticator, problem };
  return failed(api, called, problem, { code: "authenticator-answer", params });
}

function failed(api: PluginApi, called: Called, why: string, cause: Cause): PrincipalAnswer {
  api.log.error(whichOf(called), `authenticator ${called.authenticator} in realm ${called.realm}: ${why}`);
  return denied(ErrorUri.authenticationFailed, FAILED, cause);
}

/** For a line of the log. */
function whichOf({ realm, authenticator }: Called): Omit<Called, "timeout"> {
  return { realm, authenticator };
}

function noRealm(realm: string): Cause {
  return { code: "no-realm", params: { realm } };
}

declare module "@wampgate/core" {
  interface Strategies {
    dynamic: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-dynamic": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({ name: "@wampgate/auth-dynamic", core: "^0.2.0", version, strategies: [dynamic] });
