import type { Socket } from "node:net";
import { ErrorUri } from "../wamp/error-uris.ts";
import { WampError } from "../wamp/wamp-error.ts";
import type { Wire } from "./frames.ts";
import type { Framed, Framer, OutgoingFrame } from "./outgoing.ts";
import { FrameType, prefixOf } from "./rawsocket-frames.ts";
import { WriteQueue } from "./write-queue.ts";

/** How long a client may take to close its side, in milliseconds. */
const CLOSE_TIME = 2000;

/** How many bytes stand before each message. */
const HEAD = 4;

const rawSocketFramer: Framer = {
  headSize: () => HEAD,
  writeHead: (target, at, length) => void target.writeUInt32BE(prefixOf(FrameType.message, length), at),
};

/** The outgoing side of a RawSocket: what is sent within one callback of the event loop leaves in one write. */
export class RawSocketWire implements Wire {
  readonly #maxLength: number;
  readonly #socket: Socket;
  readonly #maxBuffered: number;
  readonly #tooSlow: (buffered: number) => void;
  readonly #queue: WriteQueue;

  /**
   * @param maxLength the longest message that the client takes, in bytes
   * @param tooSlow told once, when the client is cut off because more than `maxBuffered` bytes wait for it
   */
  constructor(socket: Socket, maxLength: number, maxBuffered: number, tooSlow: (buffered: number) => void) {
    this.#maxLength = maxLength;
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
    this.#tooSlow = tooSlow;
    this.#queue = new WriteQueue(socket);
  }

  /** @throws WampError where the message is longer than the client takes, or its format cannot say it */
  send(frame: OutgoingFrame): void {
    const framed = frame.framed(rawSocketFramer);
    const length = lengthOf(framed) - HEAD;
    if (length > this.#maxLength) {
      const text = `the message has ${length} bytes, and its receiver takes ${this.#maxLength} at most`;
      throw new WampError(ErrorUri.payloadSizeExceeded, text);
    }
    this.#write(framed);
  }

  pong(payload: Uint8Array): void {
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

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #write(framed: Framed): void {
    if (!this.#socket.writable) return;
    this.#queue.push(framed);
    const buffered = this.#queue.length;
    if (buffered <= this.#maxBuffered) return;
    this.#tooSlow(buffered);
    this.terminate();
  }
}

function lengthOf({ begin, end, more }: Framed): number {
  return more.reduce((length, piece) => length + piece.length, end - begin);
}
