import type { LinkContext, NodeName } from "@wampgate/core";

/** What a carrier tells the node that it carries for. Nothing here throws. */
export interface Receiver {
  /**
   * Bytes have come from another node.
   * @param bytes may be anything, and are not changed afterwards
   */
  received(from: NodeName, bytes: Uint8Array): void;
  /** Another node has ended: its process is gone. A carrier that cannot know it leaves that to the silence of the node. */
  ended(node: NodeName): void;
  /** What was sent to a node came to nobody: it has ended, or does not reach the carrier now. Told once a heartbeat at most. */
  absent(node: NodeName): void;
  /**
   * This node does not reach the carrier any more. What is sent from now on is dropped.
   * @param isForGood whether it never will again, since another process has its name. Default: false
   */
  disconnected(isForGood?: boolean): void;
  /** This node reaches the carrier again. */
  connected(): void;
}

/** A value of the arbiter, and the revision at which it was written. */
export interface Entry {
  readonly value: string;
  readonly revision: number;
}

/**
 * One store for all nodes, which decides who was first. Revisions grow with each change of any key. Each function rejects if
 * the store cannot be reached; then it is not known whether the change was made.
 */
export interface Arbiter {
  /** @returns the revision; null if the key exists */
  create(key: string, value: string): Promise<number | null>;
  /** @returns the new revision; null if `revision` is not the present one, or the key does not exist */
  update(key: string, value: string, revision: number): Promise<number | null>;
  /** @returns false if `revision` is not the present one, or the key does not exist */
  delete(key: string, revision: number): Promise<boolean>;
  get(key: string): Promise<Entry | null>;
  /** The keys that begin with `prefix`. */
  keys(prefix: string): Promise<readonly string[]>;
}

/**
 * Carries bytes between nodes. What one node sends another comes in this order, or not at all, and may be late. All that a
 * link promises beyond that is made of it in `link/`.
 */
export interface Carrier {
  /** This node's name, which no other node has. */
  readonly node: NodeName;
  /** The most bytes that it takes at once. */
  readonly maxBytes: number;
  readonly arbiter: Arbiter;
  /** Whether the arbiter may lose all that it has while nodes run. Left out: it does not. */
  readonly forgets?: boolean;
  /** Lets what comes go to `receiver` from now on. Called first, and once more if a node that starts has something to ask. */
  start(receiver: Receiver): void;
  /**
   * Sends bytes to a node, if it is there. They are not changed afterwards. A link has gathered what one turn of the event loop
   * sends to a node: a carrier need not. Never throws.
   */
  send(to: NodeName, bytes: Uint8Array): void;
  /** Sends bytes to all other nodes, also those that this one does not know. Never throws. */
  sendAll(bytes: Uint8Array): void;
  /**
   * Resolves when the network has all that was sent until now, and rejects if it may not have it. Those who ask in one turn of
   * the event loop may get the same promise. Left out: what was sent has left.
   */
  taken?(): Promise<void>;
  /** Ends. What was sent before still leaves. */
  close(): Promise<void>;
}

/**
 * Connects a node to the others.
 * @throws Error if that cannot be, or if another node has its name: a sentence that says what to do
 */
export type OpenCarrier<E> = (options: E, context: LinkContext) => Carrier | Promise<Carrier>;

/**
 * Tries what a carrier needs, as `OpenCarrier` would, and changes nothing: a node of this name may run. What it throws is a problem of
 * the config; a `BlockError` names the key.
 * @returns what has answered, for the operator
 */
export type ProbeCarrier<E> = (options: E, context: Pick<LinkContext, "folder" | "signal">) => Promise<string>;
