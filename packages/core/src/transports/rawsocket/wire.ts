import type { Socket } from "node:net";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { WampError } from "../../errors/wamp-error.ts";
import type { Wire } from "../frames/frame-connection.ts";
import type { Framed, Framer, OutgoingFrame } from "../frames/outgoing.ts";
import { FrameType, prefixOf } from "./frames.ts";
import { type SlowPolicy, WriteQueue } from "../frames/write-queue.ts";

/** How long a client may take to close its side, in milliseconds. */
const CLOSE_TIME = 2000;

/** How many bytes are before each message. */
const HEAD = 4;

const rawSocketFramer: Framer = {
  headSize: () => HEAD,
  writeHead: (target, at, length) => void target.writeUInt32BE(prefixOf(FrameType.message, length), at),
};

/** The outgoing side of a RawSocket. All that is sent within one callback of the event loop leaves in one write. */
export class RawSocketWire implements Wire {
  readonly #maxLength: number;
  readonly #socket: Socket;
  readonly #maxBuffered: number;
  readonly #queue: WriteQueue;

  /**
   * @param maxLength the longest message that the client accepts, in bytes
   * @param maxBuffered how many bytes may wait for the client before it counts as busy
   */
  constructor(socket: Socket, maxLength: number, maxBuffered: number, policy: SlowPolicy) {
    this.#maxLength = maxLength;
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
    this.#queue = new WriteQueue(socket, policy);
  }

  /** @throws WampError if the message is longer than the client accepts, or its format cannot carry it */
  send(frame: OutgoingFrame): void {
    const framed = frame.framed(rawSocketFramer);
    const length = lengthOf(framed) - HEAD;
    if (length > this.#maxLength) {
      const text = `the message has ${length} bytes, and its receiver takes ${this.#maxLength} at most`;
      throw new WampError(ErrorUri.payloadSizeExceeded, text);
    }
    this.#write(framed);
  }

  /** Answers a PING, unless the client does not read: the answers to many PINGs would fill the memory. */
  pong(payload: Uint8Array): void {
    if (this.backlog > 1) return;
    const head = Buffer.allocUnsafe(HEAD);
    head.writeUInt32BE(prefixOf(FrameType.pong, payload.length));
    this.#write({ bytes: head, begin: 0, end: HEAD, more: [payload], piece: head });
  }

  close(): void {
    this.#queue.flush();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIME);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  terminate(): void {
    this.#queue.clear();
    this.#socket.destroy();
  }

  get backlog(): number {
    return this.#queue.length / this.#maxBuffered;
  }

  onRoom(look: () => void): void {
    this.#queue.onRoom(look);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #write(framed: Framed): void {
    if (!this.#socket.writable) return;
    this.#queue.push(framed);
  }
}

function lengthOf({ begin, end, more }: Framed): number {
  return more.reduce((length, piece) => length + piece.length, end - begin);
}
