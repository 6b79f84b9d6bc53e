/** How many may wait for each that may work. */
const WAITING = 16;

/**
 * Lets so many work at the same time; the others wait, first come, first served. For strategies that ask a server.
 *
 * @example
 * const room = new Room(10);
 * if (room.isFull) throw new Error("too many wait");
 * const answer = await room.enter(query.signal, () => ask(query));
 */
export class Room {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether no more may wait. */
  get isFull(): boolean {
    return this.#waiting.size >= this.#most * WAITING;
  }

  /** Works when there is room. @throws the reason of the signal if it fires before, and what `work` throws */
  async enter<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#most) await this.#turn(signal);
    else this.#inside++;
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // The next one takes the place.
      if (next === undefined) this.#inside--;
      else next();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason as Error);
      };
      const enter = (): void => {
        this.#waiting.delete(enter);
        signal.removeEventListener("abort", end);
        resolve();
      };
      if (signal.aborted) return end();
      this.#waiting.add(enter);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}
