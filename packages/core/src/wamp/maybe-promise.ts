/** A value that is there, or will be. What rarely waits gives one, since a promise costs more than most of what it holds. */
export type MaybePromise<T> = T | Promise<T>;

/** Whether there is something to wait for. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/**
 * Goes on with a value: at once if it is there, else when it comes.
 *
 * @example whenThere(lookUp(authid), (user) => (user === null ? deny() : accept()));
 */
export function whenThere<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}
