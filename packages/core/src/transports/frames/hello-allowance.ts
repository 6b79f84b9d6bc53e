import type { Duplex } from "node:stream";

/**
 * What a peer may send before it has logged in: so many bytes for HELLO, and as many again for each CHALLENGE that it
 * is sent. Nobody knows yet who it is, so it must not be able to make the router keep or decode much.
 */
export class HelloAllowance {
  /** For each message of the peer, in bytes. */
  readonly size: number;
  #left: number;
  readonly #onEnd: (() => void) | null;

  /**
   * @param size the key `max-hello-size`, in bytes
   * @param onEnd called at WELCOME
   */
  constructor(size: number, onEnd: (() => void) | null = null) {
    this.size = size;
    this.#left = size;
    this.#onEnd = onEnd;
  }

  /** @returns whether so many bytes more may come */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** The peer was sent a CHALLENGE, and is to answer it. */
  grant(): void {
    this.#left += this.size;
  }

  /** The peer has logged in. */
  end(): void {
    this.#onEnd?.();
  }
}

/**
 * Counts all bytes that come over a socket, whatever they are, until WELCOME. It sees them before any other listener.
 *
 * @param size the key `max-hello-size`, in bytes
 * @param ended called at WELCOME: from then on the socket costs nothing more
 * @param exceeded called once, with the first bytes that are too many
 */
export function countUntilWelcome(
  socket: Duplex,
  size: number,
  { ended, exceeded }: { ended?: () => void; exceeded: () => void },
): HelloAllowance {
  const count = (chunk: Buffer): void => {
    if (allowance.spend(chunk.length)) return;
    socket.off("data", count);
    exceeded();
  };
  const allowance = new HelloAllowance(size, () => {
    socket.off("data", count);
    ended?.();
  });
  socket.prependListener("data", count);
  return allowance;
}
