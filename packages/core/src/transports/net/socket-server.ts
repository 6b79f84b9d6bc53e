import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { Server as TlsServer, TLSSocket } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import type { Duplex } from "node:stream";
import type { KnownByTls, RequestHandler } from "../../contract/transport.ts";
import { guarded } from "../../wamp/guarded.ts";
import { TurnBudget } from "../../wamp/turn-budget.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import type { Remote } from "./details.ts";
import { bracketed, endpointName, tlsOf } from "./endpoint.ts";
import type { EndpointContext, EndpointServer, Place } from "./endpoint-server.ts";
import { whenFirstByte } from "./first-byte.ts";
import { refusalOf, refuse } from "./http-refusal.ts";
import { HttpRoutes } from "./http-routes.ts";
import { listen, type OwnEndpoint } from "./listen.ts";
import { PeerAddresses } from "./peer-addresses.ts";
import { PendingSockets } from "./pending-sockets.ts";
import { knownByTls, type TlsOptions, type Trust } from "./tls.ts";

/** How long a client may take for its HTTP request, or for the first bytes of another protocol, in milliseconds. */
const REQUEST_TIME = 10_000;

/** How many bytes a request's URL and headers may have together if no entry says it. */
const MAX_HEADER_SIZE = 16 * 1024;

const ignored = (): void => undefined;

/**
 * Clients that come at once, as after a network was gone, are taken in many turns of the event loop: ten milliseconds for
 * them in each. All routers of a process share its event loop.
 */
const upgrades = new TurnBudget(10);

/** One server for all entries of one endpoint. What clients send first tells for which of them they are. */
export class SocketServer implements EndpointServer {
  readonly #endpoint: OwnEndpoint;
  readonly #server: Server;
  readonly #places = new Set<Place>();
  readonly #routes: HttpRoutes;
  readonly #firstBytes = new Map<number, (socket: Socket) => void>();
  readonly #sockets = new Set<Socket>();
  /** Of sockets whose protocol is not known, or is not HTTP: until an entry takes them. */
  readonly #deadlines = new Map<Socket, NodeJS.Timeout>();
  readonly #pending: PendingSockets;
  /** Shared by all sockets, which call it with themselves as `this`. */
  readonly #left: (this: Socket) => void;
  readonly #peers: PeerAddresses;
  readonly #context: EndpointContext;
  /** What was read from the files of certificates. */
  #tls: TlsOptions | null;
  #trust: Trust = { isCurrent: true };
  /** What it was when a client came, by the TCP socket. */
  readonly #trusts = new WeakMap<Remote, Trust>();

  /** @param tls null for an endpoint without TLS */
  constructor(endpoint: OwnEndpoint, tls: TlsOptions | null, context: EndpointContext) {
    const { log, report } = context;
    this.#endpoint = endpoint;
    this.#tls = tls;
    this.#context = context;
    this.#routes = new HttpRoutes(context);
    this.#peers = new PeerAddresses(endpoint);
    this.#pending = new PendingSockets(this.#peers, report);
    const limits = {
      headersTimeout: REQUEST_TIME,
      requestTimeout: REQUEST_TIME,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: MAX_HEADER_SIZE,
    };
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#routes.answer(request, response);
    this.#server = tls === null ? createServer(limits, answer) : createTlsServer({ ...limits, ...tls }, answer);
    this.#divide(tls === null ? "connection" : "secureConnection");
    if (endpoint.type === "tcp" && endpoint["proxy-protocol"]) this.#peers.expectHeaders(this.#server, context);
    const left = (socket: Socket): void => {
      this.#sockets.delete(socket);
      this.#pending.leave(socket);
    };
    this.#left = function () {
      left(this);
    };
    this.#server.on("connection", (socket: Socket) => this.#track(socket));
    this.#server.on("tlsClientError", (error) => log.debug({ err: error }, "a TLS handshake failed"));
    this.#server.on("clientError", (error, socket) => this.#broken(error, socket as Duplex & Remote));
    this.#server.on("upgrade", (request, socket, head) => {
      // Node's HTTP has taken its own listener off.
      socket.on("error", ignored);
      upgrades.run(
        () => {
          if (!socket.destroyed) this.#routes.upgrade(request, socket, head);
        },
        () => socket.destroy(),
      );
    });
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  add(place: Place): void {
    const { entry, accepts, takes } = place;
    this.#routes.add(accepts, takes);
    this.#places.add(place);
    this.#pending.addEntry(entry);
    if ("firstByte" in accepts && takes.firstByte !== undefined)
      this.#firstBytes.set(accepts.firstByte, takes.firstByte);
    this.configure();
  }

  remove(place: Place): void {
    const { entry, accepts } = place;
    if (!this.#places.delete(place)) return;
    this.#pending.removeEntry(entry);
    this.#routes.remove(accepts);
    if ("firstByte" in accepts) this.#firstBytes.delete(accepts.firstByte);
    this.configure();
    if (this.isEmpty) this.#server.close();
  }

  addRoute(path: string, handler: RequestHandler): void {
    this.#routes.addRequest(path, handler);
  }

  removeRoute(path: string): void {
    this.#routes.removeRequest(path);
  }

  configure(): void {
    const sizes = [...this.#places].flatMap(({ maxHeaderSize }) => maxHeaderSize ?? []);
    // Node reads it for each connection.
    Object.assign(this.#server, { maxHeaderSize: sizes.length === 0 ? MAX_HEADER_SIZE : Math.max(...sizes) });
  }

  async listen(): Promise<void> {
    if (this.#server.listening) return;
    await listen(this.#server, this.#endpoint);
    this.#server.on("error", (error) =>
      unlessRepeated(this, "connection", (repeats) =>
        this.#context.log.error({ err: error, ...repeats }, "a listener failed to take a connection"),
      ),
    );
  }

  url(scheme: string, path = ""): string {
    const endpoint = this.#endpoint;
    if (endpoint.type === "unix") return `${scheme}+unix:${endpoint.path}${path && `:${path}`}`;
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : endpoint.port;
    return `${scheme}${endpoint.tls === undefined ? "" : "s"}://${bracketed(endpoint.host)}:${port}${path}`;
  }

  carrierOf(socket: Socket): string {
    return socket instanceof TLSSocket ? "tls" : this.#endpoint.type;
  }

  peerOf(socket: Socket, headers?: IncomingMessage["headers"]): string | undefined {
    return this.#peers.of(socket, headers?.["x-forwarded-for"]);
  }

  hostOf(request: IncomingMessage): string | undefined {
    return this.#peers.hostOf(request);
  }

  knownByTls(socket: Socket, request?: IncomingMessage): KnownByTls {
    const trust = this.#trusts.get(this.#peers.rawOf(socket)) ?? this.#trust;
    return knownByTls(socket, request !== undefined && this.#peers.isForwarded(request), trust);
  }

  isSecure(request: IncomingMessage): boolean {
    return request.socket instanceof TLSSocket || this.#peers.isForwardedSecure(request);
  }

  taken(socket: Socket): void {
    this.#endDeadline(socket);
    this.#pending.taken(socket);
  }

  async reloadCertificates(folder: string): Promise<string[]> {
    try {
      const tls = await tlsOf(this.#endpoint, folder);
      if (tls === null || !(this.#server instanceof TlsServer) || isDeepStrictEqual(tls, this.#tls)) return [];
      // New keys for tickets come with it (RFC 5077, RFC 8446 section 2.2): no client resumes a session that an authority
      // vouched for which is not trusted any more. Where nothing has changed, all clients may.
      this.#server.setSecureContext(tls);
      // A client that has come, and not logged in yet, was checked by those before.
      if (!isDeepStrictEqual(tls.ca, this.#tls?.ca)) {
        this.#trust.isCurrent = false;
        this.#trust = { isCurrent: true };
      }
      this.#tls = tls;
      return [];
    } catch (error) {
      return [`${(error as Error).message}; ${endpointName(this.#endpoint)} keeps its old certificate`];
    }
  }

  stop(): void {
    if (this.#routes.areThere) this.#routes.stop();
    else this.#server.close();
  }

  async close(): Promise<void> {
    const closed = this.#server.listening || this.#sockets.size > 0 ? once(this.#server, "close") : undefined;
    this.stop();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Lets Node's HTTP see only the connections that are for it. Call it before others listen for this event. */
  #divide(event: "connection" | "secureConnection"): void {
    const listeners = this.#server.listeners(event);
    this.#server.removeAllListeners(event);
    this.#server.on(event, (socket: Socket) => {
      const toHttp = (): void => listeners.forEach((listener) => void listener.call(this.#server, socket));
      if (this.#firstBytes.size === 0 && this.#routes.areThere) return toHttp();
      this.#deadlines.set(
        socket,
        setTimeout(() => socket.destroy(), REQUEST_TIME),
      );
      socket.once("close", () => this.#endDeadline(socket));
      const failed = (error: unknown): void => {
        unlessRepeated(this, "first byte", (repeats) =>
          this.#context.log.error({ err: error, ...repeats }, "a connection could not be taken"),
        );
        socket.destroy();
      };
      whenFirstByte(
        socket,
        guarded((byte) => this.#take(socket, byte, toHttp), failed),
      );
    });
  }

  #take(socket: Socket, byte: number, toHttp: () => void): void {
    const take = this.#firstBytes.get(byte);
    if (take !== undefined) {
      socket.allowHalfOpen = false; // Node's HTTP allows it, where others do not expect it
      return take(socket);
    }
    if (!this.#routes.areThere) return void socket.destroy();
    this.#endDeadline(socket); // it gets that of HTTP
    toHttp();
  }

  #endDeadline(socket: Socket): void {
    clearTimeout(this.#deadlines.get(socket));
    this.#deadlines.delete(socket);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    if (this.#tls?.ca !== undefined) this.#trusts.set(socket, this.#trust);
    this.#pending.enter(socket);
    socket.on("close", this.#left);
  }

  #broken(error: Error, socket: Duplex & Remote): void {
    if (socket.writableEnded) return; // it was refused already, but goes on sending
    const { maxHeaderSize } = this.#server as unknown as { maxHeaderSize: number };
    const refusal = refusalOf(error, maxHeaderSize);
    if (refusal === null) return void socket.destroy();
    if (refusal.status === 431) {
      const peer = this.#peers.of(socket) ?? "gone";
      const message = "refused a request with too large a header";
      this.#context.report({ limit: "max-header-size", message, peer, session: null });
    }
    refuse(socket, refusal.status, refusal.text);
  }
}
