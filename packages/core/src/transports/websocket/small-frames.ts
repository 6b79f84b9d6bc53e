import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import type { ClientSocket } from "./client-socket.ts";
import { FrameEnds } from "./frame-ends.ts";
import { unmask } from "./unmask.ts";

/** Opcodes (RFC 6455 section 5.2). */
const TEXT = 1;
const BINARY = 2;

/**
 * Takes messages of less than 64 KiB from what a client's socket delivers, before ws does: each in one frame, which is
 * complete. ws makes eight objects to read such a frame. All other frames are left to ws; it gets whole frames, in their
 * order.
 */
export class SmallFrames {
  readonly #ws: ClientSocket;
  readonly #socket: Duplex;
  readonly #longest: number;
  /** How ws reads. */
  readonly #pass: (chunk: Buffer) => void;
  readonly #passed = new FrameEnds();

  /**
   * Reads the socket in the place of ws, whose listener must be the only one: else ws goes on as before.
   *
   * @param maxPayload the longest message that the client may send, in bytes
   */
  static take(ws: ClientSocket, socket: Duplex, maxPayload: number): void {
    const listeners = socket.listeners("data") as ((chunk: Buffer) => void)[];
    const [ofWs] = listeners;
    if (ofWs === undefined || listeners.length > 1) return;
    const frames = new SmallFrames(ws, socket, maxPayload, ofWs);
    socket.on("data", (chunk: Buffer) => frames.#read(chunk));
    socket.off("data", ofWs);
  }

  private constructor(ws: ClientSocket, socket: Duplex, maxPayload: number, ofWs: (chunk: Buffer) => void) {
    this.#ws = ws;
    this.#socket = socket;
    this.#longest = maxPayload;
    this.#pass = ofWs;
  }

  #read(chunk: Buffer): void {
    const at = this.#passed.isBetweenMessages ? this.#takeFrom(chunk) : 0;
    if (at === chunk.length || this.#ws.hasFailed) return;
    const left = at === 0 ? chunk : chunk.subarray(at);
    this.#passed.add(left);
    this.#pass.call(this.#socket, left);
  }

  /** @returns the position of the first frame that is for ws */
  #takeFrom(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#ws.readyState === this.#ws.OPEN) {
      const end = this.#takeFrame(chunk, at);
      if (end === at) break;
      at = end;
    }
    return at;
  }

  /** @returns the position after the frame, or `at` if it is for ws */
  #takeFrame(chunk: Buffer, at: number): number {
    // The first bit says that the message ends here, and the next three belong to extensions.
    const opcode = (chunk[at] as number) ^ 0x80;
    if (opcode !== TEXT && opcode !== BINARY) return at;
    // What is beyond the chunk counts as zeros: the frame then ends beyond it, too.
    let length = (chunk[at + 1] as number) ^ 0x80; // each frame of a client is masked
    let mask = at + 2;
    if (length > 126) return at; // 127: a length of 64 bits follows, and a socket delivers 64 KiB at once at most
    if (length === 126) {
      length = ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
      mask = at + 4;
    }
    const begin = mask + 4;
    const end = begin + length;
    if (length > this.#longest || end > chunk.length) return at;
    const mayBeBeyondAscii = unmask(chunk, mask, end);
    const payload = chunk.subarray(begin, end);
    if (opcode === TEXT && mayBeBeyondAscii && !isUtf8(payload)) {
      unmask(chunk, mask, end); // masks it again: ws refuses it
      return at;
    }
    this.#ws.connection?.received(payload, opcode === BINARY);
    return end;
  }
}
