import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import type { TransportContext } from "../../contract/transport.ts";
import { peerAt, type Remote, tcpPeer } from "./details.ts";
import type { Endpoint } from "./settings.ts";
import { BrokenProxyHeader, canonical, readProxyHeader, type Source } from "./proxy-header.ts";
import { RawSockets } from "./raw-sockets.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

/** How long a proxy may take for its PROXY header, in milliseconds. */
const HEADER_TIME = 5000;

/** Finds the client at the other end of a listener's sockets: behind the proxies that the endpoint trusts, if any. */
export class PeerAddresses {
  readonly #isUnix: boolean;
  readonly #proxies: TrustedProxies;
  /** Null for a listener without TLS, which does not need it. */
  readonly #rawSockets: RawSockets | null;
  /** What PROXY headers said, by the TCP socket. */
  readonly #sources = new WeakMap<Remote, Source>();

  constructor(endpoint: Endpoint) {
    this.#isUnix = endpoint.type === "unix";
    this.#rawSockets = endpoint.type === "tcp" && endpoint.tls !== undefined ? new RawSockets() : null;
    this.#proxies = new TrustedProxies(endpoint.type === "unix" ? [] : endpoint["trusted-proxies"]);
  }

  /**
   * The peer as `transport.peer`; undefined if it has left already. Its port is 0 if only its address is known.
   * @param forwardedFor the header `X-Forwarded-For`
   */
  of(socket: Remote, forwardedFor?: Forwarded): string | undefined {
    if (this.#isUnix) return "unix";
    if (socket.remoteAddress === undefined || socket.remotePort === undefined) return undefined;
    const { address, port } = this.#sourceOf(socket);
    const isDirect = forwardedFor === undefined || this.#proxies.isEmpty;
    const client = isDirect ? address : this.#proxies.clientOf(address, listed(forwardedFor));
    return peerAt(client, client === address ? port : 0);
  }

  /**
   * The host that a client asked for, with its port if it was written: the header `Host`, or `X-Forwarded-Host` if a
   * trusted proxy made the request. Undefined if there is neither.
   */
  hostOf({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): string | undefined {
    const forwarded = headers["x-forwarded-host"];
    if (forwarded === undefined || this.#isUnix) return headers.host;
    const { address } = this.#sourceOf(socket);
    return this.#proxies.hostOf(address, listed(forwarded), listed(headers["x-forwarded-for"] ?? "")) ?? headers.host;
  }

  /** Whether a trusted proxy made the request for a client, be the client named or not. */
  isForwarded({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): boolean {
    return headers["x-forwarded-for"] !== undefined && this.#proxies.has(this.#sourceOf(socket).address);
  }

  /** Whether a trusted proxy says by `X-Forwarded-Proto` that its client used TLS. */
  isForwardedSecure({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): boolean {
    const forwarded = headers["x-forwarded-proto"];
    if (forwarded === undefined || this.#isUnix) return false;
    const { address } = this.#sourceOf(socket);
    const protocol = this.#proxies.protocolOf(address, listed(forwarded), listed(headers["x-forwarded-for"] ?? ""));
    return /^(https|wss)$/i.test(protocol ?? "");
  }

  /** A TCP socket was accepted. From now on `rawOf` can find it. */
  came(socket: Socket): void {
    this.#rawSockets?.add(socket);
  }

  /** `rawOf` need not find the socket any more. May be called more than once. */
  left(socket: Remote): void {
    this.#rawSockets?.forget(socket);
  }

  /** The TCP socket inside a TLS socket. For a TCP socket, the socket itself. */
  rawOf(socket: Remote): Remote {
    return this.#rawSockets?.of(socket) ?? socket;
  }

  /** Whether a socket belongs to a trusted proxy, which may have many clients. */
  isProxy(socket: Socket): boolean {
    return !this.#proxies.isEmpty && socket.remoteAddress !== undefined && this.#proxies.has(sourceOf(socket).address);
  }

  /**
   * Hides each connection from `server` until its PROXY header is read. A client without the header, or one that is not
   * a trusted proxy, is disconnected. Call it when the server's own listeners are the only ones for its connections.
   */
  expectHeaders(server: Server, { report }: Pick<TransportContext, "report">): void {
    const listeners = server.listeners("connection");
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => {
      const peer = tcpPeer(socket) ?? "gone";
      const refuse = (why: string): void => {
        const message = `disconnected a client that is not a trusted proxy: ${why}`;
        report({ limit: "proxy-protocol", message, peer, session: null });
        socket.destroy();
      };
      socket.on("error", () => socket.destroy());
      if (!this.isProxy(socket)) return refuse("its address is not among the trusted-proxies");
      readHeader(socket, refuse, (source) => {
        if (source !== null) this.#sources.set(socket, source);
        for (const listener of listeners) listener.call(server, socket);
      });
    });
  }

  #sourceOf(socket: Remote): Source {
    // Only trusted proxies send PROXY headers.
    const told = this.#proxies.isEmpty ? undefined : this.#sources.get(this.rawOf(socket));
    return told ?? sourceOf(socket);
  }
}

function readHeader(socket: Socket, refuse: (why: string) => void, done: (source: Source | null) => void): void {
  let bytes = Buffer.alloc(0);
  const timer = setTimeout(() => refuse("it sent no PROXY header in time"), HEADER_TIME);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("readable", read).off("end", left).off("close", stop);
  };
  const left = (): void => refuse("it left before its PROXY header ended");
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    try {
      const header = readProxyHeader(bytes);
      if (header === null) return;
      stop();
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      done(header.source);
    } catch (error) {
      if (!(error instanceof BrokenProxyHeader)) throw error;
      stop();
      refuse(error.message);
    }
  };
  socket.on("readable", read).once("end", left).once("close", stop);
}

/** A header that each proxy may add to. */
type Forwarded = string | string[];

function listed(header: Forwarded): string {
  return Array.isArray(header) ? header.join() : header;
}

function sourceOf({ remoteAddress = "", remotePort = 0 }: Remote): Source {
  return { address: canonical(remoteAddress), port: remotePort };
}
