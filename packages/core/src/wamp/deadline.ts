/**
 * What `promise` gives, unless `signal` fires first: then a rejection with the signal's reason. The listener ends with
 * either, and a late rejection of `promise` is no unhandled one.
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

/** A time that is up, or was ended before. */
export interface Deadline {
  /** Made when it is asked for: most deadlines pass unseen. */
  readonly signal: AbortSignal;
  /** Ends the timer; the signal does not fire any more. */
  readonly end: () => void;
  /** Ends the timer, and lets the signal fire with `reason`. */
  readonly abort: (reason: Error) => void;
}

/**
 * A signal that fires after `ms` milliseconds or with `parent`.
 * @param onLate told when the time is up
 */
export function deadline(ms: number, parent?: AbortSignal, onLate?: (reason: DeadlineError) => void): Deadline {
  let controller: AbortController | null = null;
  let reason: Error | null = null;
  const fire = (why: Error): void => {
    reason = why;
    controller?.abort(why);
  };
  const timer = setTimeout(() => {
    const late = new DeadlineError(ms);
    fire(late);
    onLate?.(late);
  }, ms);
  const onParent = (): void => fire(parent?.reason as Error);
  if (parent?.aborted) onParent();
  else parent?.addEventListener("abort", onParent, { once: true });
  const end = (): void => {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onParent);
  };
  return {
    get signal() {
      if (controller === null) {
        controller = new AbortController();
        if (reason !== null) controller.abort(reason);
      }
      return controller.signal;
    },
    end,
    abort(why) {
      end();
      fire(why);
    },
  };
}

/** The time was up. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}
