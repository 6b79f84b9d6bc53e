import type { Socket } from "node:net";
import { defineTransport } from "../../plugins/define.ts";
import type { EntryEndpoint, TransportContext, TransportEntry } from "../../contract/transport.ts";
import type { WaitingBytes } from "../../contract/waiting-bytes.ts";
import type { Log } from "../../contract/log.ts";
import { plain } from "../../serializers/framing.ts";
import type { Serializer } from "../../serializers/serializer.ts";
import { guarded } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { transportDetails } from "../net/details.ts";
import { FrameConnection } from "../frames/frame-connection.ts";
import { SlowConnection } from "../frames/slow-connection.ts";
import { countUntilWelcome } from "../frames/hello-allowance.ts";
import { destroySoon, endSoon } from "../net/linger.ts";
import { exponentOf, FrameReader, FrameTooLong, FrameType, lengthOf, MAGIC, Refusal } from "./frames.ts";
import { RawSocketWire } from "./wire.ts";
import { type RawSocketOptions, rawsocketSchema } from "./settings.ts";
import { subprotocolsOf } from "../frames/subprotocols.ts";

/** TCP finds clients that are gone silently, since not every client answers a PING of RawSocket. In milliseconds. */
const KEEP_ALIVE = 30_000;

/** WAMP over RawSocket (spec, advanced/transport_rawsocket). */
export const rawsocket = defineTransport<RawSocketOptions>({
  type: "rawsocket",
  schema: rawsocketSchema,
  accepts: () => ({ firstByte: MAGIC }),
  needs: ({ serializers }) => ({ serializers }),
  open(entry, context) {
    const { endpoint } = context;
    const connections = new Connections(entry, context);
    return {
      url: () => endpoint.url("rs"),
      firstByte: (socket) => connections.greet(socket),
      close: () => connections.close(),
    };
  },
});

/** The connections of one entry of the config. */
class Connections {
  readonly #entry: TransportEntry<RawSocketOptions>;
  readonly #endpoint: EntryEndpoint;
  readonly #log: Log;
  readonly #waiting: WaitingBytes;
  readonly #serializers: ReadonlyMap<number, Serializer>;
  readonly #sockets = new Set<Socket>();

  constructor(entry: TransportEntry<RawSocketOptions>, { serializers, log, waiting, endpoint }: TransportContext) {
    this.#entry = entry;
    this.#endpoint = endpoint;
    this.#log = log;
    this.#waiting = waiting;
    const spoken = [...subprotocolsOf(serializers, entry.options.serializers).values()];
    this.#serializers = new Map(
      spoken.flatMap(({ serializer }) =>
        serializer.rawSocketId === undefined ? [] : [[serializer.rawSocketId, serializer]],
      ),
    );
  }

  async close(): Promise<void> {
    const ended = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(ended);
  }

  /** Waits for the client's handshake, whose first byte is there. Its deadline is that of pending sockets. */
  greet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", (error) => this.#log.debug({ err: error }, "a RawSocket connection failed"));
    socket.once("close", () => this.#sockets.delete(socket));
    socket.setKeepAlive(true, KEEP_ALIVE);
    const maxExponent = exponentOf(this.#entry.options["max-message-size"]);
    const reader = new FrameReader(lengthOf(maxExponent));
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
      socket.off("data", onData);
      this.#answer(socket, handshake, reader, maxExponent);
    }, failed);
    socket.on("data", onData);
  }

  #answer(socket: Socket, [, terms = 0, ...reserved]: Buffer, reader: FrameReader, maxExponent: number): void {
    const refuse = (code: number): void => endSoon(socket, Uint8Array.of(MAGIC, code << 4, 0, 0));
    const peer = this.#endpoint.peerOf(socket);
    if (peer === undefined) return void socket.destroy();
    if (reserved.some((byte) => byte !== 0)) return refuse(Refusal.reservedBits);
    const serializer = this.#serializers.get(terms & 0x0f);
    if (serializer === undefined) return refuse(Refusal.serializer);
    if (this.#entry.refusal(peer) !== null) return refuse(Refusal.tooManyConnections);
    socket.write(Uint8Array.of(MAGIC, (maxExponent << 4) | (terms & 0x0f), 0, 0));
    this.#connect(socket, reader, peer, serializer, lengthOf(terms >> 4));
  }

  #connect(socket: Socket, reader: FrameReader, peer: string, serializer: Serializer, maxLength: number): void {
    const { options } = this.#entry;
    const subprotocol = { name: `wamp.2.${serializer.name}`, serializer, framing: () => plain };
    const carrier = this.#endpoint.carrierOf(socket);
    const tls = this.#endpoint.knownByTls(socket);
    this.#endpoint.taken(socket);
    const details = transportDetails({ type: "rawsocket", carrier, peer, subprotocol, headers: {}, ...tls });
    const policy = new SlowConnection(options["send-timeout"], this.#waiting);
    const wire = new RawSocketWire(socket, maxLength, options["max-buffered"], policy);
    const connection = new FrameConnection(details, subprotocol, wire, this.#log);
    policy.connection = connection;
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
