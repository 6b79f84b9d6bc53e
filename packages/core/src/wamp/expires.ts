/**
 * When something ends, in whole seconds since 1970; null: never.
 */
export type Expires = number | null;

/** The earlier end of two. */
export function earlier(one: Expires, other: Expires): Expires {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/**
 * The end of what ended at `end`, where one cause of that has moved. If another cause had the earlier end, that one stays.
 *
 * @param from the old end by the cause that has moved
 * @param to its new end
 */
export function moved(end: Expires, from: Expires, to: Expires): Expires {
  return end === from ? to : earlier(end, to);
}

/** A time as it is shown to people: `2027-01-31T08:00:00.000Z`. @param seconds since 1970 */
export function shownTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
