import type { SlowClient, WaitingBytes } from "../contract/waiting-bytes.ts";
import type { Live } from "../settings/live.ts";
import type { TotalLimits } from "./settings.ts";

/** How many clients are kept before those for which nothing waits any more are looked for. */
const FEW = 64;

/** After how much growth since the last exact sum the next one is made, as a part of the limit. */
const SLACK = 1 / 16;

/**
 * Keeps the bytes that wait for all clients together below `max-buffered-total`: the client with the most ends first.
 * What leaves is not seen, so the sum may be too high, never too low. It is made exact only when it is past the limit,
 * and only after much growth: the cost is bounded by what was sent.
 */
export class WaitingTotal implements WaitingBytes {
  readonly #settings: Live<TotalLimits>;
  /** With how many bytes of each are in the sum. */
  readonly #clients = new Map<SlowClient, number>();
  /** How many there may be until those that have read all, or are gone, are forgotten. */
  #most = FEW;
  #sum = 0;
  /** Of the last exact sum. */
  #grown = Infinity;

  constructor(settings: Live<TotalLimits>) {
    this.#settings = settings;
  }

  /** How many clients it holds. */
  get size(): number {
    return this.#clients.size;
  }

  grew(client: SlowClient): void {
    const bytes = client.length;
    const more = bytes - (this.#clients.get(client) ?? 0);
    this.#clients.set(client, bytes);
    this.#sum += more;
    if (more > 0) this.#grown += more;
    const { "max-buffered-total": max } = this.#settings.now;
    if (this.#clients.size > this.#most) {
      this.#count();
      this.#most = Math.max(FEW, 2 * this.#clients.size);
    }
    if (this.#sum > max && this.#grown > max * SLACK) this.#shorten(max);
  }

  #shorten(max: number): void {
    this.#count();
    this.#grown = 0;
    if (this.#sum <= max) return;
    const largestFirst = [...this.#clients].sort(([, a], [, b]) => b - a);
    for (const [client, bytes] of largestFirst) {
      if (this.#sum <= max) return;
      this.#clients.delete(client);
      this.#sum -= bytes;
      client.overflowed();
    }
  }

  /** Makes the sum exact, and forgets clients for which nothing waits any more. */
  #count(): void {
    this.#sum = 0;
    for (const client of this.#clients.keys()) {
      const bytes = client.length;
      if (bytes === 0) this.#clients.delete(client);
      else this.#clients.set(client, bytes);
      this.#sum += bytes;
    }
  }
}
