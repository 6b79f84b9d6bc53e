import { ErrorUri } from "../wamp/error-uris.ts";
import { WampError } from "../errors/wamp-error.ts";

/**
 * The refusal of a value that a format cannot carry.
 * @param format its name in a sentence: `MessagePack`
 * @param what the kind of the value, without its content
 */
export function unsayable(format: string, what?: string): WampError {
  const found = what === undefined ? "" : ` (${what})`;
  return new WampError(ErrorUri.invalidArgument, `the payload holds a value that ${format} cannot say${found}`);
}

/**
 * The error for a failed encoding: a value may have getters and traps that throw anything, or be too large for a string
 * or buffer. If a receiver's format cannot carry a value, no session should end for that.
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
