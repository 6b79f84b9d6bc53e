import { isDict } from "../../wamp/messages.ts";
import { type Endpoint, endpointSchema } from "./settings.ts";
import { readTls, type TlsOptions } from "./tls.ts";

/**
 * The same text for the same endpoint, to compare endpoints. Not for people. With port 0 each gets a port of its own,
 * but those that have the same settings share one.
 */
export function endpointKey(endpoint: Endpoint): string {
  if (endpoint.type === "unix") return `unix:${endpoint.path}`;
  if (endpoint.type === "server") return `server:${endpoint.name}`;
  return endpoint.port === 0 ? JSON.stringify(endpoint) : `tcp:${endpoint.host}:${endpoint.port}`;
}

/** An endpoint as people write it: `127.0.0.1:8080`, `/run/router.sock`, `server main`. */
export function endpointName(endpoint: Endpoint): string {
  if (endpoint.type === "unix") return endpoint.path;
  return endpoint.type === "tcp" ? `${bracketed(endpoint.host)}:${endpoint.port}` : `server ${endpoint.name}`;
}

/** The endpoint in an entry's options. @throws Error if they have none: the transport's schema lacks it */
export function endpointIn(options: unknown): Endpoint {
  const { success, data } = endpointSchema.safeParse(isDict(options) ? options["endpoint"] : undefined);
  if (success) return data;
  throw new Error("a transport that accepts something needs the key endpoint in its schema: take endpointSchema");
}

/** A host as in a URL. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The TLS of an endpoint; null if it has none. @param folder the folder of its files */
export async function tlsOf(endpoint: Endpoint, folder: string): Promise<TlsOptions | null> {
  return endpoint.type === "tcp" && endpoint.tls !== undefined ? readTls(endpoint.tls, folder) : null;
}
