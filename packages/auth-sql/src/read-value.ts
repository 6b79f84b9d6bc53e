import { BadAnswer, fromJson, kindOf } from "@wampgate/core";

type Read = (value: unknown) => unknown;

/** What each key is read as. */
const READ: Readonly<Record<string, Read>> = {
  authid: text,
  realm: text,
  role: text,
  then: text,
  extra: (value) => fromJson(Buffer.from(text(value).trim())),
  expires: time,
  "password-hash": text,
  secret: text,
  salt: text,
  iterations: number,
  keylen: number,
  kdf: text,
  memory: number,
  "stored-key": hex,
  "server-key": hex,
  pubkey: hex,
  seed: text,
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the value of a column: each package has other types for integers, times, bytes and JSON.
 *
 * @param key the key of `columns`
 * @param isScram its salt is bytes; that of wampcra is a text
 * @throws BadAnswer, whose message has no value
 */
export function readValue(key: string, value: unknown, isScram: boolean): unknown {
  const read = key === "salt" && isScram ? hex : Object.hasOwn(READ, key) ? READ[key] : undefined;
  try {
    return (read ?? plain)(value);
  } catch (error) {
    throw new BadAnswer(`its ${key}: ${(error as Error).message}`);
  }
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  if (isBytes(value)) {
    try {
      return decoder.decode(value);
    } catch {
      throw new Error("expected a text, found bytes that are none");
    }
  }
  throw expected("a text", value);
}

/** Bytes, or a text that has them in hex. */
function hex(value: unknown): string {
  return isBytes(value) ? Buffer.from(value).toString("hex") : text(value);
}

function number(value: unknown): number {
  const read = typeof value === "bigint" || (typeof value === "string" && /^\d+$/.test(value)) ? Number(value) : value;
  if (Number.isSafeInteger(read)) return read as number;
  throw expected("a whole number", value);
}

/** Seconds since 1970, or a time with a zone, as which times of the database's own types come, too. */
function time(value: unknown): unknown {
  if (typeof value === "bigint" || (typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value))) return Number(value);
  return isBytes(value) ? text(value) : value;
}

/** For a method that is not ours. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return isBytes(value) ? Buffer.from(value).toString("hex") : value;
}

function expected(what: string, value: unknown): Error {
  return new Error(`expected ${what}, found ${kindOf(value)}`);
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value);
}
