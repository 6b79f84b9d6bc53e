import { ErrorUri } from "../wamp/error-uris.ts";
import { isDict } from "../wamp/messages.ts";
import { WampError } from "../wamp/wamp-error.ts";
import { MAX_DEPTH } from "./serializer.ts";

/**
 * A copy of a value as JSON would have it where a binary format has no word for `undefined`: null in a list, no key in
 * a dictionary.
 * @param isOwn whether the format has a word for an object that is neither a list, a dictionary nor binary
 * @throws WampError `wamp.error.invalid_argument` where it nests too deep, goes in a circle, or the format cannot say it
 */
export function plainValue(value: unknown, isOwn: (value: object) => boolean, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw unsayable(`nests more than ${MAX_DEPTH} levels deep`);
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => plainValue(item, isOwn, depth + 1));
  if (isDict(value)) {
    const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of Object.entries(value))
      if (item !== undefined) copy[key] = plainValue(item, isOwn, depth + 1);
    return copy;
  }
  if (isOwn(value)) return value;
  throw unsayable(`holds a value that this session's format cannot say (${value.constructor.name})`);
}

function unsayable(what: string): WampError {
  return new WampError(ErrorUri.invalidArgument, `the payload ${what}`);
}
