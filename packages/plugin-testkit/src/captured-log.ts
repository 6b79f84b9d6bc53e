import type { Log } from "@wampgate/core";

/** One line that the router logged. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that keeps its lines, for tests that look at them. */
export class CapturedLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: Record<string, unknown>;

  constructor(lines: LogLine[] = [], fields: Record<string, unknown> = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug = (fields: Record<string, unknown>, message: string): void => this.#write("debug", fields, message);
  info = (fields: Record<string, unknown>, message: string): void => this.#write("info", fields, message);
  warn = (fields: Record<string, unknown>, message: string): void => this.#write("warn", fields, message);
  error = (fields: Record<string, unknown>, message: string): void => this.#write("error", fields, message);

  child(fields: Record<string, unknown>): CapturedLog {
    return new CapturedLog(this.lines, { ...this.#fields, ...fields });
  }

  /** All that was logged, as one text: to see that a secret is not in it. */
  text(): string {
    return this.lines
      .map(({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields, withErrors)}`)
      .join("\n");
  }

  #write(level: LogLine["level"], fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

function withErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
