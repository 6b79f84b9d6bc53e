import type { Door } from "../contract/door.ts";
import { PluginError } from "../contract/errors.ts";
import type { AuthMethod, Strategy } from "../contract/method.ts";
import type { PluginApi } from "../contract/plugin.ts";
import { unknown } from "../contract/verdict.ts";
import type { RouterHooks } from "../hooks/router-hooks.ts";
import { ClientLogin, type DoorContext } from "./login.ts";

/** The door of a transport: one login for each HELLO. */
export function createDoor(context: DoorContext): Door {
  return { knock: (hello) => new ClientLogin(hello, context) };
}

/** Taps the hooks for a declared method, in its plugin's name. */
export function tapMethod(hooks: RouterHooks, plugin: string, method: AuthMethod): void {
  const { name, authenticate } = method;
  hooks.challenge.for(name).tapPromise(plugin, async (attempt) => method.challenge(attempt));
  const answers = hooks.authenticate.for(name);
  if (authenticate !== undefined) {
    answers.tapPromise(plugin, async (attempt, proof) => authenticate(attempt, proof, proof.state));
  }
}

/** Taps the hooks for a declared strategy, in its plugin's name. */
export function tapStrategy(hooks: RouterHooks, plugin: string, strategy: Strategy, api: PluginApi): void {
  hooks.principal.for(strategy.type).tapPromise(plugin, async (query, block) => strategy.resolve(query, block, api));
}

/** `type: static` belongs to the method: its own look-up answers, and an error of it bears the method's name. */
export function tapStatic(hooks: RouterHooks): void {
  hooks.principal.for("static").tapPromise("static", async (query, block) => {
    const { method } = query;
    if (method.static === undefined) return unknown();
    try {
      return await method.static.find(query, block);
    } catch (error) {
      throw new PluginError(method.name, `failed to look a principal up: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
}

/** Taps on a method or strategy type that no plugin provides: the tapping plugin is wrong, or another one is missing. */
export function unclaimedTaps(hooks: RouterHooks, methods: ReadonlySet<string>, types: ReadonlySet<string>): string[] {
  const orphans = (hook: string, names: ReadonlySet<string>, claimed: ReadonlySet<string>): string[] =>
    [...names].filter((name) => !claimed.has(name)).map((name) => `${hook}.for("${name}")`);
  return [
    ...orphans("challenge", hooks.challenge.names(), methods),
    ...orphans("authenticate", hooks.authenticate.names(), methods),
    ...orphans("principal", hooks.principal.names(), types),
  ];
}
