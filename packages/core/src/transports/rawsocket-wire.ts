import type { Socket } from "node:net";
import { Cork } from "./cork.ts";
import type { Wire } from "./frames.ts";
import type { OutgoingFrame } from "./outgoing.ts";
import { FrameType, frameOf } from "./rawsocket-frames.ts";

/** How long a client may take to close its side, in milliseconds. */
const CLOSE_TIME = 2000;

const messageFrame = ({ bytes }: OutgoingFrame): Uint8Array[] => frameOf(FrameType.message, bytes);

/** The outgoing side of a RawSocket: what is sent within one callback of the event loop leaves in one write. */
export class RawSocketWire implements Wire {
  readonly maxLength: number;
  readonly #socket: Socket;
  readonly #maxBuffered: number;
  readonly #tooSlow: (buffered: number) => void;
  readonly #cork: Cork;

  /**
   * @param maxLength the longest message that the client takes, in bytes
   * @param tooSlow told once, when the client is cut off because more than `maxBuffered` bytes wait for it
   */
  constructor(socket: Socket, maxLength: number, maxBuffered: number, tooSlow: (buffered: number) => void) {
    this.maxLength = maxLength;
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
    this.#tooSlow = tooSlow;
    this.#cork = new Cork(socket);
  }

  send(frame: OutgoingFrame): void {
    this.#write(frame.framed(messageFrame));
  }

  pong(payload: Uint8Array): void {
    this.#write(frameOf(FrameType.pong, payload));
  }

  close(): void {
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIME);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  terminate(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #write(parts: readonly Uint8Array[]): void {
    if (!this.#socket.writable) return;
    this.#cork.hold();
    for (const part of parts) this.#socket.write(part);
    const buffered = this.#socket.writableLength;
    if (buffered <= this.#maxBuffered) return;
    this.#tooSlow(buffered);
    this.#socket.destroy();
  }
}
