import type { Duplex } from "node:stream";

/** How long a refused peer may take to read the reason, in milliseconds. */
const LINGER_TIME = 200;

/**
 * Destroys a socket a little later, after its last bytes are written, whatever its peer does. Closing it at once, while
 * bytes from the peer are unread, would destroy the last bytes before the peer reads them (RFC 1122 section 4.2.2.13).
 */
export function destroySoon(socket: Duplex): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LINGER_TIME);
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Writes the last bytes, ends this side, and destroys the socket a little later, whether or not the peer closes its
 * side.
 */
export function endSoon(socket: Duplex, lastWord: string | Uint8Array): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(lastWord);
  destroySoon(socket);
}
