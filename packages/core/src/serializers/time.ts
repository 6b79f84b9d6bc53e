/** A moment: whole seconds since 1970, and nanoseconds after them. */
export interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

const BILLION = 1e9;

/** The moment of a Date. @param time in milliseconds since 1970, a whole number */
export function momentOf(time: number): Moment {
  const seconds = Math.floor(time / 1000);
  return { seconds: BigInt(seconds), nanos: (time - seconds * 1000) * 1e6 };
}

/** The moment so many seconds after 1970; null if the number is none of a time. */
export function momentOfFloat(time: number): Moment | null {
  if (!Number.isFinite(time)) return null;
  const seconds = Math.floor(time);
  const nanos = Math.round((time - seconds) * BILLION);
  return nanos === BILLION ? { seconds: BigInt(seconds) + 1n, nanos: 0 } : { seconds: BigInt(seconds), nanos };
}

/** The float that says this moment, to the nanosecond; null if none does. */
export function floatOf({ seconds, nanos }: Moment): number | null {
  const float = Number(seconds) + nanos / BILLION;
  const back = momentOfFloat(float);
  return back?.seconds === seconds && back.nanos === nanos ? float : null;
}

/** In milliseconds since 1970, which is all that a Date can say; NaN beyond its range. */
export function millisecondsOf({ seconds, nanos }: Moment): number {
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1e6)).getTime();
}

/** ISO 8601, to the millisecond or the nanosecond; null for a year that it cannot say. */
export function isoOf(moment: Moment): string | null {
  const time = millisecondsOf(moment);
  if (Number.isNaN(time)) return null;
  const text = new Date(time).toISOString();
  const { nanos } = moment;
  return nanos % 1e6 === 0 ? text : `${text.slice(0, -4)}${String(nanos).padStart(9, "0")}Z`;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9})0*)?(?:Z|([+-])(\d\d):(\d\d))$/i;

/** The moment that a text as in RFC 3339 says; null if it is none. */
export function momentOfText(text: string): Moment | null {
  const [, date, clock, fraction = "", sign, hours = "0", minutes = "0"] = RFC_3339.exec(text) ?? [];
  if (date === undefined || clock === undefined) return null;
  const local = `${date}T${clock}.000Z`;
  const time = Date.parse(local);
  // Date takes February 30 for March 2.
  if (Number.isNaN(time) || new Date(time).toISOString() !== local || Number(hours) > 23 || Number(minutes) > 59)
    return null;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60 : 60);
  return { seconds: BigInt(time / 1000 - offset), nanos: Number(fraction.padEnd(9, "0")) };
}
