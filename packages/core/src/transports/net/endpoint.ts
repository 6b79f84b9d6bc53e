import type { Server } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { Endpoint } from "./settings.ts";
import { readTls, type TlsOptions } from "./tls.ts";

/** The same text for the same endpoint, to compare endpoints. Not for people. */
export function endpointKey(endpoint: Endpoint): string {
  return endpoint.type === "tcp" ? `tcp:${endpoint.host}:${endpoint.port}` : `unix:${endpoint.path}`;
}

/** What carries the connections of an endpoint, as authenticators see it. */
export function carrierOf(endpoint: Endpoint): string {
  return endpoint.type === "tcp" && endpoint.tls !== undefined ? "tls" : endpoint.type;
}

/** The TLS of an endpoint; null if it has none. @param folder the folder of its files */
export async function tlsOf(endpoint: Endpoint, folder: string): Promise<TlsOptions | null> {
  return endpoint.type === "tcp" && endpoint.tls !== undefined ? readTls(endpoint.tls, folder) : null;
}

/**
 * Gives a server the certificate that is in its files now, for new connections.
 * @returns a sentence if the files cannot be used; then the old certificate stays
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
