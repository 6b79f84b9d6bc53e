import { isDict, kindOf, within } from "@wampgate/core";
import { Keyv, type KeyvStoreAdapter } from "keyv";
import type { Purpose, Store } from "./store.ts";

/** How long a store may take to end its connections, in milliseconds. */
const CLOSE_TIME = 2000;

/** Keeps texts in a store of Keyv. */
export class KeyvStore implements Store {
  readonly #keyv: Keyv<string>;
  /** How many errors the store has told. */
  #errors = 0;
  #last: unknown = null;

  constructor(keyv: Keyv<string>) {
    this.#keyv = keyv;
    keyv.throwOnErrors = true;
    keyv.on("error", (error: unknown) => {
      this.#errors++;
      this.#last = error;
    });
  }

  get(key: string): Promise<string | undefined> {
    return this.#work(async () => (await this.#keyv.get(key)) ?? undefined);
  }

  set(key: string, text: string, expires: number): Promise<void> {
    return this.#work(async () => {
      if (!(await this.#keyv.set(key, text, Math.max(1, expires - Date.now()))))
        throw new Error("it did not keep what it was told");
    });
  }

  delete(key: string): Promise<void> {
    return this.#work(async () => {
      await this.#keyv.delete(key);
    });
  }

  async close(): Promise<void> {
    await within(CLOSE_TIME, undefined, () => this.#keyv.disconnect());
  }

  /** Many stores tell an error as an event, and answer as if there were nothing (keyv 5.6). */
  async #work<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#errors;
    const result = await work();
    if (this.#errors !== before) throw this.#last;
    return result;
  }
}

/** Makes a store of what a module exports. @throws Error with a sentence */
export async function keyvStoreOf(
  exported: unknown,
  config: unknown,
  { what }: Pick<Purpose, "what">,
): Promise<KeyvStore> {
  const made: unknown =
    typeof exported === "function" ? await (exported as (own: unknown) => unknown)(config) : exported;
  if (isKeyv(made)) return new KeyvStore(made);
  if (isAdapter(made)) return new KeyvStore(new Keyv<string>({ store: made, namespace: `wampgate-${what}` }));
  throw new Error(
    `its default export gave ${kindOf(made)}, expected a Keyv, a store for it with get, set, delete and clear, or a function that makes one`,
  );
}

/** Of any copy of the package. */
function isKeyv(value: unknown): value is Keyv<string> {
  return isAdapter(value) && isDict((value as { opts?: unknown }).opts) && "throwOnErrors" in value;
}

function isAdapter(value: unknown): value is KeyvStoreAdapter {
  const wanted = ["get", "set", "delete", "clear"];
  return (
    typeof value === "object" &&
    value !== null &&
    wanted.every((key) => typeof (value as Record<string, unknown>)[key] === "function")
  );
}
