import type { Arbiter, Entry } from "./carrier.ts";

/** An arbiter in memory: for nodes of one process, and in the primary for its workers. */
export class Bucket implements Arbiter {
  readonly #entries = new Map<string, Entry>();
  #revision = 0;

  create(key: string, value: string): Promise<number | null> {
    return Promise.resolve(this.#entries.has(key) ? null : this.#put(key, value));
  }

  update(key: string, value: string, revision: number): Promise<number | null> {
    return Promise.resolve(this.#entries.get(key)?.revision === revision ? this.#put(key, value) : null);
  }

  delete(key: string, revision: number): Promise<boolean> {
    return Promise.resolve(this.#entries.get(key)?.revision === revision && this.#entries.delete(key));
  }

  get(key: string): Promise<Entry | null> {
    return Promise.resolve(this.#entries.get(key) ?? null);
  }

  keys(prefix: string): Promise<readonly string[]> {
    return Promise.resolve([...this.#entries.keys()].filter((key) => key.startsWith(prefix)));
  }

  #put(key: string, value: string): number {
    this.#entries.set(key, { value, revision: ++this.#revision });
    return this.#revision;
  }
}
