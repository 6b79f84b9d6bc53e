/** What a strategy, or a method with blocks of its own, may ask about the files and modules that its block names. */
export interface BlockSurroundings {
  /** The absolute path of a file: relative ones begin at the config file's folder. */
  readonly resolve: (path: string) => string;
  /**
   * The URL of a module, a file or a package, which is looked for beside the config file, then in the working directory.
   * @throws if there is none, with a sentence that says so
   */
  readonly resolveModule: (name: string) => string;
  /** Tells the operator of what is legal, and probably a mistake. @param path the keys within the block that lead to it */
  readonly warn: (path: readonly (string | number)[], message: string) => void;
  /** Whether other routers, or workers, serve the same clients: the config has a `cluster`. */
  readonly isClustered: boolean;
  /** Whether those may run on other machines, too: workers do not. */
  readonly spansMachines: boolean;
}

/** What a strategy, or a method, has made for one of its blocks. */
export interface OpenBlock<O = unknown> {
  /** What `resolve` and `decoy` get in place of the block. */
  readonly value: O;
  /**
   * Ends it: when the router closes, and after a reload, which opens the new block first. Nothing is asked of it any more
   * by then, unless an answer takes longer than half a minute.
   */
  readonly close?: () => void | Promise<void>;
}
