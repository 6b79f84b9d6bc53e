import { Duplex } from "node:stream";
import { attempt } from "../../../wamp/guarded.ts";
import { FrameInflater, type InflateLimits, type Refusal } from "./frame-inflater.ts";

/**
 * A client's socket as ws sees it: its compressed messages come out plain. ws itself can bound what a message becomes,
 * but neither by its own size nor before WELCOME. What is written passes unchanged.
 */
export class InflatingSocket extends Duplex {
  readonly #socket: Duplex;
  readonly #inflater: FrameInflater;
  /** Called once, if the connection has to end. */
  onrefused: (refusal: Refusal) => void = () => undefined;
  #isBusy = false;
  #isFull = false;
  #hasEnded = false;

  constructor(socket: Duplex, limits: InflateLimits) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#inflater = new FrameInflater(limits, {
      push: (bytes) => {
        if (!this.push(bytes)) this.#isFull = true;
      },
      busy: (isBusy) => this.#busy(isBusy),
      refused: (refusal) => this.onrefused(refusal),
    });
    const take = (chunk: Buffer): void => {
      attempt(
        () => this.#inflater.feed(chunk),
        () => socket.destroy(),
      );
      this.#flow();
    };
    socket.on("data", take);
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#end();
    });
    socket.on("close", () => this.destroy());
  }

  /** From now on compressed messages are taken: the client has logged in. */
  allow(): void {
    this.#inflater.isAllowed = true;
  }

  override _read(): void {
    this.#isFull = false;
    this.#flow();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    this.#socket.write(chunk, encoding, () => done());
  }

  /** Pieces of one frame are written together: the router writes frames of its own to the socket. */
  override _writev(chunks: readonly { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    const last = chunks.length - 1;
    this.#socket.cork();
    for (const [i, { chunk, encoding }] of chunks.entries())
      this.#socket.write(chunk, encoding, i === last ? () => done() : undefined);
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(_error: Error | null, done: (error: null) => void): void {
    this.#socket.destroy();
    done(null);
  }

  #busy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    this.#end();
    this.#flow();
  }

  #end(): void {
    if (this.#hasEnded && !this.#isBusy && !this.readableEnded && !this.destroyed) this.push(null);
  }

  #flow(): void {
    if (this.#isBusy || this.#isFull) this.#socket.pause();
    else this.#socket.resume();
  }
}
