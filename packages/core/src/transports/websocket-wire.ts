import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { Cork } from "./cork.ts";
import type { Wire } from "./frames.ts";
import type { OutgoingFrame } from "./outgoing.ts";

/** Up to so many bytes a message is copied behind its frame's head, so that all is written as one. */
const SMALL = 2048;

/**
 * The outgoing side of a WebSocket: what is sent within one callback of the event loop leaves in one write. Messages are
 * framed here and written to the socket beside ws, which has nothing in between: no compression is agreed.
 */
export class WebSocketWire implements Wire {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #maxBuffered: number;
  readonly #tooSlow: (buffered: number) => void;
  readonly #cork: Cork;

  /** @param tooSlow told once, when the client is cut off because more than `maxBuffered` bytes wait for it */
  constructor(ws: WebSocket, socket: Duplex, maxBuffered: number, tooSlow: (buffered: number) => void) {
    this.#ws = ws;
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
    this.#tooSlow = tooSlow;
    this.#cork = new Cork(socket);
  }

  send(frame: OutgoingFrame): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#cork.hold();
    for (const part of frame.framed(framed)) this.#socket.write(part);
    const buffered = this.#socket.writableLength;
    if (buffered <= this.#maxBuffered) return;
    this.#tooSlow(buffered);
    this.#ws.terminate();
  }

  close(): void {
    this.#ws.close(1000);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }
}

/** A server's frame: final, and not masked (RFC 6455 section 5.2). */
function framed(frame: OutgoingFrame): Uint8Array[] {
  const { length, binary, parts } = frame;
  const size = length < 126 ? 2 : length <= 0xffff ? 4 : 10;
  const isSmall = length <= SMALL;
  const out = Buffer.allocUnsafe(isSmall ? size + length : size);
  out[0] = binary ? 0x82 : 0x81;
  if (size === 2) out[1] = length;
  else if (size === 4) {
    out[1] = 126;
    out.writeUInt16BE(length, 2);
  } else {
    out[1] = 127;
    out.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!isSmall) return [out, ...parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))];
  frame.copyTo(out, size);
  return [out];
}
