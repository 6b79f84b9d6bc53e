/**
 * Settings that a reload changes. Read `now` at each use, and never keep its value. An object that prepares something
 * from settings has `settingsChanged()`, which its owner calls.
 */
export interface Live<T> {
  readonly now: T;
}

/** Where settings are changed. */
export interface LiveSource<T> extends Live<T> {
  now: T;
}

/** A part of other settings. */
export function partOf<T, Part>(whole: Live<T>, pick: (now: T) => Part): Live<Part> {
  return {
    get now() {
      return pick(whole.now);
    },
  };
}
