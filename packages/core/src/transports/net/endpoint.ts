import type { Server } from "node:net";
import { Server as TlsServer } from "node:tls";
import { z } from "zod";
import { trustedProxiesSchema } from "./trusted-proxies.ts";
import { readTls, type TlsOptions, tlsSchema } from "./tls.ts";

const plainTcp = z.strictObject({
  type: z.literal("tcp").describe("listen on a TCP port"),
  host: z.string().min(1).default("127.0.0.1").describe("the address to listen on; 0.0.0.0 or :: for all of them"),
  port: z.int().min(0).max(65535).describe("the port to listen on; 0 for any free one"),
  tls: tlsSchema.optional().describe("makes the endpoint speak TLS"),
  "trusted-proxies": trustedProxiesSchema
    .default([])
    .describe("addresses and networks of proxies in front, whose word about the client's address is taken"),
  "proxy-protocol": z
    .boolean()
    .default(false)
    .describe(
      "whether each connection begins with a PROXY header, version 1 or 2; only trusted proxies can connect then",
    ),
});

const tcp = plainTcp.refine((endpoint) => !endpoint["proxy-protocol"] || endpoint["trusted-proxies"].length > 0, {
  path: ["proxy-protocol"],
  error: "needs trusted-proxies: else anyone could give himself any address",
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

/** What carries the connections of an endpoint, as authenticators are told. */
export function carrierOf(endpoint: Endpoint): string {
  return endpoint.type === "tcp" && endpoint.tls !== undefined ? "tls" : endpoint.type;
}

/** The TLS of an endpoint, null where it has none. @param folder where its files are looked for */
export async function tlsOf(endpoint: Endpoint, folder: string): Promise<TlsOptions | null> {
  return endpoint.type === "tcp" && endpoint.tls !== undefined ? readTls(endpoint.tls, folder) : null;
}

/**
 * Gives a server the certificate that its files hold now, for connections to come.
 * @returns a sentence for files that cannot be used: the old certificate stays
 */
export async function reloadCertificates(server: Server, endpoint: Endpoint, folder: string): Promise<string[]> {
  try {
    const tls = await tlsOf(endpoint, folder);
    if (tls !== null && server instanceof TlsServer) server.setSecureContext(tls);
    return [];
  } catch (error) {
    return [`${(error as Error).message}; ${endpointKey(endpoint)} keeps its old certificate`];
  }
}
