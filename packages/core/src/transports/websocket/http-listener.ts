import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TransportContext } from "../../contract/transport.ts";
import type { Log } from "../../contract/log.ts";
import type { ReportLimit } from "../../contract/observers.ts";
import { attempt } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import type { Remote } from "../net/details.ts";
import { reloadCertificates } from "../net/endpoint.ts";
import type { Endpoint } from "../net/settings.ts";
import { destroySoon, endSoon } from "../net/linger.ts";
import { bracketed, listen } from "../net/listen.ts";
import { PendingSockets } from "../net/pending-sockets.ts";
import { PeerAddresses } from "../net/peer-addresses.ts";
import type { TlsOptions } from "../net/tls.ts";

/** Takes a request to upgrade to WebSocket at its path. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** How long a client may take for its HTTP request, in milliseconds. */
const REQUEST_TIME = 10_000;

/** When a client that was refused for lack of room may try again, in seconds. */
const RETRY_AFTER = 5;

/** One HTTP server for all WebSocket entries of one endpoint. Their paths distinguish them. */
export class HttpListener {
  readonly #endpoint: Endpoint;
  readonly #routes = new Map<string, Upgrade>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly pendingSockets: PendingSockets;
  readonly peers: PeerAddresses;
  readonly #log: Log;
  readonly #maxHeaderSize: number;
  #isReady = true;

  /**
   * @param tls null for an endpoint without TLS
   * @param maxHeaderSize how long the first line and the headers of a request may be together, in bytes
   */
  constructor(
    endpoint: Endpoint,
    tls: TlsOptions | null,
    maxHeaderSize: number,
    context: Pick<TransportContext, "log" | "report">,
  ) {
    const { log, report } = context;
    this.peers = new PeerAddresses(endpoint);
    this.pendingSockets = new PendingSockets(this.peers, report);
    this.#endpoint = endpoint;
    this.#log = log;
    this.#maxHeaderSize = maxHeaderSize;
    const limits = {
      headersTimeout: REQUEST_TIME,
      requestTimeout: REQUEST_TIME,
      connectionsCheckingInterval: 1000,
      maxHeaderSize,
    };
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    this.#server = tls === null ? createServer(limits, answer) : createTlsServer({ ...limits, ...tls }, answer);
    if (endpoint.type === "tcp" && endpoint["proxy-protocol"]) this.peers.expectHeaders(this.#server, context);
    this.#server.on("connection", (socket: Socket) => this.#track(socket));
    this.#server.on("tlsClientError", (error) => this.#log.debug({ err: error }, "a TLS handshake failed"));
    this.#server.on("clientError", (error, socket) => this.#broken(error, socket as Duplex & Remote, report));
    this.#server.on("upgrade", (request, socket, head) => {
      // An error at one request ends only that request.
      const failed = (error: unknown): void => {
        unlessRepeated(this, "request", (repeats) =>
          this.#log.error({ err: error, ...repeats }, "a request could not be answered"),
        );
        socket.destroy();
      };
      attempt(() => this.#upgrade(request, socket, head), failed);
    });
  }

  route(path: string, upgrade: Upgrade): void {
    this.#routes.set(path, upgrade);
  }

  async listen(): Promise<void> {
    await listen(this.#server, this.#endpoint);
    this.#server.on("error", (error) =>
      unlessRepeated(this, "connection", (repeats) =>
        this.#log.error({ err: error, ...repeats }, "a listener failed to take a connection"),
      ),
    );
  }

  /** The URL of `path`, with the real port. */
  url(path: string): string {
    if (this.#endpoint.type === "unix") return `ws+unix:${this.#endpoint.path}:${path}`;
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : this.#endpoint.port;
    return `${this.#endpoint.tls === undefined ? "ws" : "wss"}://${bracketed(this.#endpoint.host)}:${port}${path}`;
  }

  /** @see Listener.reloadCertificates */
  reloadCertificates(folder: string): Promise<string[]> {
    return reloadCertificates(this.#server, this.#endpoint, folder);
  }

  /** Takes no new WebSockets. Health pages answer until `close`. */
  stop(): void {
    this.#isReady = false;
  }

  /** Ends all connections, including WebSockets, and resolves when the endpoint is free. */
  async close(): Promise<void> {
    const closed = this.#server.listening || this.#sockets.size > 0 ? once(this.#server, "close") : undefined;
    this.stop();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    this.pendingSockets.enter(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.pendingSockets.leave(socket);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.once("finish", () => destroySoon(request.socket)); // even if the client goes on sending
    const path = pathOf(request);
    const known = this.#routes.has(path);
    if (!known && (path === "/healthz" || path === "/readyz")) return this.#answerProbe(path, response);
    const headers = { connection: known ? "close, upgrade" : "close", "content-type": "text/plain; charset=utf-8" };
    response.writeHead(known ? 426 : 404, known ? { ...headers, upgrade: "websocket" } : headers);
    response.end(known ? NO_WEBSOCKET : NOT_FOUND);
  }

  /** `/healthz`: the process answers. `/readyz`: it takes logins, since it listens only after it is set up. */
  #answerProbe(path: string, response: ServerResponse): void {
    const isWell = path === "/healthz" || this.#isReady;
    response.writeHead(isWell ? 200 : 503, { connection: "close", "content-type": "text/plain; charset=utf-8" });
    response.end(isWell ? "ok\n" : STOPPED);
  }

  #broken(error: Error, socket: Duplex & Remote, report: ReportLimit): void {
    if (socket.writableEnded) return; // it was refused already, but goes on sending
    const refusal = refusalOf(error, this.#maxHeaderSize);
    if (refusal === null) return void socket.destroy();
    if (refusal.status === 431) {
      const peer = this.peers.of(socket) ?? "gone";
      report({ limit: "max-header-size", message: "refused a request with too large a header", peer, session: null });
    }
    refuse(socket, refusal.status, refusal.text);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node removes its own listener from an upgraded socket. Without a listener a reset would end the process.
    socket.on("error", () => socket.destroy());
    const upgrade = this.#routes.get(pathOf(request));
    if (upgrade === undefined) refuse(socket, 404, NOT_FOUND);
    else if (!this.#isReady) refuse(socket, 503, STOPPED);
    else if (request.headers.upgrade?.toLowerCase() !== "websocket") refuse(socket, 426, NO_WEBSOCKET);
    else upgrade(request, socket, head);
  }
}

const NO_WEBSOCKET = "This is a WAMP router: connect by WebSocket.\n";
const STOPPED = "shutting down\n";
const NOT_FOUND = "There is nothing at this path.\n";

/** Answers a request to upgrade with an error, and closes. */
export function refuse(socket: Duplex, status: 400 | 403 | 404 | 408 | 426 | 431 | 503, text: string): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    ...(status === 426 ? ["Upgrade: websocket"] : []),
    ...(status === 503 ? [`Retry-After: ${RETRY_AFTER}`] : []),
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  endSoon(socket, `${head.join("\r\n")}\r\n\r\n${text}`);
}

/** What Node's parser found wrong in a request; null if the connection or its TLS is broken. */
function refusalOf(
  { code = "" }: NodeJS.ErrnoException,
  maxHeaderSize: number,
): { status: 400 | 408 | 431; text: string } | null {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, text: `The URL and the headers may have ${maxHeaderSize} bytes together.\n` };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, text: "The request took too long.\n" };
    default:
      return code.startsWith("HPE_") ? { status: 400, text: "This is no HTTP request.\n" } : null;
  }
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}
