import type { Duplex } from "node:stream";
import { attempt } from "../../wamp/guarded.ts";
import type { SlowClient, WaitingBytes } from "../../contract/waiting-bytes.ts";
import type { Framed } from "./outgoing.ts";
import { SendDeadline } from "./send-deadline.ts";

/** How often to check a client with little room, in milliseconds: its socket does not report when it drains. */
const POLL = 20;

/** What a queue does about a client that reads slowly. */
export interface SlowPolicy {
  /** How long bytes may wait while none of them leaves the process, in milliseconds. */
  readonly sendTimeout: number;
  /** Called when bytes have waited too long, with their number. */
  missed(buffered: number): void;
  /** Called when too much waits for all clients together, and most of it here. */
  overflowed(buffered: number): void;
  /** Counts what waits for all clients. */
  readonly waiting: WaitingBytes;
}

/** The queues with bytes to send in this callback of the event loop. */
let filled: WriteQueue[] = [];

function flushAll(): void {
  const flushed = filled;
  filled = [];
  for (const queue of flushed)
    attempt(
      () => queue.flush(),
      () => queue.fail(),
    );
}

/**
 * Collects what is sent to one socket within one callback of the event loop. It leaves in one write when that callback
 * ends.
 */
export class WriteQueue implements SlowClient {
  readonly #socket: Duplex;
  readonly #policy: SlowPolicy;
  /** Created when bytes wait at the socket: most clients take all at once. */
  #deadline: SendDeadline | null = null;
  /** The pieces before the range that is still growing. */
  #pieces: Uint8Array[] | null = null;
  /** The memory of the range. Adjacent frames in one slab form one range. */
  #bytes: Uint8Array | null = null;
  #begin = 0;
  #end = 0;
  /** The frame that is the whole range, if there is just one. */
  #only: Framed | null = null;
  #isFilled = false;
  /** Bytes that the socket has not got yet. */
  #held = 0;
  /** Whether the socket did not take all of the last write at once. Only then may bytes wait there. */
  #isSlow = false;

  constructor(socket: Duplex, policy: SlowPolicy) {
    this.#socket = socket;
    this.#policy = policy;
  }

  /** How many bytes wait, here and at the socket. */
  get length(): number {
    if (!this.#isSlow) return this.#held;
    return this.#socket.destroyed ? 0 : this.#held + this.#socket.writableLength;
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

  /** Passes all bytes to the socket. */
  flush(): void {
    this.#isFilled = false;
    if (this.#held === 0) return;
    const [socket, pieces] = [this.#socket, this.#pieces];
    const last = this.#stretch();
    this.clear();
    if (!socket.writable) return;
    if (pieces === null) {
      if (last !== null) socket.write(last);
    } else {
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      if (last !== null) socket.write(last);
      socket.uncork();
    }
    this.#isSlow = socket.writableLength > 0;
    if (this.#isSlow) this.#watch();
  }

  /**
   * Calls `look` after the client has taken some of what waits, to see whether that is enough. Not called if the
   * connection ends first.
   */
  onRoom(look: () => void): void {
    this.flush();
    if (this.#socket.writableNeedDrain) this.#socket.once("drain", look);
    else setTimeout(look, POLL).unref();
  }

  /** @see SlowClient.overflowed */
  overflowed(): void {
    this.#policy.overflowed(this.length);
  }

  /** Nothing can be written any more: what waits is dropped, and the connection ends. */
  fail(): void {
    this.clear();
    this.#socket.destroy();
  }

  #watch(): void {
    this.#deadline ??= new SendDeadline(this.#socket, this.#policy.sendTimeout, () => this.#policy.missed(this.length));
    this.#deadline.watch();
    this.#policy.waiting.grew(this);
  }

  /** Drops the bytes that the socket has not got yet. */
  clear(): void {
    this.#pieces = null;
    this.#bytes = null;
    this.#only = null;
    this.#held = 0;
  }

  /** Ends the range that is growing. @returns all pieces so far */
  #cut(): Uint8Array[] {
    const pieces = (this.#pieces ??= []);
    const stretch = this.#stretch();
    this.#bytes = null;
    if (stretch !== null) pieces.push(stretch);
    return pieces;
  }

  /** A slow client gets a copy, so that what waits for it keeps no more memory than its length. */
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
