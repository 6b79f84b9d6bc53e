import { ErrorUri } from "../wamp/error-uris.ts";
import type { Tail, TailCodec } from "../wamp/formats.ts";
import { RawValue, Sayable } from "../wamp/raw-value.ts";
import { WampError } from "../errors/wamp-error.ts";
import type { PlainDict } from "./plain-value.ts";
import { ValueBuilder } from "./value-builder.ts";
import { refusalOf } from "./unsayable.ts";
import type { ValueWriter } from "./value-writer.ts";

/** A value as our own reader reads it: with every digit, and with what the codec of its format does not know. */
export function readExactly(codec: Pick<TailCodec, "readValue">, bytes: Uint8Array): unknown {
  const builder = new ValueBuilder();
  codec.readValue(bytes, 0, builder);
  return builder.result;
}

/** A tail of another format, as `writer` writes it. @throws WampError for what the writer's format cannot say */
export function transcoded(tail: Tail, from: TailCodec, writer: ValueWriter): Tail {
  try {
    if (tail.count > 0) from.readTail(tail, writer);
    return { count: tail.count, bytes: writer.bytes };
  } catch (error) {
    throw refusalOf(error, writer.name);
  }
}

/** What a format needs besides its writer, to write values of JavaScript. */
export interface ExactFormat {
  readonly name: string;
  newWriter(size: number): ValueWriter;
  /** The bytes of a value that was not looked at before. @throws WampError if the format cannot say it */
  encode(value: unknown): Uint8Array;
  writeText(text: string, writer: ValueWriter): void;
  /** Writes an object that is no list and no dictionary, as `plainValue` has made it. */
  writeObject(value: object, writer: ValueWriter): void;
}

/** Writes a text in UTF-8. */
export function writeText(text: string, writer: ValueWriter): void {
  const bytes = Buffer.from(text);
  writer.text(bytes, 0, bytes.length);
}

/** The bytes of a value that `plainValue` has made, as our own writer writes them. */
export function writtenExactly(plain: unknown, format: ExactFormat): Buffer {
  const writer = format.newWriter(64);
  write(plain, writer, format);
  return writer.bytes;
}

function write(value: unknown, writer: ValueWriter, format: ExactFormat): void {
  switch (typeof value) {
    case "boolean":
      return writer.boolean(value);
    case "number":
      return isInteger(value) ? writer.integer(value) : writer.float(value);
    case "bigint":
      return writer.bigInteger(value);
    case "string":
      return format.writeText(value, writer);
    default:
      return writeObject(value as object | null, writer, format);
  }
}

function writeObject(value: object | null, writer: ValueWriter, format: ExactFormat): void {
  if (value === null) writer.null();
  else if (value instanceof RawValue) writeRaw(value, writer, format);
  else if (value instanceof Sayable) writeSayable(value, writer, format);
  else if (value instanceof Uint8Array) writer.binary(Buffer.from(value), 0, value.length);
  else if (Array.isArray(value)) {
    writer.beginList();
    for (const item of value) write(item, writer, format);
    writer.endList();
  } else if (Object.getPrototypeOf(value) === null) {
    writer.beginDict();
    for (const [key, item] of Object.entries(value as PlainDict)) {
      putKey(key, writer);
      write(item, writer, format);
    }
    writer.endDict();
  } else format.writeObject(value, writer);
}

function isInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && !Object.is(value, -0);
}

function putKey(key: string, writer: ValueWriter): void {
  const bytes = Buffer.from(key);
  writer.key(bytes, 0, bytes.length);
}

function writeRaw(value: RawValue, writer: ValueWriter, { name }: ExactFormat): void {
  if (value.format === name) writer.splice(value.bytes);
  else value.read(writer);
}

/** As much of a list or dictionary as the format can say. */
function writeSayable({ value, leftOut }: Sayable, writer: ValueWriter, format: ExactFormat): void {
  const missing: string[] = [];
  const bytes =
    encodedOrNull(value, format) ??
    (isList(value) ? elements(value, format, missing) : members(value, format, "", missing));
  if (missing.length > 0) leftOut(missing, format.name);
  writer.splice(bytes);
}

function encodedOrNull(value: unknown, format: ExactFormat): Uint8Array | null {
  try {
    return format.encode(value);
  } catch (error) {
    if (WampError.is(error) && error.uri === ErrorUri.invalidArgument) return null;
    throw error;
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function elements(list: readonly unknown[], format: ExactFormat, missing: string[]): Uint8Array {
  const writer = format.newWriter(64);
  writer.beginList();
  for (const [i, item] of list.entries()) {
    const bytes = encodedOrNull(item, format);
    if (bytes === null) missing.push(String(i));
    else writer.splice(bytes);
  }
  writer.endList();
  return writer.bytes;
}

/** @param path the keys that lead to it, each with a point behind it */
function members(dict: unknown, format: ExactFormat, path: string, missing: string[]): Uint8Array {
  const writer = format.newWriter(64);
  writer.beginDict();
  for (const [key, item] of Object.entries(membersOf(dict))) {
    const bytes = encodedOrNull(item, format) ?? partOf(item, format, path + key, missing);
    if (bytes === null) continue;
    putKey(key, writer);
    writer.splice(bytes);
  }
  writer.endDict();
  return writer.bytes;
}

/** What can be said of a member that cannot be said as a whole: of a dictionary some of its members. */
function partOf(item: unknown, format: ExactFormat, path: string, missing: string[]): Uint8Array | null {
  if (Object.keys(membersOf(item)).length > 0) return members(item, format, `${path}.`, missing);
  missing.push(path);
  return null;
}

/** The members of a dictionary; none if it is something else. */
function membersOf(value: unknown): Record<string, unknown> {
  if (value instanceof RawValue) return value.entries();
  const isPlain = typeof value === "object" && value !== null && !Array.isArray(value);
  const prototype: unknown = isPlain ? Object.getPrototypeOf(value) : undefined;
  return prototype === null || prototype === Object.prototype ? (value as Record<string, unknown>) : {};
}
