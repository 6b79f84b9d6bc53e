import type { PrincipalQuery } from "./method.ts";
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

/** A strategy: where principals come from. */
export interface Strategy<B = unknown> {
  /** The `type` of a method's block that chooses it. */
  readonly type: string;
  /** The keys of such a block, without core's own. */
  readonly block: Schema<B>;
  /** Looks a principal up. `api` is the plugin's view of the router: `api.call` calls procedures. */
  readonly resolve: (query: PrincipalQuery, block: B, api: PluginApi) => PrincipalAnswer | Promise<PrincipalAnswer>;
  /**
   * A credential for an authid that no block knows, in the shape of this strategy's own: what shows of it (a salt, a number
   * of rounds) must look like that of a principal. Called for the method's first block with a strategy that has it, if the
   * method has no static block. Default: the method's own `decoy`.
   */
  readonly decoy?: (query: PrincipalQuery, block: B) => CredentialAnswer | Promise<CredentialAnswer>;
  /**
   * The procedures that a block makes it call. Core then does not let a broad rule allow their registration or calls.
   */
  readonly calls?: (block: B) => CalledProcedure[];
}
