/** After so many failures in a row a server is taken to be down. */
const FAILURES = 5;
/** How long it is then left alone, in milliseconds. */
const PAUSE = 1000;

/**
 * Keeps logins from waiting for a server that is down: after a few failures they fail at once, and from time to time one
 * tries. For strategies that ask a server.
 *
 * @example
 * if (!circuit.mayAsk()) throw new Error("it is down");
 * await ask(query).then(() => circuit.succeeded(), () => circuit.failed());
 */
export class Circuit {
  readonly #now: () => number;
  readonly #told: (isDown: boolean) => void;
  #failures = 0;
  /** Until when the server is not asked; null while it is well. */
  #closedUntil: number | null = null;

  /** @param told called when the server is taken to be down, and when it answers again */
  constructor(told: (isDown: boolean) => void, now: () => number = () => performance.now()) {
    this.#told = told;
    this.#now = now;
  }

  /** Whether the server may be asked. While it is down, one question after each pause is let through. */
  mayAsk(): boolean {
    if (this.#closedUntil === null) return true;
    if (this.#now() < this.#closedUntil) return false;
    this.#closedUntil = this.#now() + PAUSE;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.#closedUntil === null) return;
    this.#closedUntil = null;
    this.#told(false);
  }

  failed(): void {
    if (++this.#failures < FAILURES || this.#closedUntil !== null) return;
    this.#closedUntil = this.#now() + PAUSE;
    this.#told(true);
  }
}
