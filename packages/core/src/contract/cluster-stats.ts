/** How long something took, how often. */
export interface Durations {
  readonly count: number;
  /** Of all together, in seconds. */
  readonly sum: number;
  /** How many took no longer than that: by a number of seconds, from the least to the most. */
  readonly buckets: ReadonlyMap<number, number>;
}

/** How many went out, and how many came. */
export interface BothWays {
  readonly sent: number;
  readonly received: number;
}

/**
 * What a link to other nodes counts since it started. Each property gives the current value at each read. Kinds are words
 * of the link: there are few, and none of them has text from a client.
 */
export interface LinkStats {
  /** How many nodes are there, with this one. */
  readonly nodes: number;
  /** Whether this node reaches the network between the nodes. */
  readonly isConnected: boolean;
  /** What nodes told each other, by kind. What is for three nodes counts three times. */
  readonly messages: ReadonlyMap<string, BothWays>;
  readonly bytes: BothWays;
  /** What was on its way to a node when the pair with it ended, and may not have come: by kind. */
  readonly lost: ReadonlyMap<string, number>;
  /** Events that were not sent, by why: `window` for a node that is too slow, `cut-off` for the network. */
  readonly dropped: ReadonlyMap<string, number>;
  /** How often two nodes began again, since something was lost. */
  readonly resets: number;
  /** Nodes that are gone, by what told it: `silence`, `refused` if nothing is there any more, `bye`. */
  readonly gone: ReadonlyMap<string, number>;
  /** What other nodes have not acknowledged, in bytes. */
  readonly unacknowledgedBytes: number;
  /** From a heartbeat to its acknowledgement by another node. */
  readonly hop: Durations;
  /** What the arbiter took to decide a claim. */
  readonly claim: Durations;
  /** Procedures that this node held and others took. */
  readonly claimsLost: number;
  /** How often another node did not act in time by what it was told, so that a client was answered before. */
  readonly unsettled: number;
  /** What came and could not be read. */
  readonly unreadable: number;
}
