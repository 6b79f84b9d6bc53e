import { BlockError, type Log, thrownText } from "@wampgate/core";
import { BoundedStore } from "./bounded-store.ts";
import { type Files, isMissing, keyOf, nameOf, openStore } from "./open-store.ts";
import type { StoreSettings } from "./settings.ts";
import type { Purpose } from "./store.ts";

interface Shared<T> {
  readonly opening: Promise<T>;
  /** Null while it is being opened. */
  opened: T | null;
  users: number;
}

/** A store that is only tried has nothing to log: its failure is told. */
const noLog: Log = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  child: () => noLog,
};

/** A store that is in use, and what to call when it is not needed any more. */
export interface Taken<T> {
  readonly store: T;
  readonly giveBack: () => Promise<void>;
}

/**
 * The stores of one router that are for one purpose. Blocks with the same settings share one, and a reload keeps it.
 * `T`: what is made of each.
 */
export class SharedStores<T extends { close(): Promise<void> }> {
  readonly #stores = new Map<string, Shared<T>>();
  readonly #purpose: Purpose;
  readonly #make: (store: BoundedStore, log: Log) => T;

  /** @param make makes of an open store what blocks use; closing it closes the store */
  constructor(purpose: Purpose, make: (store: BoundedStore, log: Log) => T) {
    this.#purpose = purpose;
    this.#make = make;
  }

  /** Those that are open. */
  get opened(): T[] {
    return [...this.#stores.values()].flatMap(({ opened }) => opened ?? []);
  }

  /** Opens a store, unless it is open already. @throws BlockError, at the key `store` of the block */
  async take(settings: StoreSettings, files: Files, log: Log): Promise<Taken<T>> {
    const key = keyOf(settings, files);
    const shared = this.#stores.get(key) ?? { opening: this.#open(settings, files, log), opened: null, users: 0 };
    this.#stores.set(key, shared);
    shared.users++;
    const giveBack = async (): Promise<void> => {
      if (--shared.users > 0) return;
      this.#stores.delete(key);
      await (await shared.opening).close();
    };
    try {
      shared.opened = await shared.opening;
      return { store: shared.opened, giveBack };
    } catch (error) {
      if (--shared.users === 0) this.#stores.delete(key);
      throw error;
    }
  }

  /**
   * Tries a store, for `probe` of a block: one that is open is asked as it is, and no file is made.
   * @param ask reads from it @returns what has answered; undefined: there is nothing to try @throws BlockError
   */
  async probe(settings: StoreSettings, files: Files, ask: (store: T) => Promise<unknown>): Promise<string | undefined> {
    if (settings.type === "memory") return undefined;
    if (await isMissing(settings, files)) return "the start will make the file of its store";
    const { store, giveBack } = await this.take(settings, files, noLog);
    try {
      await ask(store);
      return "its store answers";
    } catch (error) {
      const { cause = error } = error as Error;
      const key = settings.type === "file" ? "filename" : "module";
      throw new BlockError(["store", key], `the store fails: ${thrownText(cause)}`, { cause });
    } finally {
      await giveBack();
    }
  }

  async #open(settings: StoreSettings, files: Files, log: Log): Promise<T> {
    const opened = await openStore(settings, files, this.#purpose);
    return this.#make(new BoundedStore(opened, { name: nameOf(settings, files), ...this.#purpose }, log), log);
  }
}
