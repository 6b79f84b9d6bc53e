import { WampgateError } from "../errors/wampgate-error.ts";

/**
 * Settles like `promise`, unless `signal` fires first: then it rejects with the signal's reason. The listener is
 * removed in both cases, and a late rejection of `promise` counts as handled.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      promise.catch(() => undefined);
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    const forget = (): void => signal.removeEventListener("abort", onAbort);
    promise.then(resolve, reject);
    promise.then(forget, forget);
  });
}

/** A time limit: it is up after `ms` milliseconds, or when `parent` fires, unless it is ended before. */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  readonly #parent: AbortSignal | undefined;
  readonly #onParent: (() => void) | null = null;
  #controller: AbortController | null = null;
  #reason: Error | null = null;

  /** @param onLate called when the time is up */
  constructor(ms: number, parent?: AbortSignal, onLate?: (reason: DeadlineError) => void) {
    this.#parent = parent;
    this.#timer = setTimeout(() => {
      const late = new DeadlineError(ms);
      this.#fire(late);
      onLate?.(late);
    }, ms);
    if (parent === undefined) return;
    this.#onParent = (): void => this.#fire(parent.reason as Error);
    if (parent.aborted) this.#onParent();
    else parent.addEventListener("abort", this.#onParent, { once: true });
  }

  /** Fires when the time is up. Created at first use: most deadlines need none. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Ends the timer; the signal does not fire any more. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#onParent !== null) this.#parent?.removeEventListener("abort", this.#onParent);
  }

  /** Ends the timer, and lets the signal fire with `reason`. */
  abort(reason: Error): void {
    this.end();
    this.#fire(reason);
  }

  #fire(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** The time was up. */
export class DeadlineError extends WampgateError {
  override readonly name = "DeadlineError";

  constructor(ms: number) {
    super("WG_DEADLINE", `no answer within ${ms} ms`);
  }
}
