import { untilAborted } from "../../wamp/deadline.ts";

/** Waits for procedures to be registered. A registration wakes only those that wait for its procedure. */
export class AwaitedProcedures {
  readonly #wakers = new Map<string, Set<() => void>>();

  /** Resolves at the next `registered` of `procedure`; rejects with the signal's reason. */
  async wait(procedure: string, signal: AbortSignal): Promise<void> {
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const wakers = this.#wakers.get(procedure) ?? new Set();
    this.#wakers.set(procedure, wakers.add(wake));
    try {
      await untilAborted(woken, signal);
    } finally {
      wakers.delete(wake);
      if (wakers.size === 0 && this.#wakers.get(procedure) === wakers) this.#wakers.delete(procedure);
    }
  }

  registered(procedure: string): void {
    for (const wake of this.#wakers.get(procedure) ?? []) wake();
  }
}
