import { isUtf8 } from "node:buffer";
import { RawValue } from "../../wamp/raw-value.ts";
import { MAX_DEPTH, MAX_VALUES } from "../serializer.ts";
import { checkJson } from "./check.ts";
import { json } from "./codec.ts";

/**
 * A value in the JSON of WAMP, for a server that is no WAMP peer: integers keep their digits, and binary is `"\0"` and base64. A raw value
 * and a `Sayable` may stand anywhere in it.
 * @throws WampError for what JSON cannot say
 */
export function toJson(value: unknown): Buffer {
  const { bytes } = json.encodeTail({ args: [value] });
  return Buffer.from(bytes.subarray(2, -1)); // without `,[` and `]`
}

/**
 * Reads JSON that came from outside, with the limits of a message.
 * @throws if it is not JSON in UTF-8, too deep or too large; the message holds no values
 */
export function fromJson(bytes: Uint8Array): RawValue {
  checkJson(bytes, MAX_DEPTH, MAX_VALUES);
  if (!isUtf8(bytes)) throw new Error("it is no text in UTF-8");
  try {
    JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new Error("it is not JSON");
  }
  return new RawValue(json, bytes);
}
