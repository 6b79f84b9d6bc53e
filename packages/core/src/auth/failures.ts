import type { Hello } from "../contract/hello.ts";
import type { Cause } from "../contract/login-cause.ts";
import { LimitError } from "../errors/limit-error.ts";
import { PluginError } from "../errors/plugin-error.ts";
import { DeadlineError } from "../wamp/deadline.ts";
import { FAILED } from "../hooks/answers.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { NONE, type Repeats, unlessRepeated } from "../wamp/unless-repeated.ts";
import type { HandshakeContext } from "./context.ts";
import { Denial, pluginOf } from "./denial.ts";

/**
 * What was thrown in a login, as a denial. A plugin's mistake goes to the log: the client only learns that it is not let
 * in.
 *
 * @param asking the hook that the login was at
 */
export function denialOf(error: unknown, hello: Hello, asking: string, context: HandshakeContext): Denial {
  if (error instanceof Denial) return error;
  // A hook's wrapper may have put a plugin's name on a denial. It is still a denial.
  if (error instanceof PluginError && error.cause instanceof Denial) return error.cause;
  // Too many of what clients cause is no mistake of anybody's.
  if (error instanceof PluginError && error.cause instanceof LimitError) {
    const { uri, message, limit } = error.cause;
    return new Denial(uri, message, { code: "limit", params: { limit } }, { ...pluginOf(error), limit });
  }
  const log = (repeats: Repeats): void => logFailure(error, hello, context, repeats);
  const { signal } = hello;
  if (!signal.aborted) log(NONE);
  // Clients can make logins last as long as they like, where each waits for the others.
  else if (signal.reason instanceof DeadlineError) unlessRepeated(context, `late ${asking}`, log);
  return new Denial(ErrorUri.authenticationFailed, FAILED, causeOf(error, asking), pluginOf(error));
}

function causeOf(error: unknown, asking: string): Cause {
  if (!(error instanceof PluginError)) return { code: "failed", params: { what: `it could not decide at ${asking}` } };
  const { plugin, code, hook } = error;
  return { code: "plugin-threw", params: { plugin, hook: hook ?? asking, code } };
}

function logFailure(error: unknown, hello: Hello, context: HandshakeContext, repeats: Repeats): void {
  const message = error instanceof Error ? error.message : "something other than an Error was thrown";
  context.log.error({ err: error, session: hello.session, ...pluginOf(error), ...repeats }, `login failed: ${message}`);
}
