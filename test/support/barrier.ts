import { setImmediate } from "node:timers/promises";
import { definePlugin, type Plugin, type SharedState } from "@wampgate/core";

/** How long the nodes may take to settle before a test fails, in milliseconds. */
const PATIENCE = 10_000;

/** What one node tells all others in one round. */
interface Mark {
  readonly by: string;
  readonly round: number;
}

/**
 * Tells when all is done that routers of one process had on their way to each other. Each one tells all others a mark, and
 * it comes behind what was sent before.
 */
export class Barrier {
  readonly #nodes = new Map<string, SharedState>();
  /** What waits for a round: which marks are still to come, as `from to`, and what to do then. */
  readonly #waiting = new Map<number, { readonly missing: Set<string>; readonly done: () => void }>();
  #round = 0;

  /** The plugin for one node. */
  plugin(name: string): Plugin {
    return definePlugin({
      name: "barrier",
      core: "*",
      apply: ({ shared }) => {
        this.#nodes.set(name, shared);
        shared.on("mark", (mark) => this.#came(name, mark as Mark));
      },
    });
  }

  /**
   * Resolves when each node has acted by all that the others had sent it, and by what they sent in answer to that.
   * @throws Error if it takes too long
   */
  async settled(): Promise<void> {
    await setImmediate(); // what clients have sent comes to their node first
    await this.#marked();
    await this.#marked();
  }

  #marked(): Promise<void> {
    const round = ++this.#round;
    const names = [...this.#nodes.keys()];
    const missing = new Set(names.flatMap((by) => names.filter((to) => to !== by).map((to) => `${by} to ${to}`)));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(round);
        reject(new Error(`the nodes have not settled within ${PATIENCE} ms: no mark came from ${[...missing].join()}`));
      }, PATIENCE);
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(round);
        resolve();
      };
      this.#waiting.set(round, { missing, done });
      for (const [by, shared] of this.#nodes) void shared.announce("mark", { by, round });
    });
  }

  #came(to: string, { by, round }: Mark): void {
    const waiting = this.#waiting.get(round);
    waiting?.missing.delete(`${by} to ${to}`);
    if (waiting?.missing.size === 0) waiting.done();
  }
}
