import type { Duplex } from "node:stream";
import type { Framed } from "./outgoing.ts";

/** The queues that hold something in this callback of the event loop. */
let filled: WriteQueue[] = [];

function flushAll(): void {
  const flushed = filled;
  filled = [];
  for (const queue of flushed) queue.flush();
}

/** What is sent to one socket within one callback of the event loop: it leaves in one write when that callback ends. */
export class WriteQueue {
  readonly #socket: Duplex;
  /** What comes before the stretch that is still growing. */
  #pieces: Uint8Array[] | null = null;
  /** Frames that stand behind each other in one slab are one stretch of it. */
  #bytes: Uint8Array | null = null;
  #begin = 0;
  #end = 0;
  /** The frame that is all of the stretch. */
  #only: Framed | null = null;
  #isFilled = false;
  /** Bytes that have not been handed to the socket. */
  #held = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** How many bytes wait, here and at the socket. */
  get length(): number {
    return this.#held + this.#socket.writableLength;
  }

  push(framed: Framed): void {
    const { bytes, begin, end, more } = framed;
    this.#held += end - begin;
    if (bytes === this.#bytes && begin === this.#end) {
      this.#end = end;
      this.#only = null;
    } else {
      if (this.#bytes !== null) this.#cut();
      this.#only = framed;
      this.#bytes = bytes;
      this.#begin = begin;
      this.#end = end;
    }
    if (more.length > 0) {
      const pieces = this.#cut();
      for (const piece of more) {
        pieces.push(piece);
        this.#held += piece.length;
      }
    }
    if (this.#isFilled) return;
    this.#isFilled = true;
    if (filled.push(this) === 1) process.nextTick(flushAll);
  }

  /** Hands all to the socket. */
  flush(): void {
    this.#isFilled = false;
    if (this.#held === 0) return;
    const [socket, pieces] = [this.#socket, this.#pieces];
    const last = this.#stretch();
    this.clear();
    if (!socket.writable) return;
    if (pieces === null) {
      if (last !== null) socket.write(last);
      return;
    }
    socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (last !== null) socket.write(last);
    socket.uncork();
  }

  /** Forgets what has not been handed to the socket. */
  clear(): void {
    this.#pieces = null;
    this.#bytes = null;
    this.#only = null;
    this.#held = 0;
  }

  /** Ends the stretch that is growing. @returns all pieces so far */
  #cut(): Uint8Array[] {
    const pieces = (this.#pieces ??= []);
    const stretch = this.#stretch();
    this.#bytes = null;
    if (stretch !== null) pieces.push(stretch);
    return pieces;
  }

  /** Who reads slowly gets a copy, so that what waits for it keeps no more memory than it says. */
  #stretch(): Uint8Array | null {
    if (this.#bytes === null) return null;
    const only = this.#only;
    const stretch = only === null ? this.#bytes.subarray(this.#begin, this.#end) : pieceOf(only);
    return this.#socket.writableLength > 0 ? new Uint8Array(stretch) : stretch;
  }
}

function pieceOf(framed: Framed): Uint8Array {
  return (framed.piece ??= framed.bytes.subarray(framed.begin, framed.end));
}
