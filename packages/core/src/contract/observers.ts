import type { SessionInfo } from "./session-port.ts";

/** A client was refused, slowed or disconnected because of a limit. */
export interface LimitHit {
  /** The limit's key in the config. */
  readonly limit: string;
  /** What happened, for the operator. */
  readonly message: string;
  /** Who it was: `transport.peer`. */
  readonly peer: string;
  /** Null if it has not joined a realm. */
  readonly session: SessionInfo | null;
}

export type ReportLimit = (hit: LimitHit) => void;

/** What has passed through a transport since it began to listen. Its connections only ever add to the numbers. */
export interface Traffic {
  messagesReceived: number;
  messagesSent: number;
  /** The bytes of the messages, without the transport's framing. */
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

/** What a router counts. Each property gives the current value at each read, so the object may be kept. */
export interface RouterStats {
  /** The transports that listen: none before `start`. */
  readonly transports: readonly TransportStats[];
  /** Sessions in the router's own process: components, and those of `router.session()`. */
  readonly localSessions: number;
  /** How often each limit was hit since the router was created, by its key. A limit that was never hit has 0. */
  readonly limits: ReadonlyMap<string, number>;
}
