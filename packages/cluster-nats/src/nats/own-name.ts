import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Arbiter, Entry } from "@wampgate/cluster";
import type { NodeName } from "@wampgate/core";

/** How long a process may take from its claim until it listens, in milliseconds. After that it is taken for one that has ended. */
const START_TIME = 2000;

/** How often it is looked whether a process that has claimed the name listens, in milliseconds. */
const LOOK = 20;

/** How often a claim may be overtaken by another one, until this process gives up. */
const MOST_ROUNDS = 10;

/** Keys of the bucket that say which process has the name of a node. */
const PREFIX = "name.";

/** Where this process is, for the message to another one that wants the same name. */
export const PLACE = `process ${process.pid} on ${hostname()}`;

/** Another process has the name: a sentence that names both. */
export class NameTaken extends Error {
  override readonly name = "NameTaken";
}

export interface OwnNameOptions {
  readonly cluster: string;
  readonly node: NodeName;
  readonly arbiter: Arbiter;
  /** Asks the process that listens by the name where it is. Null: there is none. */
  readonly ask: () => Promise<string | null>;
  /** Fires when the node ends: what waits then rejects. */
  readonly signal: AbortSignal;
}

/**
 * The name of a node, which one process has at a time. A process claims it, listens by it, and confirms the claim. Who finds a
 * confirmed claim of another process asks it: one that was killed does not answer, and its claim is taken over. So is a claim
 * that is not confirmed soon. A process that was cut off looks whether it has the name still.
 */
export class OwnName {
  readonly #options: OwnNameOptions;
  readonly #key: string;
  readonly #process = randomUUID();
  /** Of this process's claim; null: it has none. */
  #revision: number | null = null;

  constructor(options: OwnNameOptions) {
    this.#options = options;
    this.#key = PREFIX + options.node;
  }

  /** @throws NameTaken if another process has the name: both places are named */
  async claim(): Promise<void> {
    await this.#take(`starting ${this.#process}`, true);
  }

  /** This process listens by the name now. @throws NameTaken if that took so long that another one has claimed it */
  async confirm(): Promise<void> {
    const { arbiter } = this.#options;
    const running = this.#running;
    this.#revision = this.#revision === null ? null : await arbiter.update(this.#key, running, this.#revision);
    if (this.#revision !== null) return;
    const found = await arbiter.get(this.#key);
    if (found !== null && found.value !== running) throw this.#taken("process that has just claimed the name");
    // The answer to an attempt was lost, or all that the arbiter had.
    this.#revision = found?.revision ?? null;
  }

  /**
   * Looks whether this process, which runs, has the name still: others may have taken it for one that has ended.
   * @throws NameTaken if another process has the name now
   */
  async keep(): Promise<void> {
    await this.#take(this.#running, false);
  }

  /** The process ends: who wants the name next need not ask. */
  async release(): Promise<void> {
    const revision = this.#revision;
    this.#revision = null;
    if (revision !== null) await this.#options.arbiter.delete(this.#key, revision);
  }

  get #running(): string {
    return `running ${this.#process}`;
  }

  /** @param asksAlways whether another process is asked for also where there is no claim: the arbiter may have lost it */
  async #take(value: string, asksAlways: boolean): Promise<void> {
    const { arbiter, signal } = this.#options;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = await this.#whenConfirmed();
      if (found?.value.endsWith(this.#process) === true)
        this.#revision = found.revision; // also if the answer to an attempt was lost
      else {
        if (found !== null || asksAlways) await this.#requireFree();
        this.#revision = await (found === null
          ? arbiter.create(this.#key, value)
          : arbiter.update(this.#key, value, found.revision));
      }
      if (this.#revision !== null) return;
      await wait(LOOK, undefined, { signal });
    }
    throw this.#taken("process that has just claimed the name");
  }

  /** The claim that is there, as soon as its process has confirmed it or has had the time to. Null: there is none. */
  async #whenConfirmed(): Promise<Entry | null> {
    const { arbiter, signal } = this.#options;
    let first: Entry | null = null;
    for (let end = 0; ;) {
      const found = await arbiter.get(this.#key);
      if (found === null || !found.value.startsWith("starting ") || found.value.endsWith(this.#process)) return found;
      const now = performance.now();
      if (found.revision !== first?.revision) {
        first = found;
        end = now + START_TIME;
      } else if (now > end) return found;
      await wait(LOOK, undefined, { signal });
    }
  }

  async #requireFree(): Promise<void> {
    const place = await this.#options.ask();
    if (place !== null) throw this.#taken(place.slice(0, 300));
  }

  #taken(place: string): NameTaken {
    const { cluster, node } = this.#options;
    this.#revision = null;
    return new NameTaken(
      `the cluster "${cluster}" has a node "${node}" already, the ${place}, and this is the ${PLACE}: end that one, or set node in cluster to another name`,
    );
  }
}
