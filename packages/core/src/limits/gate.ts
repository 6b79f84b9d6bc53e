import { noTraffic } from "../contract/stats.ts";

/** One entry of `transports`, as it counts its connections and what passes through them. */
export class Gate {
  readonly traffic = noTraffic();
  #halfOpen = 0;
  #sessions = 0;

  /** Connections that have not logged in yet. */
  get halfOpen(): number {
    return this.#halfOpen;
  }

  /** Connections that have. */
  get sessions(): number {
    return this.#sessions;
  }

  opened(): void {
    this.#halfOpen++;
  }

  joined(): void {
    this.#halfOpen--;
    this.#sessions++;
  }

  /** @param hasJoined whether `joined` was called for it */
  ended(hasJoined: boolean): void {
    if (hasJoined) this.#sessions--;
    else this.#halfOpen--;
  }
}
