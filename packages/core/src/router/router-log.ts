import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Log } from "../contract/log.ts";
import { type LogStream, logStreamOf } from "./log-stream.ts";

/** The stream of each log that was created here. */
const streams = new WeakMap<Log, LogStream>();

/**
 * A router's log on standard output or standard error. It never blocks its writer.
 * @param fd 1 or 2
 * @param options `level`: the lowest level that is written; `pretty`: readable text on a terminal, JSON lines elsewhere
 */
export function routerLog(fd: 1 | 2, { level = "info", pretty = false } = {}): Logger {
  const output = logStreamOf(fd);
  const log = pino({ name: "wampgate", level }, pretty && isatty(fd) ? prettified(output) : output);
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
