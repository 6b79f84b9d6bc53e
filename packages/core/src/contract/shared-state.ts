/**
 * What the routers of a cluster share beside their realms. A router without a cluster has it, too: then it shares with
 * nobody, and the same code works. Topics and keys are the plugin's own: other plugins do not meet them.
 */
export interface SharedState {
  /**
   * Tells all nodes something. The listeners of this router are called before it returns.
   *
   * @param value what JSON can say, 64 KiB at most
   * @param options `keepFor`: for how many seconds nodes that come later, or come back, are told it, too. As long as this
   * router runs, and for 10,000 announcements in all. Default: 0, they are not
   * @returns resolves when the other nodes have it, or half a second later: it never rejects
   * @throws PluginError `WG_PLUGIN_SHARED` if it cannot be told to others
   * @example await api.shared.announce("revoked", id, { keepFor: 3600 });
   */
  announce(topic: string, value: unknown, options?: { readonly keepFor?: number }): Promise<void>;
  /**
   * Listens to what is announced, on this node and on others. Call it in `apply`. Each announcement comes once, and those of
   * one node in their order.
   *
   * @param listener what comes of other nodes may be anything: check it. What the listener throws is logged
   * @example api.shared.on("revoked", (id) => typeof id === "string" && endSessionsOf(id));
   */
  on(topic: string, listener: (value: unknown) => void): void;
  /**
   * Spends a number, as the one of a code that counts once. Of several nodes that spend it at the same moment, one succeeds.
   *
   * @param key what the number belongs to, of any length. Only its hash is kept
   * @param number a whole number from 0. Lower ones are spent with it
   * @param options `keepFor`: for how many seconds that is remembered, a day at most: at least as long as the number means something
   * @returns false if it was spent already
   * @throws PluginError `WG_PLUGIN_SHARED` if an argument is wrong. Rejects with `WG_CUT_OFF` if the nodes cannot agree now:
   * then do not let the client in
   * @example if (!(await api.shared.spend(authid, step, { keepFor: 120 }))) return deny();
   */
  spend(key: string, number: number, options: { readonly keepFor: number }): Promise<boolean>;
  /**
   * Whether the nodes can agree now: false while this one is cut off, so that it does not hear what others announce. Ask it
   * before a client is let in by what another node may have revoked. With `offline-second-factor: true` in the config's `cluster`
   * each node may decide for itself, and it is true.
   *
   * @returns resolves within a second; it never rejects
   * @example if (!(await api.shared.canAgree())) return deny();
   */
  canAgree(): Promise<boolean>;
}

/** What a method gets of its plugin's view of the router. */
export interface MethodApi {
  /** What the plugin shares with itself on the other nodes of a cluster. */
  readonly shared: SharedState;
}

/** Something that a node tells all others. `start` and `number` together name it. */
export interface Announcement {
  /** Which start of the router tells it: a text that no other start has. */
  readonly start: string;
  /** Counts what this start announces: 1, 2, 3 … */
  readonly number: number;
  readonly topic: string;
  /** What JSON can say. */
  readonly value: unknown;
}

/** What a router asks of its link, beside what its realms do. */
export interface RouterLink {
  /**
   * Tells all other nodes. What is announced comes there in this order.
   * @returns resolves when they have it. The link ends the wait for a node that is slow or gone; it never rejects
   */
  announce(announcement: Announcement): Promise<void>;
  /**
   * Spends a number. One arbiter decides for all nodes.
   *
   * @param key a hash in hexadecimal digits
   * @param keepFor for how long it is remembered, in milliseconds
   * @returns resolves to false if this number or a greater one is spent; rejects if the arbiter cannot be reached
   */
  spend(key: string, number: number, keepFor: number): Promise<boolean>;
  /** Whether the arbiter can be reached, or this node may decide by itself. It may reject instead of false. */
  canAgree(): Promise<boolean>;
}

/** What a link tells its router. Nothing here throws. */
export interface RouterSide {
  /** What a node is told that has just come, or is back. What it knows already may come again. */
  announcements(): Iterable<Announcement>;
  /**
   * Another node has announced something.
   * @param node its name
   * @param announcement what came: it may be anything
   * @returns false if it is no announcement; it was logged
   */
  announced(node: string, announcement: unknown): boolean;
}
