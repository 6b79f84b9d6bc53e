import type { MatchPolicy } from "../wamp/uri.ts";
import type { Action } from "./authorization.ts";
import type { AuthMethod, Strategy } from "./method.ts";

/** The checked config, as config/ hands it to the floors that act on it: names resolved, defaults filled in. */

export interface Permission {
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly allow: Readonly<Record<Action, boolean>>;
  readonly disclose: { readonly caller: boolean; readonly publisher: boolean };
}

export interface RoleSettings {
  readonly name: string;
  /** Null where the config has no list: then `allowByDefault` decides alone. An empty list denies all. */
  readonly permissions: readonly Permission[] | null;
  readonly allowByDefault: boolean;
}

export interface RealmSettings {
  readonly name: string;
  readonly roles: readonly RoleSettings[];
}

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
