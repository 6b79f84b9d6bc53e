import { fileURLToPath } from "node:url";
import { WampgateError } from "../errors/wampgate-error.ts";
import { untilAborted, Deadline } from "../wamp/deadline.ts";
import type { LocalSession } from "../contract/local-session.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { importErrorText } from "../errors/syntax-error.ts";
import { shownCause, thrownText } from "../errors/thrown.ts";

/**
 * A component: code that runs in the router's process with a session of its own.
 *
 * @param session has `register`, `call`, `subscribe`, `publish` and `leave`, as in autobahn-js
 * @param config the value of `config` in the component's entry
 */
export type Component = (session: LocalSession, config: unknown) => void | Promise<void>;

/**
 * Runs a component until it has set itself up.
 *
 * @param module the URL of an ES or CommonJS module whose default export is the component, or the component itself
 * @param timeout in milliseconds
 * @param isOnAllNodes whether each node of a cluster runs it
 * @throws WampgateError naming the component, if it fails or takes longer
 */
export async function startComponent(
  module: string | Component,
  session: LocalSession,
  config: unknown,
  timeout: number,
  isOnAllNodes: boolean,
): Promise<void> {
  const name = typeof module === "string" ? module : `function ${module.name || "(unnamed)"}`;
  const limit = new Deadline(timeout);
  try {
    const component = typeof module === "string" ? await load(module) : module;
    await untilAborted(Promise.resolve(component(session, config)), limit.signal);
  } catch (error) {
    session.leave();
    const text = typeof module === "string" ? await importErrorText(fileURLToPath(module), error) : thrownText(error);
    const isTaken = (error as { readonly error?: unknown } | null)?.error === ErrorUri.procedureAlreadyExists;
    const todo = isTaken && isOnAllNodes ? "; each node runs it: name the one that shall in its nodes" : "";
    throw new WampgateError("WG_COMPONENT", `the component ${name} did not start: ${text}${todo}`, {
      cause: shownCause(error),
    });
  } finally {
    limit.end();
  }
}

/**
 * Why a component's module cannot be started; null if it can. It is imported, but the component does not run.
 *
 * @param module the URL of the module
 */
export async function componentProblem(module: string): Promise<{ message: string; cause: unknown } | null> {
  try {
    await load(module);
    return null;
  } catch (error) {
    return { message: `it does not load: ${await importErrorText(fileURLToPath(module), error)}`, cause: error };
  }
}

async function load(url: string): Promise<Component> {
  const { default: exported } = (await import(url)) as { default?: unknown };
  if (typeof exported === "function") return exported as Component;
  throw new Error("its default export must be a function (session, config)");
}
