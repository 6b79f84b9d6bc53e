import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { whenDone } from "../../../wamp/guarded.ts";
import type { Wire } from "../../frames/frame-connection.ts";
import type { Framed, OutgoingFrame } from "../../frames/outgoing.ts";
import { type SlowPolicy, WriteQueue } from "../../frames/write-queue.ts";
import { closeWebSocket, webSocketFramer } from "../wire.ts";
import { deflate, mayDeflate } from "./zlib-jobs.ts";

/** Shorter messages are not compressed: that would cost more than it saves. */
const THRESHOLD = 1024;

/** The bit of a frame's first byte that marks a compressed message (RFC 7692 section 6). */
const COMPRESSED = 0x40;

/** Compresses messages, each once for all its receivers. */
export class Compressor {
  readonly #level: number;
  readonly #framed = new WeakMap<OutgoingFrame, Promise<Framed>>();

  constructor(level: number) {
    this.#level = level;
  }

  /** The compressed frame. The plain one if it is short, or compression is too busy, or does not make it smaller. */
  framed(frame: OutgoingFrame): Promise<Framed> | Framed {
    if (frame.length < THRESHOLD) return frame.framed(webSocketFramer);
    let framed = this.#framed.get(frame);
    if (framed !== undefined) return framed;
    if (!mayDeflate()) return frame.framed(webSocketFramer);
    this.#framed.set(frame, (framed = this.#compressed(frame, frame.bytes)));
    return framed;
  }

  async #compressed(frame: OutgoingFrame, bytes: Uint8Array): Promise<Framed> {
    const deflated = await deflate(bytes, this.#level);
    if (deflated.length >= bytes.length) return frame.framed(webSocketFramer);
    const { length } = deflated;
    const size = webSocketFramer.headSize(length);
    const whole = Buffer.allocUnsafe(size + length);
    webSocketFramer.writeHead(whole, 0, length, frame.binary);
    whole[0] = (whole[0] as number) | COMPRESSED;
    whole.set(deflated, size);
    return { bytes: whole, begin: 0, end: whole.length, more: [], piece: whole };
  }
}

/** A frame that waits to be compressed, or for such frames before it. */
interface Waiting {
  readonly length: number;
  framed: Framed | null;
}

/** The outgoing side of a WebSocket that agreed on permessage-deflate. The frames keep their order. */
export class CompressingWire implements Wire {
  readonly #ws: WebSocket;
  readonly #queue: WriteQueue;
  readonly #maxBuffered: number;
  readonly #compressor: Compressor;
  #waiting: Waiting[] = [];
  /** The bytes of those, uncompressed. */
  #held = 0;
  #isClosing = false;
  #violation: string | undefined;

  /** @param maxBuffered how many bytes may wait for the client before it counts as busy */
  constructor(ws: WebSocket, socket: Duplex, maxBuffered: number, policy: SlowPolicy, compressor: Compressor) {
    this.#ws = ws;
    this.#queue = new WriteQueue(socket, policy);
    this.#maxBuffered = maxBuffered;
    this.#compressor = compressor;
  }

  send(frame: OutgoingFrame): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const { length } = frame;
    const coming = this.#compressor.framed(frame);
    const isReady = !(coming instanceof Promise);
    if (isReady && this.#waiting.length === 0) return this.#queue.push(coming);
    const one: Waiting = { length, framed: isReady ? coming : null };
    this.#waiting.push(one);
    this.#held += length;
    if (isReady) return;
    const done = (framed: Framed): void => {
      one.framed = framed;
      this.#goOn();
    };
    whenDone(coming, done, () => this.terminate());
  }

  close(violation?: string): void {
    this.#isClosing = true;
    this.#violation = violation;
    this.#goOn();
  }

  terminate(): void {
    this.#waiting = [];
    this.#held = 0;
    this.#queue.clear();
    this.#ws.terminate();
  }

  get backlog(): number {
    return (this.#held + this.#queue.length) / this.#maxBuffered;
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

  /** Sends what is ready, in order. */
  #goOn(): void {
    for (let [first] = this.#waiting; first !== undefined && first.framed !== null; [first] = this.#waiting) {
      this.#waiting.shift();
      this.#held -= first.length;
      this.#queue.push(first.framed);
    }
    if (!this.#isClosing || this.#waiting.length > 0) return;
    this.#queue.flush(); // nothing may follow a closing frame (RFC 6455 section 5.5.1)
    closeWebSocket(this.#ws, this.#violation);
  }
}
