import { LimitError } from "../errors/limit-error.ts";
import { isId } from "../wamp/ids.ts";
import { kindOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { protocolViolation, withoutStack } from "../errors/wamp-error.ts";

// Reads the options of messages. A known key of a wrong type is a protocol violation, as in the spec's test vectors. An
// unknown key is ignored.

/** A boolean option. */
export function readBoolean(options: Readonly<Dict>, key: string, otherwise: boolean): boolean {
  const value = options[key];
  if (value === undefined) return otherwise;
  if (typeof value !== "boolean") throw wrong(key, "true or false", value);
  return value;
}

/** An option that is one of `words`. */
export function readEnum<W extends string>(options: Readonly<Dict>, key: string, words: readonly W[], otherwise: W): W {
  const value = options[key];
  if (value === undefined) return otherwise;
  if (!words.includes(value as W)) throw wrong(key, words.join(" or "), value);
  return value as W;
}

/** A whole number that is not negative. */
export function readUint(options: Readonly<Dict>, key: string, otherwise: number): number {
  const value = options[key];
  if (value === undefined) return otherwise;
  if (!Number.isInteger(value) || (value as number) < 0) throw wrong(key, "a whole number, 0 or more", value);
  return value as number;
}

/** A list of ids, or null if there is none. */
export function readIds(options: Readonly<Dict>, key: string): readonly number[] | null {
  return list(options, key, isId, "a list of session ids") as readonly number[] | null;
}

/** A list of strings, or null if there is none. */
export function readStrings(options: Readonly<Dict>, key: string): readonly string[] | null {
  const isText = (item: unknown): boolean => typeof item === "string";
  return list(options, key, isText, "a list of strings") as readonly string[] | null;
}

/** A string, or null if there is none. */
export function readString(options: Readonly<Dict>, key: string): string | null {
  const value = options[key];
  if (value === undefined) return null;
  if (typeof value !== "string") throw wrong(key, "a string", value);
  return value;
}

/** @throws LimitError if a session already holds as many as the limit allows */
export function requireRoom(held: number, limit: number, key: string, what: string): void {
  if (held < limit) return;
  throw withoutStack(() => new LimitError(key, `a session may hold ${limit} ${what} at most`));
}

function list(
  options: Readonly<Dict>,
  key: string,
  is: (item: unknown) => boolean,
  expected: string,
): readonly unknown[] | null {
  const value = options[key];
  if (value === undefined) return null;
  if (!Array.isArray(value) || !value.every(is)) throw wrong(key, expected, value);
  return value as readonly unknown[];
}

function wrong(key: string, expected: string, found: unknown): Error {
  return protocolViolation(`option ${key} must be ${expected}, found ${kindOf(found)}`);
}
