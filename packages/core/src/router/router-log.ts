import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { type LogStream, logStreamOf } from "./log-stream.ts";

/** A log that never holds up who writes it, and the stream behind it. */
export interface RouterLog {
  readonly log: Logger;
  readonly output: LogStream;
}

/**
 * The log of a router on standard output or standard error.
 * @param fd 1 or 2
 * @param options `level`: the lowest that is written; `pretty`: for people, where it is a terminal, else JSON lines
 */
export function routerLog(fd: 1 | 2, { level = "info", pretty = false } = {}): RouterLog {
  const output = logStreamOf(fd);
  const log = pino(
    { name: "wampgate", level, serializers: { error: pino.stdSerializers.err } },
    pretty && isatty(fd) ? prettified(output) : output,
  );
  output.tell = (lines) =>
    log.warn(
      { limit: "log.buffer", lines },
      `${lines} ${lines === 1 ? "line" : "lines"} of the log were dropped: what reads it is too slow, and log.buffer was full`,
    );
  return { log, output };
}

function prettified(output: LogStream): { write(line: string): void } {
  const pretty = prettyFactory({ ignore: "pid,hostname,name" });
  return { write: (line) => void output.write(pretty(line)) };
}
