import { z } from "zod";
import { totalLimits } from "../limits/settings.ts";
import { sideSchema } from "./side/settings.ts";
import { bytes, limit, milliseconds } from "../settings/metadata.ts";

/** The levels of the log, from the most lines to none. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** The router's own settings, at the top level of the config. */
export const routerSettings = z.object({
  ...totalLimits.shape,
  side: sideSchema.optional(),
  "shutdown-timeout": milliseconds(0)
    .default(5000)
    .describe("how long pending calls may take after the router is told to stop"),
  log: z
    .strictObject({
      level: z
        .enum(LOG_LEVELS)
        .default("info")
        .describe("the lowest level that is written; `wampgate start --log-level` wins"),
      format: z
        .enum(["json", "pretty"])
        .optional()
        .describe("lines of JSON, or text for people; default: text on a terminal, JSON elsewhere"),
      buffer: bytes(4096, 2 ** 30)
        .default(8 * 1024 * 1024)
        .describe("bytes of the log that may wait for a reader that is too slow")
        .meta(
          limit(
            "lines are dropped, and each is counted; a line says how many, as `lines`, as soon as there is room again",
            "log.buffer",
          ),
        ),
    })
    .prefault({})
    .describe("how the router's own log is written; a program that brings its own log sets that up itself"),
});

export type RouterSettings = z.output<typeof routerSettings>;
