import { MOST_OF_ONE, type Store } from "./store.ts";

/** How many texts are kept. With one more, the oldest is forgotten. */
const MOST = 100_000;
/** How often those that are over are dropped, in milliseconds. */
const SWEEP_TIME = 60_000;

interface Kept {
  readonly text: string;
  readonly expires: number;
  readonly owner: string;
}

/** Keeps texts in memory. */
export class MemoryStore implements Store {
  /** The oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** The keys of each owner, the oldest first. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #most: number;
  readonly #now: () => number;
  #sweptAt: number;

  constructor(most = MOST, now: () => number = Date.now) {
    this.#most = most;
    this.#now = now;
    this.#sweptAt = now();
  }

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): string | undefined {
    const kept = this.#kept.get(key);
    return kept === undefined || kept.expires <= this.#now() ? undefined : kept.text;
  }

  set(key: string, text: string, expires: number, owner: string): void {
    this.delete(key);
    this.#sweep();
    const own = this.#owners.get(owner) ?? new Set();
    if (own.size >= MOST_OF_ONE) this.#dropFirst(own);
    if (this.#kept.size >= this.#most) this.#dropFirst(this.#kept.keys());
    this.#owners.set(owner, own.add(key));
    this.#kept.set(key, { text, expires, owner });
  }

  delete(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    const own = this.#owners.get(kept.owner);
    own?.delete(key);
    if (own?.size === 0) this.#owners.delete(kept.owner);
  }

  close(): void {
    // The memory goes with the router.
  }

  #sweep(): void {
    const now = this.#now();
    if (now - this.#sweptAt < SWEEP_TIME) return;
    this.#sweptAt = now;
    for (const [key, { expires }] of this.#kept) if (expires <= now) this.delete(key);
  }

  #dropFirst(keys: Iterable<string>): void {
    const [first] = keys;
    if (first !== undefined) this.delete(first);
  }
}
