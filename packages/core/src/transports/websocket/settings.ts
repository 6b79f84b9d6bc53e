import { z } from "zod";
import { bytes, limit, live, milliseconds } from "../../settings/metadata.ts";
import { slowClientSettings } from "../frames/settings.ts";
import { endpointSchema } from "../net/settings.ts";

const MiB = 1024 * 1024;

const compressionSchema = z.strictObject({
  level: z.int().min(1).max(9).default(3).describe("how hard to compress: 1 takes the least time, 9 the most"),
  "max-ratio": z
    .int()
    .min(2)
    .max(1032) // the most that deflate can reach
    .default(100)
    .describe(
      "how many times as large a client's message may become that it sent compressed, if that is more than 64 KiB; `max-message-size` holds besides",
    )
    .meta(limit("the end of the connection, with code 1009", "compression.max-ratio")),
});

/** One entry of type `websocket`, without core's own keys. */
export const websocketSchema = z.strictObject({
  endpoint: endpointSchema.describe("where to listen; [entries may share an endpoint](#an-endpoint)"),
  path: z
    .string()
    .regex(/^\/[^?#\s]*$/, 'must start with "/" and hold no space, "?" or "#"')
    .default("/ws")
    .describe("the path of the URL that clients connect to"),
  serializers: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("the formats clients may use, each also batched; default: all that are loaded"),
  "allowed-origins": z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      "the [pages](limits.md#pages-of-other-sites) that browsers may connect from, as `https://*.example.com`; default: those of the host and port that they connect to. Not a limit: other pages are counted",
    )
    .meta({ ...live, ...limit("HTTP 403 with both values and the key") }),
  "ping-interval": milliseconds(0)
    .default(30_000)
    .describe("how often a client is sent a PING, which it must answer before the next one; 0: never")
    .meta({ ...live, ...limit("the end of the connection") }),
  "max-header-size": bytes(1024, MiB)
    .default(16 * 1024)
    .describe(
      "bytes of a request's URL and headers together; the largest value counts for entries with the same endpoint",
    )
    .meta({ ...live, ...limit("HTTP 431") }),
  "max-message-size": bytes(1024, 0x7fff_ffff) // ws keeps it in 32 bits
    .default(16 * MiB)
    .describe("bytes of one frame")
    .meta({ ...live, ...limit("the end of the connection, with code 1009") }),
  compression: compressionSchema
    .optional()
    .describe(
      "agrees to permessage-deflate with clients that offer it and are no browsers; [what it costs](../guides/operations.md#compression)",
    )
    .meta(live),
  ...slowClientSettings,
});

export type WebSocketOptions = z.output<typeof websocketSchema>;
