import { types } from "node:util";
import { thrownText } from "../errors/thrown.ts";
import { withoutStack } from "../errors/wamp-error.ts";
import type { Dict } from "../wamp/payload.ts";

/** How many characters of one text are logged, of a line's message, and of the stack of an error. */
const LONGEST = { text: 512, message: 2048, stack: 4096 };

/** How many characters of JSON all values of one line may take together. */
const LINE = 16 * 1024;

/** How many entries of a list or dictionary are logged, and how deep they may be nested. */
const MOST_ENTRIES = 50;
const MOST_LEVELS = 5;

/** How many causes of an error are logged. */
const MOST_CAUSES = 4;

/**
 * Whether a line can be written as it is: plain values alone, and all of them short. Most lines are such, and this costs
 * less than a copy.
 */
export function isShort(fields: Readonly<Dict>, message: string): boolean {
  // In JSON a character takes six at most.
  let room = LINE / 6 - message.length;
  let count = 0;
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === "string" && value.length <= LONGEST.text) room -= value.length;
    else if (!isSmall(value)) return false;
    room -= key.length;
    if (key === "err" || ++count > MOST_ENTRIES || room < 0) return false;
  }
  return true;
}

function isSmall(value: unknown): boolean {
  return value === null || value === undefined || typeof value === "number" || typeof value === "boolean";
}

/** The values of one line. Together they stay below a fixed length, whatever they contain. */
export class LogValues {
  #room = LINE;

  /** The line's message. */
  message(text: unknown): string {
    return this.#text(typeof text === "string" ? text : "", LONGEST.message);
  }

  /** The line's keys. The value of `err` is what was thrown. */
  fields(fields: Readonly<Dict>): Dict {
    return this.#dict(fields, 0, (value, key) => (key === "err" ? this.#error(value) : this.#value(value, 1)));
  }

  #value(value: unknown, level: number): unknown {
    switch (typeof value) {
      case "string":
        return this.#text(value, LONGEST.text);
      case "bigint":
        return this.#text(String(value), LONGEST.text);
      case "object":
        return value === null ? null : this.#object(value, level);
      case "function":
      case "symbol":
        return undefined;
      default:
        return value;
    }
  }

  #object(value: object, level: number): unknown {
    if (isError(value)) return this.#text(`${value.name}: ${value.message}`, LONGEST.text);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`;
    // A date, a URL, or a secret that hides itself.
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return this.#value(jsonOf(value as { toJSON(): unknown }), level + 1);
    if (level > MOST_LEVELS) return "…";
    if (!Array.isArray(value)) return this.#dict(value as Dict, level, (item) => this.#value(item, level + 1));
    const items: unknown[] = [];
    for (const item of value as unknown[]) {
      if (items.length === MOST_ENTRIES || !this.#spend(2)) return [...items, `… (${value.length} items)`];
      items.push(this.#value(item, level + 1) ?? null);
    }
    return items;
  }

  #dict(from: Readonly<Dict>, level: number, valueOf: (value: unknown, key: string) => unknown): Dict {
    const to = Object.create(null) as Dict;
    let count = 0;
    for (const key in from) {
      if (!Object.hasOwn(from, key)) continue;
      if (++count > MOST_ENTRIES || !this.#spend(4)) {
        to["…"] = "more keys are left out";
        break;
      }
      to[this.#text(key, LONGEST.text)] = valueOf(from[key], key);
    }
    return level === 0 ? { ...to } : to;
  }

  /**
   * What was thrown, as an error with short texts: of its own properties it has `code` and `uri`, and the others may hold
   * secrets. Its constructor is the type that pino shows.
   */
  #error(thrown: unknown, causes = 0): Error {
    if (!isError(thrown)) return this.#shortError(new Error(thrownText(thrown)), []);
    const { code, uri, cause } = thrown as Error & { readonly code?: unknown; readonly uri?: unknown };
    const error = this.#shortError(thrown, framesOf(thrown));
    if (isPlain(code)) Object.assign(error, { code: this.#value(code, 1) });
    if (isPlain(uri)) Object.assign(error, { uri: this.#value(uri, 1) });
    if (cause !== undefined && causes < MOST_CAUSES) error.cause = this.#error(cause, causes + 1);
    return error;
  }

  #shortError({ name, message, constructor }: Error, frames: readonly string[]): Error {
    const short = this.#text(message, LONGEST.text);
    const stack = this.#text([`${name}: ${short}`, ...frames].join("\n"), LONGEST.stack);
    const error = withoutStack(() => new Error(short));
    for (const [key, value] of Object.entries({ name, stack, constructor }))
      Object.defineProperty(error, key, { value, configurable: true });
    return error;
  }

  #text(text: string, most: number): string {
    const short = cut(text, most);
    return this.#spend(JSON.stringify(short).length) ? short : "…";
  }

  /** Whether there is room for so many characters. If not, there may still be some for less. */
  #spend(characters: number): boolean {
    if (characters > this.#room) return false;
    this.#room -= characters;
    return true;
  }
}

/** The beginning of a text that is too long, and how long it is. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const isPair = /[\ud800-\udbff]/.test(text.charAt(most - 1));
  return `${text.slice(0, isPair ? most - 1 : most)}… (${text.length} characters)`;
}

/**
 * The places in the stack of an error. What comes before them repeats the message, and the source of a file with a
 * syntax error, which may contain a secret.
 */
function framesOf({ stack, name, message }: Error): string[] {
  if (typeof stack !== "string") return [];
  const head = `${name}: ${message}`;
  return (stack.startsWith(head) ? stack.slice(head.length) : stack)
    .slice(-LONGEST.stack)
    .split("\n")
    .filter((line) => /^ +at /.test(line));
}

/** Also of another realm of V8, as in `node:vm`. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function jsonOf(value: { toJSON(): unknown }): unknown {
  const json = value.toJSON();
  return typeof json === "object" && json !== null && "toJSON" in json ? "…" : json;
}
