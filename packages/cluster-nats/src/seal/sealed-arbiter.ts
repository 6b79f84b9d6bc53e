import { randomBytes } from "node:crypto";
import type { Arbiter, Entry } from "@wampgate/cluster";
import { derivedKey, NONCE_BYTES, opened, sealed } from "./keys.ts";

/** Seals the values of an arbiter. Their keys are readable. */
export class SealedArbiter implements Arbiter {
  readonly #arbiter: Arbiter;
  readonly #key: Buffer;

  constructor(arbiter: Arbiter, clusterKey: Uint8Array, cluster: string) {
    this.#arbiter = arbiter;
    this.#key = derivedKey(clusterKey, new Uint8Array(), ["bucket", cluster]);
  }

  create(key: string, value: string): Promise<number | null> {
    return this.#arbiter.create(key, this.#sealed(key, value));
  }

  update(key: string, value: string, revision: number): Promise<number | null> {
    return this.#arbiter.update(key, this.#sealed(key, value), revision);
  }

  delete(key: string, revision: number): Promise<boolean> {
    return this.#arbiter.delete(key, revision);
  }

  /** @throws Error if the value was sealed with another key */
  async get(key: string): Promise<Entry | null> {
    const entry = await this.#arbiter.get(key);
    if (entry === null) return null;
    const bytes = Buffer.from(entry.value, "base64");
    const value = opened(this.#key, bytes.subarray(0, NONCE_BYTES), Buffer.from(key), bytes.subarray(NONCE_BYTES));
    if (value === null)
      throw new Error("the bucket of the cluster has a value of another key: all nodes need the same seal in cluster");
    return { value: value.toString(), revision: entry.revision };
  }

  keys(prefix: string): Promise<readonly string[]> {
    return this.#arbiter.keys(prefix);
  }

  #sealed(key: string, value: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    return Buffer.concat([nonce, ...sealed(this.#key, nonce, Buffer.from(key), Buffer.from(value))]).toString("base64");
  }
}
