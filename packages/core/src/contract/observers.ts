import type { SessionInfo } from "./session-port.ts";

/** Somebody was refused or disconnected because of a limit. */
export interface LimitHit {
  /** The limit's key in the config. */
  readonly limit: string;
  /** What happened, for the operator. */
  readonly message: string;
  /** Who it was: `transport.peer`. */
  readonly peer: string;
  /** Null where it has not joined a realm. */
  readonly session: SessionInfo | null;
}

export type ReportLimit = (hit: LimitHit) => void;

/** What has passed through a transport since it listens. Its connections count it up, so each has but to add. */
export interface Traffic {
  messagesReceived: number;
  messagesSent: number;
  /** Of the messages, less what the transport puts around them. */
  bytesReceived: number;
  bytesSent: number;
}

/** One entry of the config's `transports`. Its type and URL together are its name. */
export interface TransportStats {
  readonly type: string;
  readonly url: string;
  readonly traffic: Readonly<Traffic>;
  /** Connections that have not logged in yet. */
  readonly pendingLogins: number;
  /** Connections that have. */
  readonly sessions: number;
}

/** What a router can tell of itself at any time. Each property is read anew, so it may be kept. */
export interface RouterStats {
  /** Those that listen: none before `start`. */
  readonly transports: readonly TransportStats[];
  /** Sessions in the router's own process: components, and those of `router.session()`. */
  readonly localSessions: number;
  /** How often each limit was hit since the router was made, by its key; those never hit are there with 0. */
  readonly limits: ReadonlyMap<string, number>;
}
