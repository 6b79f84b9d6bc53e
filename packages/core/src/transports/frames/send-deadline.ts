import type { Duplex } from "node:stream";
import { guarded } from "../../wamp/guarded.ts";

/** Finds a client that takes none of the bytes that wait for it. A client that reads slowly is left alone. */
export class SendDeadline {
  readonly #socket: Duplex;
  readonly #timeout: number;
  readonly #missed: () => void;
  #timer: NodeJS.Timeout | null = null;
  #last: Progress | null = null;

  /**
   * @param timeout how long bytes may wait while none of them leaves the process, in milliseconds
   * @param missed called when they have waited too long, once at most
   */
  constructor(socket: Duplex, timeout: number, missed: () => void) {
    this.#socket = socket;
    this.#timeout = timeout;
    this.#missed = missed;
  }

  /** Call it when bytes wait at the socket. It then watches until none wait. */
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
    // A process that was suspended has not yet written what could leave: the event loop does that before its
    // immediates.
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
  /** The bytes of the writes that are done. */
  readonly written: number;
  /** The bytes that are left of the current write. */
  readonly queued: number;
}

/**
 * Node counts a write when it is done, and a large one may take long. The socket's handle knows how much of it is left;
 * Node's own `socket.setTimeout` reads it too. A stream without a handle progresses only with each finished write.
 */
function progressOf(socket: Duplex): Progress {
  const { bytesWritten = 0, _handle } = socket as Duplex & {
    readonly bytesWritten?: number;
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return { written: bytesWritten - socket.writableLength, queued: _handle?.writeQueueSize ?? 0 };
}
