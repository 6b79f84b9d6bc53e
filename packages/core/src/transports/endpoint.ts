import { z } from "zod";

const tcp = z.strictObject({
  type: z.literal("tcp").describe("listen on a TCP port"),
  host: z.string().min(1).default("127.0.0.1").describe("the address to listen on; 0.0.0.0 or :: for all of them"),
  port: z.int().min(0).max(65535).describe("the port to listen on; 0 for any free one"),
});

const unix = z.strictObject({
  type: z.literal("unix").describe("listen on a Unix domain socket"),
  path: z.string().min(1).describe("the socket's file; what a dead process left there is replaced"),
});

/** Where a transport listens. */
export const endpointSchema = z.discriminatedUnion("type", [tcp, unix]);

export type Endpoint = z.output<typeof endpointSchema>;

/** The same text for the same endpoint. Not for people. */
export function endpointKey(endpoint: Endpoint): string {
  return endpoint.type === "tcp" ? `tcp:${endpoint.host}:${endpoint.port}` : `unix:${endpoint.path}`;
}
