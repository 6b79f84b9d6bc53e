import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Wire } from "../frames/frame-connection.ts";
import type { Framer, OutgoingFrame } from "../frames/outgoing.ts";
import { closeReason } from "./close-reason.ts";
import { type SlowPolicy, WriteQueue } from "../frames/write-queue.ts";

/** RFC 6455 section 7.4.1 */
const CloseCode = { normal: 1000, protocolError: 1002 } as const;

/**
 * The outgoing side of a WebSocket. All that is sent within one callback of the event loop leaves in one write.
 * Messages are framed here and written to the socket without ws. That is safe, since no compression is used.
 */
export class WebSocketWire implements Wire {
  readonly #ws: WebSocket;
  readonly #queue: WriteQueue;
  readonly #maxBuffered: number;

  /** @param maxBuffered how many bytes may wait for the client before it counts as busy */
  constructor(ws: WebSocket, socket: Duplex, maxBuffered: number, policy: SlowPolicy) {
    this.#ws = ws;
    this.#queue = new WriteQueue(socket, policy);
    this.#maxBuffered = maxBuffered;
  }

  send(frame: OutgoingFrame): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#queue.push(frame.framed(webSocketFramer));
  }

  close(violation?: string): void {
    this.#queue.flush(); // ws writes its closing frame at once, and nothing may follow it (RFC 6455 section 5.5.1)
    closeWebSocket(this.#ws, violation);
  }

  terminate(): void {
    this.#queue.clear();
    this.#ws.terminate();
  }

  get backlog(): number {
    return this.#queue.length / this.#maxBuffered;
  }

  onRoom(look: () => void): void {
    this.#queue.onRoom(look);
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }
}

/** @param violation how the client broke the protocol, if it did */
export function closeWebSocket(ws: WebSocket, violation: string | undefined): void {
  if (violation === undefined) ws.close(CloseCode.normal);
  else ws.close(CloseCode.protocolError, closeReason(violation));
}

/** A server's frame: final, and not masked (RFC 6455 section 5.2). */
export const webSocketFramer: Framer = {
  headSize: (length) => (length < 126 ? 2 : length <= 0xffff ? 4 : 10),

  writeHead(target, at, length, binary) {
    target[at] = binary ? 0x82 : 0x81;
    if (length < 126) target[at + 1] = length;
    else if (length <= 0xffff) {
      target[at + 1] = 126;
      target[at + 2] = length >>> 8;
      target[at + 3] = length;
    } else {
      target[at + 1] = 127;
      target.writeBigUInt64BE(BigInt(length), at + 2);
    }
  },
};
