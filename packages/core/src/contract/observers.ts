import type { LinkStats } from "./cluster-stats.ts";
import type { ConfigRef } from "./login-record.ts";
import type { SessionInfo } from "./session-port.ts";

/** A client was refused, slowed or disconnected because of a limit. */
export interface LimitHit {
  /** The limit's key in the config. */
  readonly limit: string;
  /** What happened, for the operator. */
  readonly message: string;
  /** Who it was: `transport.peer`. */
  readonly peer: string;
  /** The client's address without family and port; null if it has none. */
  readonly address: string | null;
  /** Null if it has not joined a realm. */
  readonly session: SessionInfo | null;
  /** Whose limit it is: a realm's name, or which entry of `transports`, counted from 0; null: the router's, or an endpoint's. */
  readonly where: string | number | null;
  /** Where the limit stands in the config, or what it would stand in; null if that is not known. */
  readonly config: ConfigRef | null;
}

/** A hit, as what enforces the limit knows it. */
export interface ReportedHit extends Pick<LimitHit, "limit" | "message" | "peer" | "session"> {
  /** Which entry of `transports` the client came to, if that is known. */
  readonly transport?: number;
  /** The realm, if it is known though the session has not joined. */
  readonly realm?: string;
}

export type ReportLimit = (hit: ReportedHit) => void;

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

/** A procedure that decides logins or actions. */
export interface ServiceCallStats {
  /** How many sessions have registered it. */
  readonly callees: number;
  /** How many calls of the router have not ended yet. */
  readonly pending: number;
}

/** What a router counts. Each property gives the current value at each read, so the object may be kept. */
export interface RouterStats {
  /** The transports that listen: none before `start`. */
  readonly transports: readonly TransportStats[];
  /** Sessions in the router's own process: components, and those of `router.session()`. */
  readonly localSessions: number;
  /** How often each limit was hit since the router was created, by its key. A limit that was never hit has 0. */
  readonly limits: ReadonlyMap<string, number>;
  /** The config's authenticators and authorizers, by URI. */
  readonly serviceCalls: ReadonlyMap<string, ServiceCallStats>;
  /** What the link to other nodes counts. Null: there is none, or it does not run, or it counts nothing. */
  readonly cluster: LinkStats | null;
  /** How many realms other nodes have with other roles or options, counted for each node. */
  readonly configDiffers: number;
}

/** What has passed through a URI since somebody began to observe. The numbers only grow. */
export interface UriCounts {
  /** Calls that were sent to a callee. */
  readonly calls: number;
  /** Those that ended without a result: an error of the callee, a timeout, a cancel, or a side that left. */
  readonly errors: number;
  /** Events that were sent to subscribers of this node: one publication for ten subscribers is ten events. */
  readonly events: number;
}

/** The same of a whole realm. The router's own procedures, `wamp.…`, are not counted as calls. */
export interface RealmCounts extends UriCounts {
  /** PUBLISH of sessions of this node, also where it has no subscriber. */
  readonly publishes: number;
  /** What these PUBLISH carried: the bytes of their payloads. */
  readonly bytes: number;
  /**
   * By the URI that was called or published to, 10,000 of a realm. Beyond that, URIs that have rested are forgotten: such
   * a one begins again at 0.
   */
  readonly uris: ReadonlyMap<string, UriCounts>;
}

/** A call that has ended. */
export interface ObservedCall {
  readonly realm: string;
  readonly procedure: string;
  /** Whether it ended with a result. */
  readonly isResult: boolean;
  /** From CALL to its end, in milliseconds. */
  readonly ms: number;
}

/** What is told of while somebody observes. */
export interface Observer {
  /** One call in 16 has ended. What it throws is logged. It is on the path of each call: keep it short. */
  readonly callEnded?: (call: ObservedCall) => void;
}

/** Counts of what passes through the realms, until it is stopped. */
export interface Observation {
  /** The counts now, by realm: none of a realm that a reload has removed. All who observe share them. */
  readonly realms: ReadonlyMap<string, RealmCounts>;
  /** Ends it. May be called more than once. */
  readonly stop: () => void;
}
