import { decode, encode } from "cborg";

// The head of an envelope: all of a message but its payload. JSON is what Node.js reads and writes fastest. What JSON cannot
// say, as bytes and integers past 2^53, crosses as CBOR.

/** How deep a head may be nested. */
const MAX_DEPTH = 64;

export interface Head {
  readonly bytes: Buffer;
  readonly isCbor: boolean;
}

/** @throws Error if the value is no data */
export function writeHead(value: unknown): Head {
  if (isPlain(value, 0)) return { bytes: Buffer.from(JSON.stringify(value)), isCbor: false };
  return { bytes: Buffer.from(encode(value, { mapSorter: () => 0 })), isCbor: true };
}

/** @throws Error if the bytes are no head */
export function readHead(bytes: Uint8Array, isCbor: boolean): unknown {
  if (isCbor) return decode(bytes, { rejectDuplicateMapKeys: true });
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
}

/** Whether JSON keeps all of a value. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((one) => isPlain(one, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  return true;
}
