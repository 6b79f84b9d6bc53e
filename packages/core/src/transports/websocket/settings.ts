import { z } from "zod";
import { endpointKey, endpointSchema } from "../net/endpoint.ts";
import { slowClientFields } from "../frames/slow-clients.ts";

const MiB = 1024 * 1024;

/** One entry of type `websocket`, less the keys that core takes out. */
export const websocketSchema = z.strictObject({
  endpoint: endpointSchema.describe(
    "where to listen; entries with one endpoint share its listener and are told apart by path",
  ),
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
      "the pages that browsers may connect from, as `https://*.example.com`; default: those of the host and port that they connect to; who sends no Origin is no browser",
    ),
  "ping-interval": z
    .int()
    .min(0)
    .max(0x7fff_ffff)
    .default(30_000)
    .describe(
      "how often a client is sent a PING, in milliseconds; a client that has not answered by the next one is disconnected; 0: never",
    ),
  "max-header-size": z
    .int()
    .min(1024)
    .max(MiB)
    .default(16 * 1024)
    .describe("bytes of a request's URL and headers; of entries with one endpoint the largest counts"),
  "max-message-size": z
    .int()
    .min(1024)
    .max(0x7fff_ffff) // ws keeps it in 32 bits
    .default(16 * MiB)
    .describe("bytes; a client that sends a larger frame is disconnected"),
  ...slowClientFields,
});

export type WebSocketOptions = z.output<typeof websocketSchema>;

/** Entries whose endpoint and path an earlier one has already. */
export function websocketConflicts(entries: readonly WebSocketOptions[]): { index: number; message: string }[] {
  const taken = new Set<string>();
  const settingsOf = new Map<string, string>();
  return entries.flatMap(({ endpoint, path }, index) => {
    const address = `${endpointKey(endpoint)} ${path}`;
    const settings = JSON.stringify(endpoint);
    const earlier = settingsOf.get(endpointKey(endpoint)) ?? settings;
    settingsOf.set(endpointKey(endpoint), earlier);
    if (earlier !== settings)
      return [{ index, message: "an earlier transport has this endpoint with another tls, or other proxies" }];
    if (!taken.has(address)) {
      taken.add(address);
      return [];
    }
    return [{ index, message: `an earlier transport has this endpoint and the path "${path}"; give one another path` }];
  });
}
