/** How long a line is not logged again, in milliseconds: what a client does again and again must not fill the log. */
const QUIET_TIME = 10_000;

/** What is added to a line after others like it: how many were left out. */
export interface Repeats {
  readonly omitted?: number;
}

/** No line was left out. */
export const NONE: Repeats = {};

/** When a line was logged, and how many were left out since. */
interface Told {
  readonly at: number;
  omitted: number;
}

/** By cause and kind. */
const told = new WeakMap<object, Map<string, Told>>();

/**
 * Logs a line that others can cause as often as they like: one of each kind in ten seconds, and the next one says how many
 * were left out.
 *
 * @param cause what the line is about: a session's `SessionInfo`, or a part of the router
 * @param kind must be one of few for each cause, so no text of a client
 * @example unlessRepeated(port.info, "denied call", (repeats) => log.warn({ uri, ...repeats }, "action denied"));
 */
export function unlessRepeated(cause: object, kind: string, write: (repeats: Repeats) => void): void {
  const kinds = told.get(cause) ?? new Map<string, Told>();
  told.set(cause, kinds);
  const last = kinds.get(kind);
  const now = performance.now();
  if (last !== undefined && now - last.at < QUIET_TIME) {
    last.omitted++;
    return;
  }
  kinds.set(kind, { at: now, omitted: 0 });
  write(last === undefined || last.omitted === 0 ? NONE : { omitted: last.omitted });
}

/** How many lines about `cause` were left out and are not told of yet, for the last line about it. */
export function repeatsOf(cause: object): Repeats {
  let omitted = 0;
  const kinds = told.get(cause);
  if (kinds === undefined) return NONE;
  for (const kind of kinds.values()) omitted += kind.omitted;
  return omitted === 0 ? NONE : { omitted };
}
