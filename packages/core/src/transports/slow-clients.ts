import { z } from "zod";

const MiB = 1024 * 1024;

/** What a transport's entry says of clients that read slowly. */
export const slowClientFields = {
  "max-buffered": z
    .int()
    .min(1024)
    .default(64 * MiB)
    .describe(
      "bytes that may wait for one slow client; over it calls to it are refused and events for it skipped, and nobody else waits",
    ),
  "send-timeout": z
    .int()
    .min(100)
    .max(0x7fff_ffff)
    .default(10_000)
    .describe(
      "for how long bytes may wait for a client that takes none of them, in milliseconds; it is then disconnected",
    ),
};
