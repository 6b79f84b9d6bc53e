import type { MatchPolicy, UriCheck } from "../wamp/uri.ts";
import type { Action } from "./authorization.ts";

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
  /** The procedure that decides what no rule settles; null where there is none. */
  readonly authorizer: AuthorizerSettings | null;
  /** Shown to the receivers of this role's calls and events; null: nothing is shown. */
  readonly trustLevel: number | null;
}

/** A procedure that is asked what a role may do. */
export interface AuthorizerSettings {
  readonly uri: string;
  /** Where it is registered. */
  readonly realm: string;
}

/** A topic whose events are kept for `wamp.subscription.get_events`. */
export interface HistorySettings {
  readonly uri: string;
  readonly match: MatchPolicy;
  /** How many of the last events are kept. */
  readonly limit: number;
}

export interface RealmOptions {
  readonly uriCheck: UriCheck;
  /** What happens where a client's request ids are not 1, 2, 3 … (spec, basic/building_blocks "IDs"). */
  readonly requestIds: "strict" | "warn" | "off";
  /** Whether callers and publishers may show themselves by `disclose_me`. */
  readonly discloseMe: boolean;
  /** How many topics may hold a retained event; past it the oldest ones go. */
  readonly retainedTopics: number;
  readonly eventHistory: readonly HistorySettings[];
  readonly maxSessions: number;
  readonly maxSessionsPerAuthid: number;
  readonly limits: SessionLimits;
}

/** What one session may hold in its realm. */
export interface SessionLimits {
  readonly subscriptions: number;
  readonly registrations: number;
  /** Calls that it made and that are not answered. */
  readonly pendingCalls: number;
}

/** What one entry of `transports` takes. */
export interface TransportLimits {
  /** Connections that are open, logged in or not. */
  readonly connections: number;
  /** Connections that have not logged in yet. */
  readonly halfOpen: number;
  readonly halfOpenPerAddress: number;
  /** In a minute. */
  readonly failedLoginsPerAddress: number;
  /** In a minute. */
  readonly failedLoginsPerAuthid: number;
  /** That are read from one connection; 0: as many as come. */
  readonly messagesPerSecond: number;
  /** Bytes of each message that a client sends before it has logged in. */
  readonly helloSize: number;
  /** How deep a message's lists and dictionaries may stand in each other. */
  readonly depth: number;
  /** How many values one message may hold. */
  readonly values: number;
}

export interface RealmSettings {
  readonly name: string;
  readonly roles: readonly RoleSettings[];
  readonly options: RealmOptions;
}
