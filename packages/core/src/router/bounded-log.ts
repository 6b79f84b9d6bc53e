import type { Log } from "../contract/log.ts";
import type { Dict } from "../wamp/payload.ts";
import { isShort, LogValues } from "./log-values.ts";

type Level = "debug" | "info" | "warn" | "error";

/** A pino logger can tell that a level is not written. */
type Target = Log & { readonly isLevelEnabled?: (level: Level) => boolean };

/**
 * A log whose lines are short, whatever is written to it: texts, lists and errors are cut. All parts of a router and its
 * plugins write through one of these, so a client that sends megabytes cannot fill the log with them.
 *
 * @param log where the lines go: the router's own log or one of the embedding program
 */
export function boundedLog(log: Log): Log {
  return new BoundedLog(log, null);
}

class BoundedLog implements Log {
  readonly #log: Target;
  /** The keys of each line. They are not left to a child of `log`, whose level would not follow a reload. */
  readonly #fields: Readonly<Dict> | null;

  constructor(log: Target, fields: Readonly<Dict> | null) {
    this.#log = log;
    this.#fields = fields;
  }

  debug(fields: Dict, message: string): void {
    this.#write("debug", fields, message);
  }

  info(fields: Dict, message: string): void {
    this.#write("info", fields, message);
  }

  warn(fields: Dict, message: string): void {
    this.#write("warn", fields, message);
  }

  error(fields: Dict, message: string): void {
    this.#write("error", fields, message);
  }

  child(fields: Dict): Log {
    return new BoundedLog(this.#log, { ...this.#fields, ...fields });
  }

  /** A plugin without types may also write `(message)` or `(error)`, as to pino. */
  #write(level: Level, fields: unknown, message: unknown): void {
    if (this.#log.isLevelEnabled?.(level) === false) return;
    if (typeof fields === "string") return this.#line(level, {}, fields);
    if (fields instanceof Error) return this.#line(level, { err: fields }, message ?? fields.message);
    this.#line(level, fields as Dict, message);
  }

  #line(level: Level, fields: Readonly<Dict>, message: unknown): void {
    let all: Readonly<Dict> = {};
    let isReady = false;
    try {
      all = this.#fields === null ? fields : { ...this.#fields, ...fields };
      isReady = typeof message === "string" && isShort(all, message);
    } catch {
      // An object of a plugin whose properties throw: the message is logged without it.
    }
    if (isReady) return this.#log[level](all, message as string);
    const values = new LogValues();
    const text = values.message(message);
    this.#log[level](shownBy(values, all), text);
  }
}

function shownBy(values: LogValues, fields: Readonly<Dict>): Dict {
  try {
    return values.fields(fields);
  } catch {
    return {}; // values whose properties throw: again without them
  }
}
