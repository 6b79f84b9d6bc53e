import type { Socket } from "node:net";
import type { TransportEntry } from "../contract/connection.ts";
import type { ReportLimit } from "../contract/stats.ts";
import { addressOf } from "../limits/address.ts";
import { HalfOpen } from "../limits/half-open.ts";
import { tcpPeer } from "./details.ts";
import type { Peers } from "./peers.ts";

/** What a socket and the TLS socket around it have in common. */
type Place = string | Socket;

/**
 * The sockets of a listener that no entry has taken yet: they are still at TLS, at their HTTP request, at the first
 * bytes. As many as there may be logins under way.
 */
export class Lobby {
  readonly #peers: Peers;
  readonly #report: ReportLimit;
  readonly #waiting = new HalfOpen();
  /** With the address that each is counted by. */
  readonly #inside = new Map<Place, string | null>();
  readonly #entries: Pick<TransportEntry, "limits">[] = [];

  constructor(peers: Peers, report: ReportLimit) {
    this.#peers = peers;
    this.#report = report;
  }

  /** Makes room for the clients of one more entry. */
  widen(entry: Pick<TransportEntry, "limits">): void {
    this.#entries.push(entry);
  }

  /**
   * Takes a socket in, or closes it where there is no room.
   * @returns what it leaves by when it is closed
   */
  enter(socket: Socket): Place {
    const peer = tcpPeer(socket);
    const place = peer ?? socket;
    // A proxy brings many, whose addresses are known later.
    const address = peer === undefined || this.#peers.isProxy(socket) ? null : addressOf(peer);
    const limit = this.#full(address);
    if (limit === null) {
      this.#inside.set(place, address);
      this.#waiting.enter(address);
      return place;
    }
    const message = "a connection was closed at once: as many are at their first bytes as the listener takes";
    this.#report({ limit, message, peer: peer ?? "unix", session: null });
    socket.destroy();
    return place;
  }

  /** An entry takes the socket, and counts it from now on. */
  taken(socket: Socket): void {
    this.leave(tcpPeer(socket) ?? socket);
  }

  leave(place: Place): void {
    const address = this.#inside.get(place);
    if (address === undefined) return;
    this.#inside.delete(place);
    this.#waiting.leave(address);
  }

  #full(address: string | null): "max-half-open" | "max-half-open-per-address" | null {
    if (this.#waiting.of(address) >= this.#room("halfOpenPerAddress")) return "max-half-open-per-address";
    return this.#waiting.count >= this.#room("halfOpen") ? "max-half-open" : null;
  }

  #room(limit: "halfOpen" | "halfOpenPerAddress"): number {
    return this.#entries.reduce((sum, { limits }) => sum + limits[limit], 0);
  }
}
