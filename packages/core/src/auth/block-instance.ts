import type { BlockInstance } from "../contract/auth-settings.ts";
import type { PluginApi } from "../contract/plugin-api.ts";
import type { BlockSurroundings, OpenBlock } from "../contract/block.ts";
import type { Strategy } from "../contract/strategy.ts";
import { pathText } from "../errors/config-error.ts";
import { Deadline, within } from "../wamp/deadline.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { isDict, kindOf } from "../wamp/messages.ts";
import { Denial } from "./denial.ts";

/** How long a block may take to open, or to answer what it was asked before it is closed, in milliseconds. */
const PATIENCE = 30_000;
/** How long a block, or `cluster`, may ask the servers and databases that it names. */
const PROBE_TIME = 10_000;
/** How long it may take to close. */
const CLOSE_TIME = 10_000;

/** What opens a block: a strategy, or a method with blocks of its own. */
type Opener = Pick<Strategy, "open" | "probe">;

/** What a probe says that has answered; null if there is nothing to try. */
export async function probed(probe: (signal: AbortSignal) => unknown): Promise<string | null> {
  const answer = await within(PROBE_TIME, undefined, probe);
  return typeof answer === "string" ? answer : null;
}

/** @see BlockInstance */
export class StrategyInstance implements BlockInstance {
  readonly at: readonly (string | number)[];
  readonly plugin: string;
  readonly #strategy: Opener;
  readonly #block: unknown;
  #open: OpenBlock | null = null;
  /** How many questions have no answer yet. */
  #asked = 0;
  #idle: (() => void) | null = null;

  constructor(strategy: Opener, block: unknown, at: readonly (string | number)[], plugin: string) {
    this.#strategy = strategy;
    this.#block = block;
    this.at = at;
    this.plugin = plugin;
  }

  async probe(surroundings: BlockSurroundings): Promise<string | null> {
    const { probe } = this.#strategy;
    if (probe === undefined) return null;
    return probed((signal) => probe(this.#block, { ...surroundings, signal }));
  }

  async open(api: PluginApi, surroundings: BlockSurroundings): Promise<void> {
    const limit = new Deadline(PATIENCE);
    const opening = (async () => this.#strategy.open?.(this.#block, api, { ...surroundings, at: pathText(this.at) }))();
    try {
      const open: unknown = await limit.until(opening);
      if (!isDict(open) || !("value" in open))
        throw new Error(`open() gave ${kindOf(open)}, expected { value, close }`);
      this.#open = open as unknown as OpenBlock;
    } catch (error) {
      // What opens too late is not needed any more.
      opening
        .then(
          (late) => late?.close?.(),
          () => undefined,
        )
        .catch(() => undefined);
      throw error;
    } finally {
      limit.end();
    }
  }

  async ask<T>(work: (value: unknown) => T | Promise<T>): Promise<T> {
    const open = this.#open;
    if (open === null)
      throw new Denial(ErrorUri.authenticationFailed, "the login could not be decided; log in again", {
        code: "reloaded",
        params: { why: `the block ${pathText(this.at)} is not there any more` },
      });
    this.#asked++;
    try {
      return await work(open.value);
    } finally {
      if (--this.#asked === 0) this.#idle?.();
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    if (this.#asked > 0) await this.#answered();
    const limit = new Deadline(CLOSE_TIME);
    try {
      await limit.until(Promise.resolve(open.close?.()));
    } finally {
      limit.end();
    }
  }

  #answered(): Promise<void> {
    return new Promise((resolve) => {
      const limit = new Deadline(PATIENCE, undefined, () => resolve());
      this.#idle = () => {
        limit.end();
        resolve();
      };
    });
  }
}
