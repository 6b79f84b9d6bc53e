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
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A time that is up, or was ended before. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the timer; the signal does not fire any more. */
  readonly end: () => void;
  /** Ends the timer, and lets the signal fire with `reason`. */
  readonly abort: (reason: Error) => void;
}

/** A signal that fires after `ms` milliseconds or with `parent`. */
export function deadline(ms: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const onParent = (): void => controller.abort(parent?.reason);
  const timer = setTimeout(() => controller.abort(new DeadlineError(ms)), ms);
  if (parent?.aborted) onParent();
  else parent?.addEventListener("abort", onParent, { once: true });
  const end = (): void => {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onParent);
  };
  return {
    signal: controller.signal,
    end,
    abort(reason) {
      end();
      controller.abort(reason);
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
