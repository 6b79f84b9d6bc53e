import { decode, encode } from "cborg";

// The head of an envelope: all of a message but its payload. JSON is what Node.js reads and writes fastest. What JSON cannot
// say, as bytes and integers past 2^53, crosses as CBOR. The most frequent messages have brief heads: see brief.ts.

/** How a head is written: two bits of the flags of an envelope. */
export const Form = { json: 0, cbor: 1, brief: 2 } as const;

/** How deep a head may be nested. */
const MAX_DEPTH = 64;

export interface Head {
  readonly bytes: Uint8Array;
  /** One of `Form`. */
  readonly form: number;
}

/** @throws Error if the value is no data */
export function writeHead(value: unknown): Head {
  if (isPlain(value)) return { bytes: Buffer.from(JSON.stringify(value)), form: Form.json };
  return { bytes: encode(value, { mapSorter: () => 0 }), form: Form.cbor };
}

/** @throws Error if the bytes are no head in JSON or CBOR */
export function readHead(bytes: Uint8Array, form: number): unknown {
  if (form === Form.cbor) return decode(bytes, { rejectDuplicateMapKeys: true });
  if (form !== Form.json) throw new Error("the head of an envelope has another form than its kind");
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
}

/** Whether JSON keeps all of a value. */
export function isPlain(value: unknown, depth = 0): boolean {
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
