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

/**
 * A store that may hang and fail: each question has its time, and what goes wrong is logged. Questions about one key are
 * asked one after the other, so that a slow write never comes after a deletion, nor a read before a write.
 */
export class BoundedStore {
  readonly #store: LoginStore;
  readonly #name: string;
  readonly #log: Log;
  readonly #time: number;
  /** When the last question about a key has its answer. */
  readonly #last = new Map<string, Promise<void>>();
  #waiting = 0;

  /** @param name for the log @param time for one question, in milliseconds */
  constructor(store: LoginStore, name: string, log: Log, time = TIME) {
    this.#store = store;
    this.#name = name;
    this.#log = log;
    this.#time = time;
  }

  get(key: string): Promise<string | undefined> {
    return this.#ask(key, () => this.#store.get(key));
  }

  set(key: string, text: string, expires: number, owner: string): Promise<void> {
    return this.#ask(key, () => this.#store.set(key, text, expires, owner));
  }

  delete(key: string): Promise<void> {
    return this.#ask(key, () => this.#store.delete(key));
  }

  /** What was asked is answered first, if it takes no longer than it may. */
  async close(): Promise<void> {
    await within(this.#time, undefined, () => Promise.all(this.#last.values())).catch(() => undefined);
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
    return new StoreFailure("the store of cookies failed");
  }

  async #ask<T>(key: string, ask: () => T | Promise<T>): Promise<T> {
    if (this.#waiting >= MOST_WAITING) throw this.failed(new Error(`${MOST_WAITING} questions wait for its answers`));
    this.#waiting++;
    const answer = (this.#last.get(key) ?? Promise.resolve()).then(ask);
    const end = (): void => {
      this.#waiting--;
      if (this.#last.get(key) === last) this.#last.delete(key);
    };
    const last: Promise<void> = answer.then(end, end);
    this.#last.set(key, last);
    try {
      return await within(this.#time, undefined, () => answer);
    } catch (error) {
      throw this.failed(error);
    }
  }
}
