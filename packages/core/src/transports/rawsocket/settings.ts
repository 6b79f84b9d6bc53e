import { z } from "zod";
import { bytes, limit, live } from "../../settings/metadata.ts";
import { slowClientSettings } from "../frames/settings.ts";
import { endpointSchema } from "../net/settings.ts";

const MiB = 1024 * 1024;

/** One entry of type `rawsocket`, without core's own keys. */
export const rawsocketSchema = z.strictObject({
  endpoint: endpointSchema.describe("where to listen; [entries may share an endpoint](#an-endpoint)"),
  serializers: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("the formats clients may use; default: all that are loaded and have a number in RawSocket"),
  "max-message-size": bytes(512, 16 * MiB)
    .default(16 * MiB)
    .describe("bytes of one message, rounded down to a power of two")
    .meta({ ...live, ...limit("the end of the connection") }),
  ...slowClientSettings,
});

export type RawSocketOptions = z.output<typeof rawsocketSchema>;
