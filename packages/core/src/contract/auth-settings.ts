import type { ConfigRef } from "./login-record.ts";
import type { AuthMethod } from "./method.ts";
import type { PluginApi } from "./plugin-api.ts";
import type { BlockSurroundings } from "./block.ts";
import type { Strategy } from "./strategy.ts";

/** What a strategy has open for one block of the config, from the start or a reload to the next one. */
export interface BlockInstance {
  /** The keys that lead to the block in the config. */
  readonly at: readonly (string | number)[];
  /** The strategy's plugin. */
  readonly plugin: string;
  /**
   * Tries the servers, databases and stores that it names.
   * @returns what has answered; null if it names none @throws what the strategy throws, and if it takes too long
   */
  probe(surroundings: BlockSurroundings): Promise<string | null>;
  /** @throws what the strategy throws, and Error if it answers nothing usable, or not in time */
  open(api: PluginApi, surroundings: BlockSurroundings): Promise<void>;
  /** Lets `work` ask what is open; it is not closed before that ends. Rejects with a Denial if nothing is open. */
  ask<T>(work: (value: unknown) => T | Promise<T>): Promise<T>;
  /** Closes it once it has answered all questions. Rejects with what the strategy throws, and if it takes too long. */
  close(): Promise<void>;
}

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
  /** What the strategy has open for it while the router runs; undefined for one that opens nothing. */
  readonly instance?: BlockInstance | undefined;
  readonly defaultRole: string | null;
  /** The method of a further factor, for principals that are assigned none; null: none. */
  readonly then: string | null;
  /** Whether clients may begin with it. If not, it only serves as a further factor. */
  readonly mayBegin: boolean;
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
  /**
   * The further factor of an authid that no block knows, so that it looks like a principal: the `then` of one of them,
   * always of the same one.
   */
  readonly decoyThen: (authid: string | null) => string | null;
  /** Where it stands in the config. */
  readonly place: () => ConfigRef;
}

/** The methods of a transport, by name. */
export type AuthSettings = ReadonlyMap<string, MethodSettings>;
