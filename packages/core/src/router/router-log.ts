import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Log } from "../contract/log.ts";
import { type LogStream, logStreamOf } from "./log-stream.ts";

/** Behind each log that was made here, its stream. */
const streams = new WeakMap<Log, LogStream>();

/**
 * The log of a router on standard output or standard error. It never holds up the one who writes it.
 * @param fd 1 or 2
 * @param options `level`: the lowest that is written; `pretty`: for people, where it is a terminal, else JSON lines
 */
export function routerLog(fd: 1 | 2, { level = "info", pretty = false } = {}): Logger {
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
  streams.set(log, output);
  return log;
}

/** The stream that a log writes to; null for a log of the embedding program. */
export function streamOf(log: Log): LogStream | null {
  return streams.get(log) ?? null;
}

function prettified(output: LogStream): { write(line: string): void } {
  const pretty = prettyFactory({ ignore: "pid,hostname,name" });
  return { write: (line) => void output.write(pretty(line)) };
}
