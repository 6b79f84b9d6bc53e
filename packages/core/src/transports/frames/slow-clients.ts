import { z } from "zod";

const MiB = 1024 * 1024;

/** The keys of a transport's entry about clients that read slowly. */
export const slowClientFields = {
  "max-buffered": z
    .int()
    .min(1024)
    .default(64 * MiB)
    .describe(
      "bytes that may wait for one slow client; above it, calls of that client are refused and events for it are skipped",
    ),
  "send-timeout": z
    .int()
    .min(100)
    .max(0x7fff_ffff)
    .default(10_000)
    .describe("how long bytes may wait for a client that takes none of them, in milliseconds; then it is disconnected"),
};
