import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { defineTransport } from "../../plugins/define.ts";
import type { Listener, TransportContext, TransportEntry } from "../../contract/transport.ts";
import type { WaitingBytes } from "../../contract/waiting-bytes.ts";
import type { Log } from "../../contract/log.ts";
import { plain } from "../../serializers/framing.ts";
import type { Serializer } from "../../serializers/serializer.ts";
import { guarded } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { transportDetails } from "../net/details.ts";
import { carrierOf, endpointKey, reloadCertificates, tlsOf } from "../net/endpoint.ts";
import { FrameConnection } from "../frames/frame-connection.ts";
import { countUntilWelcome } from "../frames/hello-allowance.ts";
import { destroySoon, endSoon } from "../net/linger.ts";
import { bracketed, listen } from "../net/listen.ts";
import { PendingSockets } from "../net/pending-sockets.ts";
import { PeerAddresses } from "../net/peer-addresses.ts";
import { exponentOf, FrameReader, FrameTooLong, FrameType, lengthOf, MAGIC, Refusal } from "./frames.ts";
import { RawSocketWire } from "./wire.ts";
import { type RawSocketOptions, rawsocketSchema } from "./settings.ts";
import { subprotocolsOf } from "../frames/subprotocols.ts";
import { clientCertificate, type TlsOptions } from "../net/tls.ts";

/** How long a client may take for its four bytes, in milliseconds. */
const HANDSHAKE_TIME = 10_000;

/** TCP finds clients that are gone silently, since not every client answers a PING of RawSocket. */
const SOCKETS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };

/** WAMP over RawSocket, on TCP or a Unix domain socket (spec, advanced/transport_rawsocket). */
export const rawsocket = defineTransport<RawSocketOptions>({
  type: "rawsocket",
  schema: rawsocketSchema,
  start,
  needs: ({ endpoint, serializers }) => ({ endpoint, serializers }),
  identity: ({ endpoint }) => endpointKey(endpoint),
  conflicts: (entries) => {
    const taken = new Map<string, number>();
    return entries.flatMap(({ endpoint }, index) => {
      const key = endpointKey(endpoint);
      const other = key.endsWith(":0") ? undefined : taken.get(key);
      if (other !== undefined)
        return [{ index, other, message: "an earlier transport has this endpoint; give one of them another" }];
      taken.set(key, index);
      return [];
    });
  },
});

async function start(entries: readonly TransportEntry<RawSocketOptions>[], context: TransportContext) {
  const listeners = await Promise.all(
    entries.map(
      async (entry) => new EntryListener(entry, await tlsOf(entry.options.endpoint, context.folder), context),
    ),
  );
  const listener: Omit<Listener, "urls"> = {
    stop: () => listeners.forEach((listener) => listener.stop()),
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close()));
    },
    reloadCertificates: async () =>
      (await Promise.all(listeners.map((listener) => listener.reloadCertificates(context.folder)))).flat(),
  };
  try {
    for (const listener of listeners) await listener.listen();
  } catch (error) {
    await listener.close();
    throw error;
  }
  return { ...listener, urls: listeners.map((listener) => listener.url) };
}

/** One entry of the config, and its connections. */
class EntryListener {
  readonly #entry: TransportEntry<RawSocketOptions>;
  readonly #log: Log;
  readonly #waiting: WaitingBytes;
  readonly #serializers: ReadonlyMap<number, Serializer>;
  readonly #maxExponent: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #peers: PeerAddresses;
  readonly #pendingSockets: PendingSockets;

  constructor(entry: TransportEntry<RawSocketOptions>, tls: TlsOptions | null, context: TransportContext) {
    const { serializers, log, report, waiting } = context;
    const { options } = entry;
    this.#entry = entry;
    this.#log = log;
    this.#waiting = waiting;
    this.#peers = new PeerAddresses(options.endpoint);
    this.#pendingSockets = new PendingSockets(this.#peers, report);
    this.#pendingSockets.addEntry(entry);
    const spoken = [...subprotocolsOf(serializers, options.serializers).values()];
    this.#serializers = new Map(
      spoken.flatMap(({ serializer }) =>
        serializer.rawSocketId === undefined ? [] : [[serializer.rawSocketId, serializer]],
      ),
    );
    this.#maxExponent = exponentOf(options["max-message-size"]);
    const greet = (socket: Socket): void => this.#greet(socket);
    this.#server = tls === null ? createServer(SOCKETS, greet) : createTlsServer({ ...SOCKETS, ...tls }, greet);
    const { endpoint } = options;
    if (endpoint.type === "tcp" && endpoint["proxy-protocol"]) this.#peers.expectHeaders(this.#server, context);
    this.#server.on("tlsClientError", (error: Error, failed: TLSSocket) => {
      log.debug({ err: error }, "a TLS handshake failed");
      failed.destroy(); // if it only takes too long, Node leaves it open
    });
    this.#server.on("connection", (socket: Socket) => this.#track(socket));
  }

  async listen(): Promise<void> {
    await listen(this.#server, this.#entry.options.endpoint);
    this.#server.on("error", (error) =>
      unlessRepeated(this, "connection", (repeats) =>
        this.#log.error({ err: error, ...repeats }, "a listener failed to take a connection"),
      ),
    );
  }

  get url(): string {
    const { endpoint } = this.#entry.options;
    if (endpoint.type === "unix") return `rs+unix:${endpoint.path}`;
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : endpoint.port;
    return `${endpoint.tls === undefined ? "rs" : "rss"}://${bracketed(endpoint.host)}:${port}`;
  }

  reloadCertificates(folder: string): Promise<string[]> {
    return reloadCertificates(this.#server, this.#entry.options.endpoint, folder);
  }

  stop(): void {
    this.#server.close();
  }

  async close(): Promise<void> {
    const closed = this.#server.listening || this.#sockets.size > 0 ? once(this.#server, "close") : undefined;
    this.stop();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    this.#pendingSockets.enter(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#pendingSockets.leave(socket);
    });
  }

  /** Waits for the client's handshake. */
  #greet(socket: Socket): void {
    socket.on("error", (error) => this.#log.debug({ err: error }, "a RawSocket connection failed"));
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIME);
    socket.once("close", () => clearTimeout(timer));
    const reader = new FrameReader(lengthOf(this.#maxExponent));
    const failed = (error: unknown): void => {
      unlessRepeated(this, "handshake", (repeats) =>
        this.#log.error({ err: error, ...repeats }, "a RawSocket handshake could not be answered"),
      );
      socket.destroy();
    };
    const onData = guarded((chunk: Buffer): void => {
      reader.push(chunk);
      const handshake = reader.take(4);
      if (handshake === null) return;
      clearTimeout(timer);
      socket.off("data", onData);
      this.#answer(socket, handshake, reader);
    }, failed);
    socket.on("data", onData);
  }

  #answer(socket: Socket, [magic, terms = 0, ...reserved]: Buffer, reader: FrameReader): void {
    const refuse = (code: number): void => endSoon(socket, Uint8Array.of(MAGIC, code << 4, 0, 0));
    const peer = this.#peers.of(socket);
    if (magic !== MAGIC || peer === undefined) return void socket.destroy();
    if (reserved.some((byte) => byte !== 0)) return refuse(Refusal.reservedBits);
    const serializer = this.#serializers.get(terms & 0x0f);
    if (serializer === undefined) return refuse(Refusal.serializer);
    if (this.#entry.refusal(peer) !== null) return refuse(Refusal.tooManyConnections);
    this.#pendingSockets.taken(socket);
    socket.write(Uint8Array.of(MAGIC, (this.#maxExponent << 4) | (terms & 0x0f), 0, 0));
    this.#connect(socket, reader, peer, serializer, lengthOf(terms >> 4));
  }

  #connect(socket: Socket, reader: FrameReader, peer: string, serializer: Serializer, maxLength: number): void {
    const { options } = this.#entry;
    const subprotocol = { name: `wamp.2.${serializer.name}`, serializer, framing: () => plain };
    const certificate = socket instanceof TLSSocket ? clientCertificate(socket) : null;
    const carrier = carrierOf(options.endpoint);
    const details = transportDetails({ type: "rawsocket", carrier, peer, subprotocol, headers: {}, certificate });
    const wire = new RawSocketWire(socket, maxLength, options["max-buffered"], {
      sendTimeout: options["send-timeout"],
      missed: (buffered) => connection.stalled(buffered),
      overflowed: (buffered) => connection.overflowed(buffered),
      waiting: this.#waiting,
    });
    const connection = new FrameConnection(details, subprotocol, wire, this.#log);
    const exceeded = (): void => {
      connection.exceededHello();
      destroySoon(socket);
    };
    const agreed = reader.maxLength;
    const ended = (): void => void (reader.maxLength = agreed);
    const hello = countUntilWelcome(socket, this.#entry.limits["max-hello-size"], { ended, exceeded });
    reader.maxLength = Math.min(agreed, hello.size);
    const read = (): void => {
      try {
        for (let frame = reader.next(); frame !== null; frame = reader.next()) {
          if (frame.type === FrameType.message) connection.received(frame.payload, serializer.binary);
          else if (frame.type === FrameType.ping) wire.pong(frame.payload);
        }
      } catch (error) {
        socket.off("data", onData);
        if (error instanceof FrameTooLong && error.length <= agreed) return exceeded();
        if (error instanceof FrameTooLong)
          connection.limited("max-message-size", `disconnected a client: ${error.message}`);
        else connection.violated(`RawSocket: ${(error as Error).message}`);
        socket.destroy();
      }
    };
    const onData = (chunk: Buffer): void => {
      reader.push(chunk);
      read();
    };
    socket.on("data", onData);
    socket.once("close", () => connection.gone());
    connection.open(this.#entry, hello);
    if (hello.spend(reader.waiting)) read();
    else exceeded();
  }
}
