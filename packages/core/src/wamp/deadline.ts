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

/**
 * What is limited may name its deadline by this key: then `untilOver` needs no signal, which takes longer to create than
 * most waits take.
 */
export const LIMIT = Symbol("limit");

/** As `untilAborted`, by the signal of `limited`. */
export function untilOver<T>(
  promise: Promise<T>,
  limited: { readonly signal: AbortSignal; readonly [LIMIT]?: Deadline | undefined },
): Promise<T> {
  return limited[LIMIT]?.until(promise) ?? untilAborted(promise, limited.signal);
}

/** A time limit: it is up after `ms` milliseconds, or when `parent` fires, unless it is ended before. */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  readonly #parent: AbortSignal | undefined;
  readonly #onParent: (() => void) | null = null;
  #controller: AbortController | null = null;
  /** Why it has fired; null before. The first reason counts. */
  #reason: Error | null = null;
  #hasEnded = false;
  /** What waits without a signal, until it fires. */
  #waiting: Set<(reason: Error) => void> | null = null;

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

  /** Settles like `promise`, unless the time is up first: then it rejects with the reason of the signal. */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason !== null) {
        promise.catch(() => undefined);
        return reject(this.#reason);
      }
      const waiting = (this.#waiting ??= new Set());
      waiting.add(reject);
      promise.then(
        (value) => {
          waiting.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          waiting.delete(reject);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
          reject(error);
        },
      );
    });
  }

  /** Gives it its whole time once more, if it is not up and not ended. */
  restart(): void {
    if (this.#reason === null && !this.#hasEnded) this.#timer.refresh();
  }

  /** Ends the timer; the signal does not fire any more. */
  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    if (this.#onParent !== null) this.#parent?.removeEventListener("abort", this.#onParent);
  }

  /** Ends the timer, and lets the signal fire with `reason`. */
  abort(reason: Error): void {
    this.end();
    this.#fire(reason);
  }

  #fire(reason: Error): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    for (const reject of this.#waiting ?? []) reject(reason);
    this.#waiting = null;
    this.#controller?.abort(reason);
  }
}

/**
 * Does `work` within `ms` milliseconds, and as long as `parent` has not fired. Its signal fires when the time is up; what it
 * gives after that is dropped.
 *
 * @throws DeadlineError, or the reason of `parent`; also what `work` throws
 * @example const answer = await within(5000, query.signal, (signal) => fetch(url, { signal }));
 */
export async function within<T>(
  ms: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const limit = new Deadline(ms, parent);
  try {
    return await limit.until((async () => work(limit.signal))());
  } finally {
    limit.end();
  }
}

/** The time was up. */
export class DeadlineError extends WampgateError {
  override readonly name = "DeadlineError";

  constructor(ms: number) {
    super("WG_DEADLINE", `no answer within ${ms} ms`);
  }
}
