import type { Duplex } from "node:stream";
import { attempt } from "../../wamp/guarded.ts";
import type { Framed } from "./outgoing.ts";
import { SendDeadline } from "./send-deadline.ts";

/** How often a client is looked at that has room for little, in milliseconds: its socket does not tell when it drains. */
const POLL = 20;

/** What a queue does about a client that reads slowly. */
export interface SlowPolicy {
  /** For how long bytes may wait and none of them leave the process, in milliseconds. */
  readonly sendTimeout: number;
  /** Told when they have waited so long, and how many do. */
  missed(buffered: number): void;
}

/** The queues that hold something in this callback of the event loop. */
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

/** What is sent to one socket within one callback of the event loop: it leaves in one write when that callback ends. */
export class WriteQueue {
  readonly #socket: Duplex;
  readonly #policy: SlowPolicy;
  /** Made when bytes wait at the socket: most clients take all at once. */
  #deadline: SendDeadline | null = null;
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
  /** Whether the socket did not take all of the last write at once: only then may something wait there. */
  #isSlow = false;

  constructor(socket: Duplex, policy: SlowPolicy) {
    this.#socket = socket;
    this.#policy = policy;
  }

  /** How many bytes wait, here and at the socket. */
  get length(): number {
    return this.#isSlow ? this.#held + this.#socket.writableLength : this.#held;
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
   * Calls `look` once the client has taken some of what waits, to see whether that is enough.
   * Nothing happens where the connection ends before.
   */
  onRoom(look: () => void): void {
    this.flush();
    if (this.#socket.writableNeedDrain) this.#socket.once("drain", look);
    else setTimeout(look, POLL).unref();
  }

  /** Nothing can be written any more: what waits is dropped, and the connection ends. */
  fail(): void {
    this.clear();
    this.#socket.destroy();
  }

  #watch(): void {
    this.#deadline ??= new SendDeadline(this.#socket, this.#policy.sendTimeout, () => this.#policy.missed(this.length));
    this.#deadline.watch();
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
