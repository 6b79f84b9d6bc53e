import type { AuthMethod } from "./method.ts";
import type { Strategy } from "./strategy.ts";

/** One block of a method: where principals come from. */
export interface BlockSettings {
  /** `static`, or the strategy's. */
  readonly type: string;
  /** Null for `static`, which is the method's own. */
  readonly strategy: Strategy | null;
  /** What the schema of the method or strategy made of the block. */
  readonly value: unknown;
  readonly defaultRole: string | null;
}

/** A method that a transport offers, with its blocks in the order they are asked. */
export interface MethodSettings {
  readonly method: AuthMethod;
  readonly blocks: readonly BlockSettings[];
}

/** The methods of a transport, by name. */
export type AuthSettings = ReadonlyMap<string, MethodSettings>;
