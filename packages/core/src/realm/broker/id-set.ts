/**
 * Ids that a client has listed. Sorted, and not in a `Set`: V8 hashes numbers in a way that is known to all, so that a
 * client could choose many thousands that all have to be compared with each other.
 */
export class IdSet {
  readonly #sorted: Float64Array;

  constructor(ids: readonly number[]) {
    this.#sorted = Float64Array.from(ids).sort();
  }

  has(id: unknown): boolean {
    if (typeof id !== "number") return false;
    let [begin, end] = [0, this.#sorted.length];
    while (begin < end) {
      const middle = (begin + end) >>> 1;
      const found = this.#sorted[middle] as number;
      if (found === id) return true;
      if (found < id) begin = middle + 1;
      else end = middle;
    }
    return false;
  }
}
