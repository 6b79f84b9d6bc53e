/**
 * Ids that a client has listed. Sorted, and not in a `Set`: V8's hash of numbers is public, so a client could choose
 * thousands of ids with the same hash, which makes a `Set` slow.
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

  values(): Iterable<number> {
    return this.#sorted;
  }
}
