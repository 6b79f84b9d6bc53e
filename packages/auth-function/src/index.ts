import { createRequire } from "node:module";
import {
  BadAnswer,
  type Cause,
  DeadlineError,
  defineStrategy,
  definePlugin,
  denied,
  ErrorUri,
  FAILED,
  isUri,
  type NoOptions,
  type PrincipalAnswer,
  type PrincipalQuery,
  readAnswer,
  sentDetails,
  unknown,
  WampError,
  within,
  type z,
} from "@wampgate/core";
import { type Block, block } from "./block.ts";
import { type FunctionBlock, moduleOf, openBlock } from "./open-block.ts";

export {
  type Answer,
  type Authenticate,
  type Authenticator,
  type Create,
  defineAuthenticator,
} from "./authenticator.ts";

/** The strategy `function`: a JavaScript function decides each login. */
export const functionStrategy = defineStrategy<Block, FunctionBlock>({
  type: "function",
  block,
  async check(own, surroundings) {
    await moduleOf(own, surroundings);
  },
  open: (own, { log }, { at, ...surroundings }) => openBlock(own, log.child({ block: at }), surroundings),
  async resolve(query, own) {
    let answer: unknown;
    try {
      answer = await within(own.timeout, query.signal, (signal) =>
        own.authenticate(query.realm, query.authid, sentDetails(query), { signal }),
      );
    } catch (error) {
      return refusal(error, query, own);
    }
    return answerOf(answer, query, own);
  },
});

function answerOf(answer: unknown, query: PrincipalQuery, own: FunctionBlock): PrincipalAnswer {
  if (answer === null) return unknown();
  try {
    return readAnswer(answer, query);
  } catch (error) {
    if (!(error instanceof BadAnswer)) throw error;
    return badAnswer(error.message, query, own);
  }
}

/** A WampError is the function's word, and goes to the client. All else is for the operator. */
function refusal(error: unknown, query: PrincipalQuery, own: FunctionBlock): PrincipalAnswer {
  const uri = own.module;
  if (query.signal.aborted) throw error;
  if (error instanceof DeadlineError)
    return failed(query, own, "did not answer in time", {
      code: "authenticator-timeout",
      params: { uri, timeout: own.timeout },
    });
  if (!WampError.is(error))
    return failed(query, own, "failed", { code: "authenticator-failed", params: { uri } }, { err: error });
  if (error.uri === ErrorUri.noSuchPrincipal && !query.last) return unknown();
  if (!isUri(error.uri)) return badAnswer("it threw a WampError with an illegal URI", query, own);
  const [message] = error.args;
  const cause: Cause =
    error.uri === ErrorUri.unavailable
      ? { code: "authenticator-unavailable", params: { uri, problem: `it threw ${error.uri}` } }
      : { code: "authenticator-error", params: { uri, error: error.uri } };
  return denied(error.uri, typeof message === "string" ? message : undefined, cause);
}

function badAnswer(problem: string, query: PrincipalQuery, own: FunctionBlock): PrincipalAnswer {
  const cause: Cause = { code: "authenticator-answer", params: { uri: own.module, problem } };
  return failed(query, own, `gave no answer that can be used: ${problem}`, cause);
}

function failed(
  { attempt: { session } }: PrincipalQuery,
  { module, log }: FunctionBlock,
  what: string,
  cause: Cause,
  fields: Readonly<Record<string, unknown>> = {},
): PrincipalAnswer {
  log.error({ session, module, ...fields }, `the function of ${module} ${what}`);
  return denied(ErrorUri.authenticationFailed, FAILED, cause);
}

declare module "@wampgate/core" {
  interface Strategies {
    function: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-function": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-function",
  core: "^0.2.0",
  version,
  strategies: [functionStrategy],
});
