interface Entry<V> {
  readonly value: V;
  readonly at: number;
}

/**
 * Recent values by name. If there are too many names, the oldest are forgotten, so that no client can fill the memory.
 */
export class Recent<V> {
  readonly #maxSize: number;
  readonly #maxAge: number;
  /** The oldest first. */
  readonly #entries = new Map<string, Entry<V>>();

  /** @param maxAge in milliseconds */
  constructor(maxSize: number, maxAge: number) {
    this.#maxSize = maxSize;
    this.#maxAge = maxAge;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): V | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined || this.#isOld(entry) ? undefined : entry.value;
  }

  set(name: string, value: V): void {
    this.#entries.delete(name);
    this.#entries.set(name, { value, at: performance.now() });
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxSize && !this.#isOld(entry)) break;
      this.#entries.delete(oldest);
    }
  }

  #isOld({ at }: Entry<V>): boolean {
    return performance.now() - at >= this.#maxAge;
  }
}
