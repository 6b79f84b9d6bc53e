import { z } from "zod";

const MiB = 1024 * 1024;

const tcp = z.strictObject({
  type: z.literal("tcp").describe("listen on a TCP port"),
  host: z.string().min(1).default("127.0.0.1").describe("the address to listen on; 0.0.0.0 or :: for all of them"),
  port: z.int().min(0).max(65535).describe("the port to listen on; 0 for any free one"),
});

const unix = z.strictObject({
  type: z.literal("unix").describe("listen on a Unix domain socket"),
  path: z.string().min(1).describe("the socket's file; what a dead process left there is replaced"),
});

/** One entry of type `websocket`, less the keys that core takes out. */
export const websocketSchema = z.strictObject({
  endpoint: z
    .discriminatedUnion("type", [tcp, unix])
    .describe("where to listen; entries with one endpoint share its listener and are told apart by path"),
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
  "max-message-size": z
    .int()
    .min(1024)
    .max(0x7fff_ffff) // ws keeps it in 32 bits
    .default(16 * MiB)
    .describe("bytes; a client that sends a larger frame is disconnected"),
  "max-buffered": z
    .int()
    .min(1024)
    .default(64 * MiB)
    .describe("bytes that may wait for one slow client; over it that client is disconnected, the others never wait"),
});

export type WebSocketOptions = z.output<typeof websocketSchema>;
export type Endpoint = WebSocketOptions["endpoint"];

/** The same text for the same endpoint. Not for people. */
export function endpointKey(endpoint: Endpoint): string {
  return endpoint.type === "tcp" ? `tcp:${endpoint.host}:${endpoint.port}` : `unix:${endpoint.path}`;
}

/** Entries whose endpoint and path an earlier one has already. */
export function websocketConflicts(entries: readonly WebSocketOptions[]): { index: number; message: string }[] {
  const taken = new Set<string>();
  return entries.flatMap(({ endpoint, path }, index) => {
    const door = `${endpointKey(endpoint)} ${path}`;
    if (!taken.has(door)) {
      taken.add(door);
      return [];
    }
    return [{ index, message: `an earlier transport has this endpoint and the path "${path}"; give one another path` }];
  });
}
