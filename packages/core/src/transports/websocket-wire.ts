import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { Cork } from "./cork.ts";
import type { Wire } from "./frames.ts";

/** The outgoing side of a WebSocket: what is sent within one tick leaves in one write. */
export class WebSocketWire implements Wire {
  readonly #ws: WebSocket;
  readonly #maxBuffered: number;
  readonly #tooSlow: (buffered: number) => void;
  readonly #cork: Cork;

  /** @param tooSlow told once, when the client is cut off because more than `maxBuffered` bytes wait for it */
  constructor(ws: WebSocket, socket: Duplex, maxBuffered: number, tooSlow: (buffered: number) => void) {
    this.#ws = ws;
    this.#maxBuffered = maxBuffered;
    this.#tooSlow = tooSlow;
    this.#cork = new Cork(socket);
  }

  send(frame: Uint8Array, binary: boolean): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#cork.hold();
    this.#ws.send(frame, { binary });
    const buffered = this.#ws.bufferedAmount;
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
