import type { Command, CommandFlags } from "../contract/command.ts";
import type { AuthMethod } from "../contract/method.ts";
import type { Plugin, PluginDefinition } from "../contract/plugin.ts";
import type { Link } from "../contract/realm-link.ts";
import type { Strategy } from "../contract/strategy.ts";
import type { Transport } from "../contract/transport.ts";

const BRAND = Symbol.for("wampgate.plugin");

/** Declares a transport. */
export function defineTransport<E>(transport: Transport<E>): Transport {
  return transport as unknown as Transport;
}

/**
 * Declares a link: a way for several routers to act as one. `describeLink` of `@wampgate/plugin-testkit` has the promises
 * that it must keep.
 *
 * @example
 * defineLink({
 *   type: "carrier-pigeon",
 *   schema: z.strictObject({ node: z.string(), loft: z.string() }),
 *   start: async ({ node, loft }, { log, signal }) => flyTo(loft, { node, log, signal }),
 * });
 */
export function defineLink<E>(link: Link<E>): Link {
  return link as unknown as Link;
}

/**
 * Declares a method. It only types what it is given; core checks the shape when the plugin is loaded.
 *
 * The types need no help: `find` and `assignments` get what the block's `schema` gives, or what `prepare` makes of it (write
 * `prepare` above them), and only with `strategyMayVerify: true` may a strategy have checked the proof.
 *
 * @example
 * defineMethod({
 *   name: "shout",
 *   at: "authenticate",
 *   credential: z.object({ word: z.string() }),
 *   static: {
 *     schema: z.strictObject({ words: z.record(z.string(), z.strictObject({ word: z.string(), ...principalFields })) }),
 *     find: (query, { words }) => findIn(words, query, ({ word }) => ({ word })),
 *     assignments: ({ words }) => assignmentsIn("words", words),
 *   },
 *   challenge: () => challenge({}),
 *   authenticate: async (attempt, proof) => {
 *     const found = await attempt.resolvePrincipal();
 *     return constantTimeEqual(found.credential.word.toUpperCase(), proof.signature) ? accept() : deny();
 *   },
 *   decoy: () => credential({ word: randomUUID() }),
 * });
 */
export function defineMethod<C, S = unknown, B = S, V extends boolean = false>(
  method: AuthMethod<C, B, S, V>,
): AuthMethod {
  return method as unknown as AuthMethod;
}

/**
 * Declares a strategy.
 *
 * @example
 * defineStrategy({
 *   type: "everybody",
 *   block: z.object({ role: z.string() }),
 *   resolve: (query, block) => credential({}, { authid: query.authid, role: block.role }),
 * });
 */
export function defineStrategy<B, O = B>(strategy: Strategy<B, O>): Strategy {
  return strategy as unknown as Strategy;
}

/**
 * Declares a command. The flags' names and kinds are known in `run`.
 *
 * @example
 * defineCommand({
 *   name: "make-key",
 *   description: "make a key for the config",
 *   flags: { bytes: { value: "n", description: "how long it is; default: 32" } },
 *   run: ({ flags, print }) => print(randomBytes(Number(flags.bytes ?? 32)).toString("hex")),
 * });
 */
export function defineCommand<const F extends CommandFlags = CommandFlags>(command: Command<F>): Command {
  return command as unknown as Command;
}

/**
 * Declares a plugin.
 *
 * @example
 * export default definePlugin({
 *   name: "wampgate-ban-list",
 *   core: "^0.2.0",
 *   apply(api) {
 *     api.hooks.hello.tap("wampgate-ban-list", (hello) => (banned(hello.transport.address) ? deny() : undefined));
 *   },
 * });
 */
export function definePlugin<O = unknown, const N extends string = string>(
  definition: PluginDefinition<O> & { readonly name: N },
): Plugin & { readonly name: N } {
  return { ...(definition as PluginDefinition), [BRAND]: true } as unknown as Plugin & { readonly name: N };
}

/** Whether `value` was made by `definePlugin`, of this copy of the package or of another. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && BRAND in value;
}
