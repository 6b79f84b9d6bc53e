import type { PrincipalQuery } from "./method.ts";
import type { PluginApi } from "./plugin-api.ts";
import type { Schema } from "./schema.ts";
import type { PrincipalAnswer } from "./verdict.ts";

/** A procedure that a strategy calls, so that core lets nobody register it by a broad rule. */
export interface CalledProcedure {
  readonly uri: string;
  /** Null: the realm of HELLO, whichever it is. */
  readonly realm: string | null;
  /** The key of the block that names the realm, for messages. */
  readonly realmKey: string;
}

/** A strategy: where principals come from. */
export interface Strategy<B = unknown> {
  /** The `type` of a method's block that chooses it. */
  readonly type: string;
  /** What such a block holds, less the keys that core takes out. */
  readonly block: Schema<B>;
  /** `api` is the view of the router that the plugin was given: `api.call` calls procedures. */
  readonly resolve: (query: PrincipalQuery, block: B, api: PluginApi) => PrincipalAnswer | Promise<PrincipalAnswer>;
  /** The procedures that a block makes it call. Core then lets nobody register or call them by a broad rule. */
  readonly calls?: (block: B) => CalledProcedure[];
}
