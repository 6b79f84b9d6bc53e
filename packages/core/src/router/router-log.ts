import { hostname } from "node:os";
import { isatty } from "node:tty";
import { type Logger, pino, symbols } from "pino";
import { isColorSupported, prettyFactory } from "pino-pretty";
import type { Log } from "../contract/log.ts";
import { type LogStream, logStreamOf, type LossListener } from "./log-stream.ts";
import type { LogLevel, RouterSettings } from "./settings.ts";

/** What the config changes in a log that was created here. */
export interface RouterLog {
  /** Puts the config's `log` into effect. */
  configure(settings: RouterSettings["log"]): void;
  /** Calls `listener` at once for each line that is dropped. @returns a function that ends this */
  onLoss(listener: LossListener): () => void;
}

/** The level of lines that are written at once. */
const WARN = pino.levels.values["warn"] ?? 0;

const created = new WeakMap<Log, RouterLog>();

/**
 * A router's log on standard output or standard error. It never blocks its writer.
 * @param fd 1 or 2, or another descriptor that is open for writing
 * @param options `level`: the lowest level that is written, whatever the config says; `worker`: its name, in each line
 */
export function routerLog(
  fd: number,
  { level, worker }: { readonly level?: LogLevel | undefined; readonly worker?: string | undefined } = {},
): Logger {
  const stream = logStreamOf(fd);
  const output = new Output(stream, fd);
  const base = worker === undefined ? {} : { base: { pid: process.pid, hostname: hostname(), worker } };
  const log = pino({ name: "wampgate", level: level ?? "info", ...base }, output);
  stream.tell = (lines) =>
    log.warn(
      { limit: "log.buffer", lines },
      `${lines} ${lines === 1 ? "line" : "lines"} of the log were dropped: what reads it is too slow, and log.buffer was full`,
    );
  created.set(log, {
    configure: (settings) => {
      log.level = level ?? settings.level;
      output.isPretty = settings.format === undefined ? isatty(fd) : settings.format === "pretty";
      stream.limit = settings.buffer;
    },
    onLoss: (listener) => stream.onLoss(listener),
  });
  return log;
}

/** What the config changes in `log`; null for a log of the embedding program. */
export function routerLogOf(log: Log): RouterLog | null {
  return created.get(log) ?? null;
}

/** Gets lines of JSON, and writes them so or in readable form. What went wrong is written at once. */
class Output {
  readonly [symbols.needsMetadataGsym] = true;
  /** Set by pino before it writes a line. */
  lastLevel = 0;
  isPretty: boolean;
  readonly #stream: LogStream;
  readonly #pretty: (line: object) => string;

  constructor(stream: LogStream, fd: number) {
    this.#stream = stream;
    this.isPretty = isatty(fd);
    this.#pretty = prettyFactory({
      ignore: "pid,hostname,name",
      singleLine: true,
      colorize: isatty(fd) && isColorSupported,
    });
  }

  write(line: string): void {
    const text = this.isPretty ? this.#pretty(JSON.parse(line, visible) as object) : line;
    if (this.lastLevel < WARN) this.#stream.gather(text);
    else this.#stream.write(text);
  }
}

/** Shows control characters, which may change the screen of a terminal, as escapes. Line breaks stay. */
function visible(_key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  // eslint-disable-next-line no-control-regex
  return value.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
