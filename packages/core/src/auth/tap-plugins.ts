import type { Handshakes } from "../contract/handshake.ts";
import { PluginError } from "../errors/plugin-error.ts";
import type { AuthMethod } from "../contract/method.ts";
import type { Strategy } from "../contract/strategy.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import { ClientHandshake } from "./handshake.ts";
import type { HandshakeContext } from "./context.ts";

/** @see Handshakes */
export function createHandshakes(context: HandshakeContext): Handshakes {
  return { start: (hello) => new ClientHandshake(hello, context) };
}

/** Taps the hooks for a declared method, in its plugin's name. */
export function tapMethod(hooks: RouterHooks, plugin: string, method: AuthMethod, api: PluginApi): void {
  const { name, authenticate } = method;
  tapAny(hooks.challenge.for(name), plugin, (attempt) => method.challenge(attempt));
  const answers = hooks.authenticate.for(name);
  if (authenticate !== undefined) {
    tapAny(answers, plugin, (attempt, proof) => authenticate(attempt, proof, proof.state, api));
  }
}

/** Taps the hooks for a declared strategy, in its plugin's name. */
export function tapStrategy(hooks: RouterHooks, plugin: string, strategy: Strategy, api: PluginApi): void {
  tapAny(hooks.principal.for(strategy.type), plugin, (query, block) => strategy.resolve(query, block, api));
}

/** Taps with a function that may be sync or async: `tap` of these hooks takes both. */
function tapAny<A extends unknown[], R>(
  hook: { tap(name: string, fn: (...args: A) => R | undefined): void },
  plugin: string,
  fn: (...args: A) => R | Promise<R>,
): void {
  hook.tap(plugin, fn as (...args: A) => R);
}

/** Taps the hook `principal` for the methods of a plugin: with `type: static` their own look-up answers. */
export function tapStatic(hooks: RouterHooks, plugin: string, methods: readonly AuthMethod[]): void {
  const failed = ({ name }: AuthMethod, error: unknown): never => {
    const message = `failed to look up a principal for its method ${name}: ${(error as Error).message}`;
    throw new PluginError("WG_LOOKUP", plugin, message, { cause: error });
  };
  tapAny(hooks.principal.for("static"), plugin, (query, block) => {
    const { method } = query;
    if (method.static === undefined || !methods.includes(method)) return undefined;
    try {
      const found = method.static.find(query, block);
      return found instanceof Promise ? found.catch((error: unknown) => failed(method, error)) : found;
    } catch (error) {
      return failed(method, error);
    }
  });
}

/**
 * Taps for a method or strategy type that no plugin provides. Either the tapping plugin is wrong, or another is
 * missing.
 */
export function unclaimedTaps(hooks: RouterHooks, methods: ReadonlySet<string>, types: ReadonlySet<string>): string[] {
  const orphans = (hook: string, names: ReadonlySet<string>, claimed: ReadonlySet<string>): string[] =>
    [...names].filter((name) => !claimed.has(name)).map((name) => `${hook}.for("${name}")`);
  return [
    ...orphans("challenge", hooks.challenge.names(), methods),
    ...orphans("authenticate", hooks.authenticate.names(), methods),
    ...orphans("principal", hooks.principal.names(), types),
  ];
}
