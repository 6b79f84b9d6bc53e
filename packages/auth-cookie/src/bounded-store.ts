import { type Log, thrownText, unlessRepeated, within } from "@wampgate/core";
import type { LoginStore } from "./store.ts";

/** How long a question to a store may take, in milliseconds. */
const TIME = 1000;
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

/**
 * A store that may hang and fail: each question has its time, and what goes wrong is logged. What is written
 * to one key comes one after the other, so that a slow write never comes after a deletion, nor a read before it.
 */
export class BoundedStore {
  readonly #store: LoginStore;
  readonly #name: string;
  readonly #log: Log;
  readonly #time: number;
  /** By key, when its last write is done. */
  readonly #writes = new Map<string, Promise<void>>();
  #waiting = 0;

  /** @param name for the log @param time for one question, in milliseconds */
  constructor(store: LoginStore, name: string, log: Log, time = TIME) {
    this.#store = store;
    this.#name = name;
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

  /** Logs a failure: one of the store, or what it gave that is no login. */
  failed(error: unknown): StoreFailure {
    unlessRepeated(this, "failed", (repeats) =>
      this.#log.error(
        { store: this.#name, problem: thrownText(error), ...repeats },
        "the store of cookies failed: clients log in without them meanwhile",
      ),
    );
    return new StoreFailure("the store of cookies failed", { cause: error });
  }

  /** @param isWrite whether what is asked next about the key waits for it */
  async #ask<T>(key: string, ask: () => T | Promise<T>, isWrite: boolean): Promise<T> {
    if (this.#waiting >= MOST_WAITING) throw this.failed(new Error(`${MOST_WAITING} questions wait for its answers`));
    this.#waiting++;
    const answer = (this.#writes.get(key) ?? Promise.resolve()).then(ask);
    const end = (): void => {
      this.#waiting--;
      if (this.#writes.get(key) === done) this.#writes.delete(key);
    };
    const done: Promise<void> = answer.then(end, end);
    if (isWrite) this.#writes.set(key, done);
    try {
      return await within(this.#time, undefined, () => answer);
    } catch (error) {
      throw this.failed(error);
    }
  }
}
