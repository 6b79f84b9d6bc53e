import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import type { KnownByTls } from "../../contract/transport.ts";
import type { EndpointServer, Place } from "./endpoint-server.ts";
import { bracketed } from "./endpoint.ts";
import { HttpRoutes, type RoutesContext } from "./http-routes.ts";
import { PeerAddresses } from "./peer-addresses.ts";
import type { Endpoint } from "./settings.ts";
import { knownByTls } from "./tls.ts";

/** An endpoint that names an HTTP server of the embedding program. */
export type AttachedEndpoint = Extract<Endpoint, { readonly type: "server" }>;

/** Which authorities vouch for clients is the program's affair. */
const PROGRAMS_OWN = { isCurrent: true };

/**
 * Takes WebSockets on an HTTP server of the embedding program, which stays that program's: it listens, answers requests and
 * closes.
 */
export class AttachedServer implements EndpointServer {
  readonly #endpoint: AttachedEndpoint;
  readonly #server: Server;
  readonly #places = new Set<Place>();
  readonly #routes: HttpRoutes;
  readonly #peers: PeerAddresses;
  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // The program, or another router, may take upgrades at other paths.
    const isOurs = this.#routes.hasUpgrade(request) || this.#server.listenerCount("upgrade") === 1;
    if (isOurs) this.#routes.upgrade(request, socket, head);
  };

  constructor(endpoint: AttachedEndpoint, server: Server, context: RoutesContext) {
    this.#endpoint = endpoint;
    this.#server = server;
    this.#routes = new HttpRoutes(context);
    this.#peers = new PeerAddresses(endpoint);
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  add(place: Place): void {
    this.#routes.add(place.accepts, place.takes);
    this.#places.add(place);
  }

  remove(place: Place): void {
    if (!this.#places.delete(place)) return;
    this.#routes.remove(place.accepts);
    if (this.isEmpty) this.#server.off("upgrade", this.#upgrade);
  }

  addRoute(): void {
    throw new Error(`the program answers the requests to its server "${this.#endpoint.name}" itself`);
  }

  removeRoute(): void {
    // There is none.
  }

  configure(): void {
    // The program's server has its own limits.
  }

  listen(): Promise<void> {
    if (!this.#server.listeners("upgrade").includes(this.#upgrade)) this.#server.on("upgrade", this.#upgrade);
    return Promise.resolve();
  }

  url(scheme: string, path = ""): string {
    const address = this.#server.address();
    if (address === null) return `${scheme}+server:${this.#endpoint.name}:${path}`; // it does not listen yet
    if (typeof address === "string") return `${scheme}+unix:${address}:${path}`;
    return `${scheme}${"setSecureContext" in this.#server ? "s" : ""}://${bracketed(address.address)}:${address.port}${path}`;
  }

  carrierOf(socket: Socket): string {
    if (socket instanceof TLSSocket) return "tls";
    return this.#isUnix ? "unix" : "tcp";
  }

  peerOf(socket: Socket, headers?: IncomingMessage["headers"]): string | undefined {
    return this.#isUnix ? "unix" : this.#peers.of(socket, headers?.["x-forwarded-for"]);
  }

  hostOf(request: IncomingMessage): string | undefined {
    return this.#isUnix ? request.headers.host : this.#peers.hostOf(request);
  }

  knownByTls(socket: Socket, request?: IncomingMessage): KnownByTls {
    return knownByTls(socket, request !== undefined && this.#peers.isForwarded(request), PROGRAMS_OWN);
  }

  isSecure(request: IncomingMessage): boolean {
    return request.socket instanceof TLSSocket || (!this.#isUnix && this.#peers.isForwardedSecure(request));
  }

  taken(): void {
    // The program limits the connections to its server.
  }

  reloadCertificates(): Promise<string[]> {
    return Promise.resolve([]);
  }

  stop(): void {
    this.#routes.stop();
  }

  close(): Promise<void> {
    this.#server.off("upgrade", this.#upgrade);
    return Promise.resolve();
  }

  get #isUnix(): boolean {
    return typeof this.#server.address() === "string";
  }
}
