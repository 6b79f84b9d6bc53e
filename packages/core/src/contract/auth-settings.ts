import type { ConfigRef } from "./login-record.ts";
import type { AuthMethod } from "./method.ts";
import type { Strategy } from "./strategy.ts";

/** One block of a method: it says where principals come from. */
export interface BlockSettings {
  /** `static`, or the strategy's type. */
  readonly type: string;
  /** The plugin of the strategy; for `static` the plugin of the method. */
  readonly plugin: string;
  /** Null for `static`, which belongs to the method. */
  readonly strategy: Strategy | null;
  /** The block, as parsed by the schema of the method or strategy. */
  readonly value: unknown;
  readonly defaultRole: string | null;
  /** Where it stands in the config. */
  readonly place: () => ConfigRef;
  /**
   * Where a principal of it stands in the config, or the value of it that its proofs are checked with, or when it
   * expires. If that is not in the config, it is the next place that leads there: the principal, or the block.
   */
  readonly placeOf: (authid: string | null, value?: "secret" | "expires") => ConfigRef;
}

/** A method that a transport offers, with its blocks in the order they are asked. */
export interface MethodSettings {
  readonly method: AuthMethod;
  /** The plugin that provides the method. */
  readonly plugin: string;
  readonly blocks: readonly BlockSettings[];
  /** Where it stands in the config. */
  readonly place: () => ConfigRef;
}

/** The methods of a transport, by name. */
export type AuthSettings = ReadonlyMap<string, MethodSettings>;
