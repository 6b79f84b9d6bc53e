import { kindOf } from "../wamp/messages.ts";
import type { Dict } from "../wamp/payload.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { protocolViolation, WampError } from "../wamp/wamp-error.ts";

/** A boolean option. A known key of a wrong type is a protocol violation, as in the spec's test vectors. */
export function flag(options: Readonly<Dict>, key: string, otherwise: boolean): boolean {
  const value = options[key];
  if (value === undefined) return otherwise;
  if (typeof value !== "boolean")
    throw protocolViolation(`option ${key} must be true or false, found ${kindOf(value)}`);
  return value;
}

/** An option that is one of some words. */
export function word<W extends string>(options: Readonly<Dict>, key: string, words: readonly W[], otherwise: W): W {
  const value = options[key];
  if (value === undefined) return otherwise;
  if (!words.includes(value as W)) {
    throw protocolViolation(`option ${key} must be ${words.join(" or ")}, found ${kindOf(value)}`);
  }
  return value as W;
}

/** Refuses the match policies that this router does not have yet. */
export function exactOnly(options: Readonly<Dict>): void {
  const match = word(options, "match", ["exact", "prefix", "wildcard"], "exact");
  if (match !== "exact") throw new WampError(ErrorUri.optionNotAllowed, `match: ${match} is not supported, only exact`);
}
