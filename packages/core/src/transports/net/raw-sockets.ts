import type { Socket } from "node:net";
import { type Remote, tcpPeer } from "./details.ts";

/**
 * Finds the TCP socket inside a TLS socket, since Node has no public way from one to the other. Data from before TLS is
 * kept by the TCP socket itself, since an address and port do not identify one: a client that was reset may reconnect
 * from the same port before Node reports the end of its old socket.
 */
export class RawSockets {
  readonly #newest = new Map<string, Socket>();
  readonly #peers = new WeakMap<Remote, string>();

  /** Adds a TCP socket of a listener with TLS. */
  add(socket: Socket): void {
    const peer = tcpPeer(socket);
    if (peer === undefined) return; // it was reset
    this.#peers.set(socket, peer);
    this.#newest.set(peer, socket);
  }

  /**
   * The TCP socket of a TLS socket: the newest one with its address and port. For any other socket, the socket itself.
   */
  of(socket: Remote): Remote {
    if (this.#newest.size === 0 || this.#peers.has(socket)) return socket;
    const peer = tcpPeer(socket);
    return (peer === undefined ? undefined : this.#newest.get(peer)) ?? socket;
  }

  /** A TCP socket is closed, or need not be found any more. */
  forget(socket: Remote): void {
    const peer = this.#peers.get(socket);
    this.#peers.delete(socket);
    if (peer !== undefined && this.#newest.get(peer) === socket) this.#newest.delete(peer);
  }
}
