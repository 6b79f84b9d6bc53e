import { type Log, thrownText, unlessRepeated, within } from "@wampgate/core";
import type { Purpose, Store } from "./store.ts";

/** How long a question to a store may take, in milliseconds. */
const TIME = 1000;
/** After how many times of that it counts as lost: nothing waits for it any more. */
const LOST = 30;
/** How many may wait for an answer. */
const MOST_WAITING = 1000;

/** A store has failed. That has been logged. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}

/** What a store answers, or `otherwise` if it fails. */
export async function unlessFailed<T, O>(answer: Promise<T>, otherwise: O): Promise<T | O> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StoreFailure) return otherwise;
    throw error;
  }
}

/** What messages say of a store. */
export interface BoundedStoreNames extends Purpose {
  /** Which store it is, for the log. */
  readonly name: string;
}

/**
 * A store that may hang and fail: each question has its time, and what goes wrong is logged. What is written
 * to one key comes one after the other, so that a slow write never comes after a deletion, nor a read before it. A question
 * that is never answered counts as lost after a while, so that a store that hung works again.
 */
export class BoundedStore {
  readonly #store: Store;
  readonly #names: BoundedStoreNames;
  readonly #log: Log;
  readonly #time: number;
  /** By key, when its last write is done. */
  readonly #writes = new Map<string, Promise<void>>();
  #waiting = 0;

  /** @param time for one question, in milliseconds */
  constructor(store: Store, names: BoundedStoreNames, log: Log, time = TIME) {
    this.#store = store;
    this.#names = names;
    this.#log = log;
    this.#time = time;
  }

  get(key: string): Promise<string | undefined> {
    return this.#ask(key, () => this.#store.get(key), false);
  }

  set(key: string, text: string, expires: number, owner: string): Promise<void> {
    return this.#ask(key, () => this.#store.set(key, text, expires, owner), true);
  }

  delete(key: string): Promise<void> {
    return this.#ask(key, () => this.#store.delete(key), true);
  }

  /** What was written is done first, if it takes no longer than it may. */
  async close(): Promise<void> {
    await within(this.#time, undefined, () => Promise.all(this.#writes.values())).catch(() => undefined);
    await this.#store.close();
  }

  /** Logs a failure: one of the store, or that what it gave cannot be read. */
  failed(error: unknown): StoreFailure {
    const { name, what, meanwhile } = this.#names;
    unlessRepeated(this, "failed", (repeats) =>
      this.#log.error(
        { store: name, problem: thrownText(error), ...repeats },
        `the store of ${what} failed: ${meanwhile}`,
      ),
    );
    return new StoreFailure(`the store of ${what} failed`, { cause: error });
  }

  /** @param isWrite whether what is asked next about the key waits for it */
  async #ask<T>(key: string, ask: () => T | Promise<T>, isWrite: boolean): Promise<T> {
    if (this.#waiting >= MOST_WAITING) throw this.failed(new Error(`${MOST_WAITING} questions wait for its answers`));
    this.#waiting++;
    const answer = (this.#writes.get(key) ?? Promise.resolve()).then(ask);
    const done = this.#settled(answer);
    const end = (): void => {
      this.#waiting--;
      if (this.#writes.get(key) === done) this.#writes.delete(key);
    };
    done.then(end, end);
    if (isWrite) this.#writes.set(key, done);
    try {
      return await within(this.#time, undefined, () => answer);
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** Resolves when there is an answer, or when it counts as lost. */
  #settled(answer: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const lost = setTimeout(resolve, this.#time * LOST).unref();
      const settled = (): void => {
        clearTimeout(lost);
        resolve();
      };
      answer.then(settled, settled);
    });
  }
}
