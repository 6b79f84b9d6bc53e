import type { Hello } from "./hello.ts";
import type { BlockSurroundings, OpenBlock } from "./block.ts";
import type { AuthMethod, PrincipalQuery } from "./method.ts";
import type { PluginApi } from "./plugin-api.ts";
import type { Schema } from "./schema.ts";
import type { CredentialAnswer, PrincipalAnswer } from "./verdict.ts";

/** A procedure that a strategy calls. Core does not let a broad rule allow its registration. */
export interface CalledProcedure {
  readonly uri: string;
  /** Null: the realm that HELLO names. */
  readonly realm: string | null;
  /** The key of the block that names the realm, for messages. */
  readonly realmKey: string;
}

/**
 * A strategy: where principals come from. `B`: its block; `O`: what `open` makes of one, which is the block itself for a
 * strategy without `open`.
 */
export interface Strategy<B = unknown, O = B> {
  /** The `type` of a method's block that chooses it. */
  readonly type: string;
  /** The keys of such a block, without core's own. */
  readonly block: Schema<B>;
  /**
   * Whether a block has anything to do with this client. If no block of a method has, the method is passed over, and the
   * client's next one is tried. Default: it always has.
   */
  readonly applies?: (hello: Hello, block: O) => boolean | Promise<boolean>;
  /** Looks a principal up. `api` is the plugin's view of the router: `api.call` calls procedures. */
  readonly resolve: (query: PrincipalQuery, block: O, api: PluginApi) => PrincipalAnswer | Promise<PrincipalAnswer>;
  /**
   * A credential for an authid that no block knows, in the shape of this strategy's own: what shows of it (a salt, a number
   * of rounds) must look like that of a principal. Called for a method whose last block that keeps principals is of this strategy; a
   * static block keeps them too, and has the method's own `decoy`. Without it the strategy keeps no principals: what it says
   * of an unknown authid is its own word.
   */
  readonly decoy?: (query: PrincipalQuery, block: O) => CredentialAnswer | Promise<CredentialAnswer>;
  /**
   * The procedures that a block makes it call. Core then does not let a broad rule allow their registration or calls.
   */
  readonly calls?: (block: B) => CalledProcedure[];
  /**
   * Looks at the files and modules that a block names, whenever a config is read, also by `wampgate check`: it opens
   * nothing, and asks no server or database. `method` is that of the block; null if its plugin is missing. What it throws is a problem of the config; a `BlockError` names the key.
   */
  readonly check?: (
    block: B,
    surroundings: BlockSurroundings & { readonly method: AuthMethod | null },
  ) => void | Promise<void>;
  /**
   * Tries the servers, databases and stores that a block names. Only `wampgate check --ask` calls it, for strategies that have
   * `open`. What it throws is a problem of the config, as for `check`; what it tells by `warn` is a warning. It may take ten
   * seconds.
   *
   * @returns what has answered, for the operator: `the database answers`; undefined if the block names nothing to try
   */
  readonly probe?: (
    block: B,
    surroundings: BlockSurroundings & { readonly signal: AbortSignal },
  ) => string | undefined | Promise<string | undefined>;
  /**
   * Makes what a block needs while the router runs: loads a module, opens connections. It is called for each block at the
   * start, and again at each reload. What it throws is a problem of the config, as for `check`: then the router does not
   * start, or the reload changes nothing. It may take half a minute.
   *
   * @param at where the block stands in the config, for the log: `transports[0].auth.ticket`
   */
  readonly open?: (
    block: B,
    api: PluginApi,
    surroundings: BlockSurroundings & { readonly at: string },
  ) => OpenBlock<O> | Promise<OpenBlock<O>>;
}
