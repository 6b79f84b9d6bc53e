import { setImmediate } from "node:timers"; // not the global one, which a test may have faked

/** Handles an error that no caller can catch. What it throws itself is dropped. */
export type OnError = (error: unknown) => void;

/** Runs `work`. What it throws goes to `failed`, and no further. */
export function attempt(work: () => void, failed: OnError): void {
  try {
    work();
  } catch (error) {
    tell(failed, error);
  }
}

function tell(failed: OnError, error: unknown): void {
  try {
    failed(error);
  } catch {
    // No handler is left.
  }
}

const dropped = (): void => undefined;

/**
 * `work` for a timer, a microtask, an event or the end of a promise. There no caller can catch an error, which would
 * end the process: it goes to `failed` instead.
 *
 * @example setTimeout(guarded(() => session.end(), (error) => log.error({ err: error }, "a session could not be ended")), 2000);
 */
export function guarded<A extends unknown[]>(work: (...args: A) => void, failed: OnError): (...args: A) => void {
  return (...args) => {
    try {
      work(...args);
    } catch (error) {
      tell(failed, error);
    }
  };
}

/**
 * Goes on with what `promise` gives. A rejection goes to `failed`, and so does what `done` throws.
 *
 * @example whenDone(login.begin(), (step) => session.take(step), (error) => session.broken(error));
 */
export function whenDone<T>(promise: Promise<T>, done: (value: T) => void, failed: OnError): void {
  promise.then(guarded(done, failed), guarded(failed, dropped));
}

/** Up to this number, things are done at once, even if they take long. */
const FEW = 16;

/**
 * Does many things without blocking the event loop: as many as the time allows now, and the others in later turns. If
 * one throws, the others are still done.
 *
 * @param time how long one turn may take, in milliseconds; one thing is done in each at least, and sixteen in the first
 * @param done called when all are done: at once, if they are few
 */
export function inSlices(works: readonly (() => void)[], time: number, done: () => void, failed: OnError): void {
  let next = 0;
  const slice = (): void => {
    const end = performance.now() + time;
    do {
      const work = works[next++];
      if (work === undefined) return attempt(done, failed);
      attempt(work, failed);
    } while (next < FEW || performance.now() < end);
    setImmediate(slice);
  };
  slice();
}
