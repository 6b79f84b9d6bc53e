import type { Announcement } from "../contract/shared-state.ts";

/** How many are kept, and how many bytes: the oldest are dropped first. */
const MOST = 10_000;
const MOST_BYTES = 8 * 1024 * 1024;

interface Kept {
  readonly announcement: Announcement;
  readonly bytes: number;
  /** In milliseconds of the clock. */
  readonly until: number;
}

/** What this router has announced, for nodes that come later. */
export class KeptAnnouncements {
  /** The oldest first. */
  readonly #kept = new Set<Kept>();
  readonly #now: () => number;
  #bytes = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param keepFor in milliseconds */
  keep(announcement: Announcement, bytes: number, keepFor: number): void {
    this.#kept.add({ announcement, bytes, until: this.#now() + keepFor });
    this.#bytes += bytes;
    this.#dropOld();
    for (const oldest of this.#kept) {
      if (this.#kept.size <= MOST && this.#bytes <= MOST_BYTES) break;
      this.#drop(oldest);
    }
  }

  /** In the order in which they were announced. */
  all(): Announcement[] {
    this.#dropOld();
    return [...this.#kept].map(({ announcement }) => announcement);
  }

  #dropOld(): void {
    const now = this.#now();
    for (const kept of this.#kept) if (kept.until <= now) this.#drop(kept);
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept);
    this.#bytes -= kept.bytes;
  }
}
