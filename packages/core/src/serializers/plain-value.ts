import { ErrorUri } from "../wamp/error-uris.ts";
import { isDict } from "../wamp/messages.ts";
import { WampError } from "../wamp/wamp-error.ts";
import { MAX_DEPTH } from "./serializer.ts";

/**
 * A copy of a value as JSON would have it where a binary format has no word for `undefined`: null in a list, no key in
 * a dictionary.
 * @throws WampError `wamp.error.invalid_argument` where it nests too deep, or goes in a circle
 */
export function plainValue(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH)
    throw new WampError(ErrorUri.invalidArgument, `the payload nests more than ${MAX_DEPTH} levels deep`);
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => plainValue(item, depth + 1));
  if (!isDict(value)) return value;
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) if (item !== undefined) copy[key] = plainValue(item, depth + 1);
  return copy;
}
