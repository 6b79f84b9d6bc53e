import type { Duplex } from "node:stream";

/**
 * How many bytes a peer may send before it has logged in: `size` for HELLO, and `size` more for each CHALLENGE. The
 * router does not know yet who it is, so it must not make the router keep or decode much.
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

  /** @returns whether these bytes are still allowed */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** The peer got a CHALLENGE, and may send its answer. */
  grant(): void {
    this.#left += this.size;
  }

  /** The peer has logged in. */
  end(): void {
    this.#onEnd?.();
  }
}

/**
 * Counts all bytes that come over a socket, until WELCOME. It sees them before any other listener.
 *
 * @param size the key `max-hello-size`, in bytes
 * @param ended called at WELCOME, when the counting ends
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
