import { ErrorUri } from "../wamp/error-uris.ts";
import { WampError } from "../errors/wamp-error.ts";

/**
 * The refusal of a value for which a format has no word.
 * @param format its name in a sentence: `MessagePack`
 * @param what what was found, in words that do not show it
 */
export function unsayable(format: string, what?: string): WampError {
  const found = what === undefined ? "" : ` (${what})`;
  return new WampError(ErrorUri.invalidArgument, `the payload holds a value that ${format} cannot say${found}`);
}

/**
 * What a format throws where encoding has failed: a value may have getters and traps that throw anything, or be more than
 * a string or buffer holds. A receiver whose format cannot say a value is no reason to end anybody.
 */
export function refusalOf(error: unknown, format: string): WampError {
  try {
    if (WampError.is(error)) return error;
  } catch {
    // A Proxy that was thrown: it cannot even be asked what it is.
  }
  return unsayable(format);
}

/** What an object is, by its class. */
export function classOf(value: object): string {
  const name: unknown = value.constructor.name;
  return typeof name === "string" && /^\w{1,40}$/.test(name) ? name : "an object";
}
