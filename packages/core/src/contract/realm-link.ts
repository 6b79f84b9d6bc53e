import type { InvocationPolicy } from "../wamp/invocation-policy.ts";
import type { Dict, Stretch } from "../wamp/payload.ts";
import type { MatchPolicy } from "../wamp/uri.ts";
import type { LinkStats } from "./cluster-stats.ts";
import type { RouterCause } from "./session-port.ts";
import type { Log } from "./log.ts";
import type { Schema } from "./schema.ts";
import type { RouterLink, RouterSide } from "./shared-state.ts";

// The seam for clusters: several routers, the nodes, act as one. Core knows what nodes have to tell each other, a plugin's
// link carries it. All that crosses is data that `structuredClone` can copy.

/** One router of a cluster, by its name. */
export type NodeName = string;

/** `args` and `kwargs` of a message as the bytes that came, which are not read on their way: a range of longer bytes. */
export interface PackedPayload extends Stretch {
  /** The format of the bytes: `json`, `msgpack` or `cbor`. */
  readonly format: string;
}

/** One of the lists in PUBLISH.Options that say who may get an event: `eligible…` are wanted, `exclude…` are not. */
export interface AudienceList {
  readonly attribute: "session" | "authid" | "authrole";
  readonly members: readonly (number | string)[];
  readonly isWanted: boolean;
}

/** An event on its way to another node. Permissions, limits and disclosure were judged where its publisher is. */
export interface RemoteEvent {
  readonly type: "EVENT";
  /** The publication's id, the same on every node. */
  readonly id: number;
  readonly topic: string;
  readonly payload: PackedPayload | undefined;
  /** EVENT.Details for every receiver, less what only a subscription knows. */
  readonly details: Readonly<Dict>;
  /** Who may get it: each list is judged where the subscriber is. Null: all sessions. */
  readonly audience: readonly AudienceList[] | null;
  /** Whether it is kept for later subscribers. */
  readonly retain: boolean;
  /**
   * When it was published, in microseconds since 1970, and later than all that its node knew of: all nodes have kept events in
   * this order. 0: the time is not known.
   */
  readonly at: number;
}

/** A call for a callee of another node. Its details are ready: the caller's node knows what the callee wants to know. */
export interface RemoteInvocation {
  readonly type: "INVOCATION";
  /** Counts the calls from one node to another: 1, 2, 3 … */
  readonly request: number;
  readonly registration: number;
  /** The callee's session. */
  readonly callee: number;
  /** False for a later part of a progressive call, which has the request of the first one. */
  readonly isFirst: boolean;
  readonly details: Readonly<Dict>;
  readonly payload: PackedPayload | undefined;
}

/** A call was cancelled, or its time is up. */
export interface RemoteInterrupt {
  readonly type: "INTERRUPT";
  readonly request: number;
  /** `kill`: the caller waits for an answer. */
  readonly mode: "kill" | "killnowait";
  readonly reason: string;
}

/** A result of a call, or a part of it: then `details` has `progress: true`. */
export interface RemoteResult {
  readonly type: "RESULT";
  readonly request: number;
  readonly details: Readonly<Dict>;
  readonly payload: PackedPayload | undefined;
}

/** A call has failed. */
export interface RemoteError {
  readonly type: "ERROR";
  readonly request: number;
  readonly details: Readonly<Dict>;
  readonly error: string;
  readonly payload: PackedPayload | undefined;
  /** Why, if the callee's node itself made the error; null: the callee made it. */
  readonly cause: RouterCause | null;
}

/**
 * Why a callee did not get a call: it does not offer the procedure any more, it has as many calls as it takes, or it reads
 * too slowly.
 */
export type RefusalReason = "not-here" | "full" | "slow";

/** A callee did not get a call: the caller's node chooses another one. */
export interface RemoteRefusal {
  readonly type: "REFUSAL";
  readonly request: number;
  readonly why: RefusalReason;
}

/** A meta procedure is called for what the asked node alone knows. Whether the caller may do that is judged already. */
export interface RemoteQuestion {
  readonly type: "QUESTION";
  /** Counts the questions of one node: 1, 2, 3 … */
  readonly request: number;
  readonly procedure: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
}

/** The answer to a question: its value, or an error. */
export interface RemoteAnswer {
  readonly type: "ANSWER";
  readonly request: number;
  readonly value: unknown;
  readonly error: { readonly uri: string; readonly message: string } | null;
}

/** What one node sends to another about a realm. */
export type RemoteMessage =
  | RemoteEvent
  | RemoteInvocation
  | RemoteInterrupt
  | RemoteResult
  | RemoteError
  | RemoteRefusal
  | RemoteQuestion
  | RemoteAnswer;

/** A node has subscribers of a topic or pattern: it wants its events. */
export interface InterestFact {
  readonly kind: "interest";
  readonly match: MatchPolicy;
  readonly uri: string;
  /** When the node's subscription was made: milliseconds since 1970. */
  readonly created: number;
}

/** A session of a node offers a procedure. `registration` and `session` together name the fact. */
export interface CalleeFact {
  readonly kind: "callee";
  readonly registration: number;
  readonly match: MatchPolicy;
  readonly uri: string;
  readonly invoke: InvocationPolicy;
  /** When the registration was made: milliseconds since 1970. */
  readonly created: number;
  /** Of the claim: the callees of a registration are in this order on every node. */
  readonly order: number;
  readonly session: number;
  readonly authid: string;
  readonly authrole: string;
  readonly authmethod: string;
  /** The features of a callee that it announced. */
  readonly features: Readonly<Record<string, boolean>>;
  readonly discloseCaller: boolean;
  readonly forwardTimeout: boolean;
}

/** A session is on a node. */
export interface SessionFact {
  readonly kind: "session";
  readonly session: number;
  readonly authid: string;
  readonly authrole: string;
}

/**
 * An event to be published when a session is gone, also if its node is gone with it. `session` and `number` together name
 * the fact.
 */
export interface TestamentFact {
  readonly kind: "testament";
  readonly session: number;
  readonly number: number;
  /** Those of scope `detached` are published first. */
  readonly scope: "detached" | "destroyed";
  readonly event: RemoteEvent;
}

/**
 * An event is kept: for later subscribers (`retain`), or in the history of its topic. It is told to nodes that come later: the others
 * had it when it was published.
 */
export interface KeptFact {
  readonly kind: "kept";
  readonly event: RemoteEvent;
}

/** A procedure of this URI is an authenticator or authorizer of the node: all nodes guard it. */
export interface GuardFact {
  readonly kind: "guard";
  readonly uri: string;
}

/** A node has these rules for the realm: its roles and options. A node has one such fact at a time. */
export interface RulesFact {
  readonly kind: "rules";
  /** The same for the same rules. */
  readonly digest: number;
}

/** What is so on one node of a realm, which all others must know. */
export type Fact = InterestFact | CalleeFact | SessionFact | TestamentFact | KeptFact | GuardFact | RulesFact;

/** The wish of a session to offer a procedure. */
export interface ClaimWish {
  readonly match: MatchPolicy;
  readonly uri: string;
  /** Claims of one procedure with the same policy, other than `single`, hold it together. */
  readonly invoke: InvocationPolicy;
}

/** A session may offer a procedure. */
export interface Claim {
  /** The registration's id: the same for all that hold it together, and greater than that of any before it. */
  readonly registration: number;
  /** Greater than that of all earlier claims of this registration. */
  readonly order: number;
  /** Whether no other session holds it. */
  readonly isNew: boolean;
}

/** What a realm asks of its link. Nothing here throws unless it says so. */
export interface RealmLink {
  /**
   * Tells all other nodes that a fact holds here, or not any more. What is told and sent to a node comes there in this
   * order.
   * @returns resolves when the others act by it. The link ends the wait for a node that is slow or gone; it never rejects
   */
  tell(fact: Fact, holds: boolean): Promise<void>;
  /** Sends a message to some nodes. It comes once and in order, or the link tells both sides that the other one is gone. */
  send(nodes: readonly NodeName[], message: RemoteMessage): void;
  /** Whether what is sent to a node leaves: false while this node or that one is cut off. */
  reaches(node: NodeName): boolean;
  /**
   * Resolves when the network between the nodes has all that was sent until now, and rejects if it may not have it. It does not
   * wait for other nodes: a slow one slows no publisher. Left out: what was sent has left.
   */
  taken?(): Promise<void>;
  /**
   * Claims a procedure for a session of this node. One arbiter decides for all nodes.
   * @returns resolves to null if others hold it; rejects if the arbiter cannot be reached
   */
  claim(wish: ClaimWish): Promise<Claim | null>;
  /**
   * Gives a claim back. Claims of this node are handled in the order in which they were made and given back. One that was
   * lost meanwhile is given back already: the session that has the procedure now keeps it.
   * @param registration what the claim resolved to
   * @returns resolves to whether the procedure is free now; rejects if the arbiter cannot be reached
   */
  release(wish: ClaimWish, registration: number): Promise<boolean>;
  /** The realm was removed from the config: nothing comes for it any more, and others forget its facts. */
  leave(): void;
}

/** What a link tells a realm. Nothing here throws. */
export interface RealmSide {
  /** The realm's name: realms of one name are one realm. */
  readonly realm: string;
  /** The facts that hold here, for a node that has just come. */
  facts(): Iterable<Fact>;
  /**
   * What is kept here of past events. A node is told when it has told all its facts, so that no event is missed: those that are
   * published from then on are sent to it.
   */
  kept(): Iterable<Fact>;
  /** A node has the realm. Its facts and messages follow: all its facts again, if something was broken before. */
  came(node: NodeName): void;
  /** A node has told all its facts: what it told before and did not tell again does not hold any more. */
  settled(node: NodeName): void;
  /**
   * Something between a node and this one was lost: the calls between them end. The node tells its facts again, or is gone
   * soon. Until then what it told before holds.
   */
  broken(node: NodeName): void;
  /**
   * A fact holds on another node, or not any more.
   * @param fact what came: it may be anything
   * @returns false if it is no fact; it was logged
   */
  told(node: NodeName, fact: unknown, holds: boolean): boolean;
  /**
   * Another node has sent a message.
   * @param message what came: it may be anything
   * @returns false if it is no message; it was logged
   */
  received(node: NodeName, message: unknown): boolean;
  /**
   * A node is gone: its facts are forgotten, and the calls between it and this one end. Subscribers of this node are told of
   * its sessions. If it comes back, it tells its facts again.
   */
  gone(node: NodeName): void;
  /** A node is about to end: its callees are called last. */
  draining(node: NodeName): void;
  /**
   * Others hold a registration that this node held: they thought that it was gone. Its callees here are told.
   */
  lost(registration: number): void;
}

/** What a link gets of the router that it is in. */
export interface LinkContext {
  readonly log: Log;
  /** The config's folder. Paths of files in `cluster` are relative to it. */
  readonly folder: string;
  /** Fires when the start takes too long, or the router is told to stop. */
  readonly signal: AbortSignal;
}

/** A link that runs. */
export interface RunningLink {
  /** This node's name, which no other node has. */
  readonly node: NodeName;
  /**
   * A secret of the cluster, of 16 bytes or more: the same on all its nodes, and never empty. Ids that must be the same on
   * all nodes are made with it, so that no client can foresee them.
   */
  readonly secret: Uint8Array;
  /** Whether calls of this node's clients go to its own callees first, where several share a procedure. Default: false. */
  readonly prefersOwn?: boolean;
  /** Whether clients should come to this node now: `/readyz` tells it. Left out: always. */
  readonly isReady?: boolean;
  /** What it counts. Left out: nothing. */
  readonly stats?: LinkStats;
  /** Joins for what does not belong to a realm. Called once, and before the realms join. */
  attach(side: RouterSide): RouterLink;
  /**
   * Joins a realm. Called for each realm of the config at the start, and for each one that a reload adds. What others tell
   * and send comes after it has returned.
   */
  join(side: RealmSide): RealmLink;
  /** Resolves when the nodes that are there have told the realms that joined all their facts. */
  ready(): Promise<void>;
  /**
   * Tells the other nodes that this one is about to end: they call its callees last, and who claims what it holds waits for
   * it a moment. Left out: they learn it when it is gone.
   */
  drain?(): void;
  /** Tells the other nodes that this one is gone, and ends. */
  close(): Promise<void>;
}

/** A worker process of `wampgate start --workers`, as the primary sees it. */
export interface WorkerProcess {
  /** The name of the node in it. */
  readonly node: NodeName;
  /** Sends what `structuredClone` can copy. What is sent to a worker that has ended is dropped. Never throws. */
  send(message: unknown): void;
}

/** What a link does in the primary of worker processes, which runs no router itself. Nothing here throws. */
export interface WorkerHub {
  /** A worker was started. */
  started(worker: WorkerProcess): void;
  /** A worker has sent something by `process.send`. */
  received(node: NodeName, message: unknown): void;
  /** The process of a worker has ended. */
  ended(node: NodeName): void;
}

/** A way for nodes to reach each other: the `type` of `cluster` in the config. */
export interface Link<E = unknown> {
  readonly type: string;
  /** The keys of `cluster` besides `type`. */
  readonly schema: Schema<E>;
  /** Starts the link, before components start and before the router listens. Rejects if it cannot. */
  readonly start: (options: E, context: LinkContext) => RunningLink | Promise<RunningLink>;
  /**
   * Tries the servers that `cluster` names, as a start would, and changes nothing there. Only `wampgate check --ask` calls it. What it
   * throws is a problem of the config; a `BlockError` names the key. It may take ten seconds.
   *
   * @returns what has answered, for the operator: `NATS answers`; undefined if there is nothing to try
   */
  readonly probe?: (
    options: E,
    context: Pick<LinkContext, "folder" | "signal">,
  ) => string | undefined | Promise<string | undefined>;
  /** For a link between the worker processes of one machine: makes the half of it that is in their primary. */
  readonly hub?: () => WorkerHub;
}
