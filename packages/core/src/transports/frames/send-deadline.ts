import type { Duplex } from "node:stream";
import { guarded } from "../../wamp/guarded.ts";

/** Finds a client that takes none of the bytes that wait for it. A client that reads, however slowly, is left alone. */
export class SendDeadline {
  readonly #socket: Duplex;
  readonly #timeout: number;
  readonly #missed: () => void;
  #timer: NodeJS.Timeout | null = null;
  #last: Progress | null = null;

  /**
   * @param timeout for how long bytes may wait and none of them leave the process, in milliseconds
   * @param missed told once they have waited so long; called once at most
   */
  constructor(socket: Duplex, timeout: number, missed: () => void) {
    this.#socket = socket;
    this.#timeout = timeout;
    this.#missed = missed;
  }

  /** To be called when bytes wait at the socket. Looks from then on until none do. */
  watch(): void {
    if (this.#timer !== null) return;
    this.#last = progressOf(this.#socket);
    const look = guarded(
      () => this.#look(),
      () => this.#socket.destroy(),
    );
    this.#timer = setTimeout(look, this.#timeout).unref();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    if (!this.#isWaiting()) return this.end();
    if (this.#hasMoved()) return this.#goOn();
    // A process that stood still has not written yet what could have left: the event loop does that before its immediates.
    const confirm = guarded(
      () => this.#confirm(),
      () => this.#socket.destroy(),
    );
    setImmediate(confirm);
  }

  #confirm(): void {
    if (this.#timer === null) return;
    if (!this.#isWaiting()) return this.end();
    if (this.#hasMoved()) return this.#goOn();
    this.end();
    this.#missed();
  }

  #goOn(): void {
    this.#last = progressOf(this.#socket);
    this.#timer?.refresh();
  }

  #isWaiting(): boolean {
    return !this.#socket.destroyed && this.#socket.writableLength > 0;
  }

  #hasMoved(): boolean {
    const now = progressOf(this.#socket);
    return now.written !== this.#last?.written || now.queued !== this.#last.queued;
  }
}

/** How far a socket has come with its bytes. */
interface Progress {
  /** Of the writes that are done, in bytes. */
  readonly written: number;
  /** What is left of the write under way, in bytes. */
  readonly queued: number;
}

/**
 * Node counts a write when it is done, and a large one may take long. How much is left of it stands at the socket's handle,
 * where Node's own `socket.setTimeout` looks too; a stream without one moves only with each write that is done.
 */
function progressOf(socket: Duplex): Progress {
  const { bytesWritten = 0, _handle } = socket as Duplex & {
    readonly bytesWritten?: number;
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return { written: bytesWritten - socket.writableLength, queued: _handle?.writeQueueSize ?? 0 };
}
