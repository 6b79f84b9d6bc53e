import { isDeepStrictEqual } from "node:util";
import type { Accepts, Transport } from "../../contract/transport.ts";
import { endpointIn, endpointKey } from "./endpoint.ts";
import { noServer } from "./endpoints.ts";
import type { Endpoint } from "./settings.ts";

/** What an entry takes of its endpoint, which others may share. */
export interface Sharing {
  readonly endpoint: Endpoint;
  readonly accepts: Accepts;
}

/** Null for a transport that listens by itself. @throws Error if the transport does not tell its endpoint */
export function sharingOf({ accepts }: Pick<Transport, "accepts">, options: unknown): Sharing | null {
  return accepts === undefined ? null : { accepts: accepts(options), endpoint: endpointIn(options) };
}

/** Why an entry cannot have its endpoint; null if it can. @param servers the names of those that the program gives */
export function whyNotThere({ endpoint, accepts }: Sharing, servers: ReadonlySet<string>): string | null {
  if (endpoint.type !== "server") return null;
  if (!servers.has(endpoint.name)) return noServer(endpoint.name);
  return "upgrade" in accepts
    ? null
    : "an endpoint of type server takes WebSockets alone; let this entry listen by type tcp or unix";
}

/** Whether two entries have one endpoint. */
export function isShared(earlier: Sharing, later: Sharing): boolean {
  return endpointKey(earlier.endpoint) === endpointKey(later.endpoint);
}

/**
 * Why an entry cannot share the endpoint of an earlier one; null if it can.
 * @param name of the earlier one: `transports[0]`
 */
export function whyNotTogether(earlier: Sharing, later: Sharing, name: string): string | null {
  const key = difference(earlier.endpoint, later.endpoint);
  if (key !== undefined)
    return `it has the endpoint of ${name}, but another ${key}; give both the same, or other endpoints`;
  const route = routeOf(later.accepts);
  if (routeOf(earlier.accepts) !== route) return null;
  const other = "firstByte" in later.accepts ? "endpoint" : "path";
  return `it has the endpoint of ${name}, which takes ${route} there; give one of them another ${other}`;
}

function difference(earlier: Endpoint, later: Endpoint): string | undefined {
  const [one, other] = [earlier, later] as unknown as [Record<string, unknown>, Record<string, unknown>];
  return Object.keys({ ...one, ...other }).find((key) => !isDeepStrictEqual(one[key], other[key]));
}

function routeOf(accepts: Accepts): string {
  if ("upgrade" in accepts) return `WebSockets at the path "${accepts.upgrade}"`;
  if ("request" in accepts) return `requests to the path "${accepts.request}"`;
  return `connections that begin with the byte 0x${accepts.firstByte.toString(16)}`;
}
