import type { Socket } from "node:net";
import { type Remote, tcpPeer } from "./details.ts";

/**
 * Finds the TCP socket that a TLS socket stands around, since Node has no public way from one to the other. What is
 * known of a connection from before TLS is kept by the TCP socket itself: an address and port do not name one, as a
 * client that was reset may come again from the same port before the end of its old socket is told.
 */
export class RawSockets {
  readonly #newest = new Map<string, Socket>();
  readonly #peers = new WeakMap<Remote, string>();

  /** Takes in a TCP socket of a listener that speaks TLS. */
  add(socket: Socket): void {
    const peer = tcpPeer(socket);
    if (peer === undefined) return; // it was reset: nobody will look for it
    this.#peers.set(socket, peer);
    this.#newest.set(peer, socket);
  }

  /** The TCP socket of a TLS socket: the newest one with its address and port. Any other socket is its own. */
  of(socket: Remote): Remote {
    if (this.#newest.size === 0 || this.#peers.has(socket)) return socket;
    const peer = tcpPeer(socket);
    return (peer === undefined ? undefined : this.#newest.get(peer)) ?? socket;
  }

  /** A TCP socket is closed, or is not looked for any more. */
  forget(socket: Remote): void {
    const peer = this.#peers.get(socket);
    this.#peers.delete(socket);
    if (peer !== undefined && this.#newest.get(peer) === socket) this.#newest.delete(peer);
  }
}
