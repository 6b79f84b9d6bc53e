import type { ReportLimit } from "../../contract/observers.ts";
import type { Accepts, EntryEndpoint, OpenEntry, RequestHandler, TransportEntry } from "../../contract/transport.ts";
import type { RoutesContext } from "./http-routes.ts";

/** What an endpoint needs of its router. */
export interface EndpointContext extends RoutesContext {
  readonly report: ReportLimit;
}

/** What an open entry takes of its endpoint. */
export interface Place {
  readonly entry: Pick<TransportEntry, "limits">;
  readonly accepts: Accepts;
  /** What it says now of the length of its requests' heads, if anything. */
  readonly maxHeaderSize: number | undefined;
  readonly takes: Pick<OpenEntry, "upgrade" | "request" | "firstByte">;
}

/** The server of an endpoint, with the entries that share it. */
export interface EndpointServer extends EntryEndpoint {
  /** @throws Error if a plugin's page has its path */
  add(place: Place): void;
  remove(place: Place): void;
  /** Answers requests to a path, and below, as long as it listens. @throws Error if the path is taken */
  addRoute(path: string, handler: RequestHandler): void;
  removeRoute(path: string): void;
  /** Whether no entry uses it. */
  readonly isEmpty: boolean;
  /** What its entries accept has changed. */
  configure(): void;
  /** Listens, unless it does already. @throws Error that names the endpoint, what is wrong and what to do */
  listen(): Promise<void>;
  /** Takes no new clients. Health pages answer until `close`. */
  stop(): void;
  /** Ends what is left, and resolves when the endpoint is free. */
  close(): Promise<void>;
  /** Takes the certificate that is in its files now, for new connections. @returns a sentence if it cannot be used */
  reloadCertificates(folder: string): Promise<string[]>;
}
