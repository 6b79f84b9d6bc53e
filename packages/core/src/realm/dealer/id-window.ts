/** How many slots a window has at first, and at most. Ids without a free slot go to a map. */
const MIN_SIZE = 16;
const MAX_SIZE = 1024;

/**
 * Values by id, for ids that count up and soon leave again, such as those of requests and invocations. A ring of slots
 * avoids the cost of a map whose keys always change, which must grow and clean up.
 */
export class IdWindow<T> {
  #ids: number[] = Array<number>(MIN_SIZE).fill(0);
  #values: (T | undefined)[] = Array<T | undefined>(MIN_SIZE).fill(undefined);
  /**
   * By the ids as strings: V8's hash of numbers is public, so a client could choose thousands of ids with the same
   * hash, which makes a map slow. The hash of strings is seeded.
   */
  #beside: Map<string, T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param id a WAMP id: never 0 */
  get(id: number): T | undefined {
    const place = this.#placeOf(id);
    return this.#ids[place] === id ? this.#values[place] : this.#beside?.get(String(id));
  }

  /** Puts a value at an id that has none. */
  add(id: number, value: T): void {
    this.#size++;
    while (this.#ids[this.#placeOf(id)] !== 0 && this.#ids.length < MAX_SIZE) this.#grow();
    this.#put(id, value);
  }

  /** @returns whether there was a value */
  delete(id: number): boolean {
    const place = this.#placeOf(id);
    const isHere = this.#ids[place] === id;
    if (isHere) {
      this.#ids[place] = 0;
      this.#values[place] = undefined;
    } else if (this.#beside?.delete(String(id)) !== true) return false;
    this.#size--;
    return true;
  }

  /** All values, in no particular order. */
  values(): T[] {
    return [...this.#values.filter((value) => value !== undefined), ...(this.#beside?.values() ?? [])];
  }

  #placeOf(id: number): number {
    return id & (this.#ids.length - 1);
  }

  #put(id: number, value: T): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] !== 0) {
      (this.#beside ??= new Map()).set(String(id), value);
      return;
    }
    this.#ids[place] = id;
    this.#values[place] = value;
  }

  #grow(): void {
    const [ids, values] = [this.#ids, this.#values];
    this.#ids = Array<number>(ids.length * 2).fill(0);
    this.#values = Array<T | undefined>(ids.length * 2).fill(undefined);
    // Two ids with different slots also have different slots in a larger window.
    ids.forEach((id, i) => id !== 0 && this.#put(id, values[i] as T));
  }
}
