import { bytes, limit, live, milliseconds } from "../../settings/metadata.ts";

const MiB = 1024 * 1024;

/** The keys of an entry about clients that read slowly, for transports that send frames over sockets. */
export const slowClientSettings = {
  "max-buffered": bytes(1024, Number.MAX_SAFE_INTEGER)
    .default(64 * MiB)
    .describe("bytes that may wait for one slow client")
    .meta({
      ...live,
      ...limit(
        "it misses events; its callers get ERROR `wampgate.error.receiver_busy`; while it asks for answers, it is not read further: [senders disconnect no receiver](../decisions/slow-receivers.md)",
      ),
    }),
  "send-timeout": milliseconds(100)
    .default(10_000)
    .describe("how long bytes may wait for a client that takes none of them")
    .meta({ ...live, ...limit("the end of the connection") }),
};
