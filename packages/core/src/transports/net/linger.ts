import type { Duplex } from "node:stream";

/** How long a peer that was refused may take to read why, in milliseconds. */
const LINGER_TIME = 200;

/**
 * Destroys a socket whose last word is written a little later, whatever its peer does. To close it at once would take
 * that word back from a peer that has not read it, where bytes of the peer are unread (RFC 1122 section 4.2.2.13).
 */
export function destroySoon(socket: Duplex): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LINGER_TIME);
  socket.once("close", () => clearTimeout(timer));
}

/** Writes a last word, ends this side, and destroys the socket a little later, whether or not the peer closes its side. */
export function endSoon(socket: Duplex, lastWord: string | Uint8Array): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(lastWord);
  destroySoon(socket);
}
