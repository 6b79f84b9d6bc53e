import type { Socket } from "node:net";
import type { TransportEntry } from "../../contract/transport.ts";
import type { ReportLimit } from "../../contract/observers.ts";
import { addressOf } from "../../wamp/address.ts";
import { PendingLogins } from "../../limits/pending-logins.ts";
import { type Remote, tcpPeer } from "./details.ts";
import type { PeerAddresses } from "./peer-addresses.ts";

/**
 * How long a socket may be pending in total, in milliseconds: a little more than its PROXY header, its TLS handshake
 * and its request or first bytes may take together. Each of them has its own deadline; this one is for everything else.
 */
const LONGEST_WAIT = 30_000;

interface Waiting {
  /** The address by which it is counted. */
  readonly address: string | null;
  /** In milliseconds, by `performance.now`. */
  readonly since: number;
}

/**
 * The sockets of a listener that no entry has taken yet: they are still at TLS, at their HTTP request, or at the first
 * bytes. There may be as many as pending logins. Each counts by its TCP socket, and leaves once.
 */
export class PendingSockets {
  readonly #peers: PeerAddresses;
  readonly #report: ReportLimit;
  readonly #waiting = new PendingLogins();
  /** The oldest first. */
  readonly #inside = new Map<Remote, Waiting & { readonly socket: Socket }>();
  readonly #entries = new Set<Pick<TransportEntry, "limits">>();
  #timer: NodeJS.Timeout | undefined;

  constructor(peers: PeerAddresses, report: ReportLimit) {
    this.#peers = peers;
    this.#report = report;
  }

  /** How many sockets are pending. */
  get count(): number {
    return this.#waiting.count;
  }

  /** Makes room for the clients of one more entry. */
  addEntry(entry: Pick<TransportEntry, "limits">): void {
    this.#entries.add(entry);
  }

  /** An entry is closed, and its clients need no more room. */
  removeEntry(entry: Pick<TransportEntry, "limits">): void {
    this.#entries.delete(entry);
  }

  /** Counts a TCP socket, or closes it if there is no room. Call `leave` when it is closed. */
  enter(socket: Socket): void {
    const peer = tcpPeer(socket);
    // A proxy has many clients, whose addresses are known only later.
    const address = peer === undefined || this.#peers.isProxy(socket) ? null : addressOf(peer);
    const limit = this.#full(address);
    if (limit === null) {
      this.#inside.set(socket, { socket, address, since: performance.now() });
      this.#waiting.enter(address);
      this.#peers.came(socket);
      this.#timer ??= setTimeout(() => this.#sweep(), LONGEST_WAIT);
      return;
    }
    const message = "closed a new connection at once: too many are still at their first bytes";
    this.#report({ limit, message, peer: peer ?? "unix", session: null });
    socket.destroy();
  }

  /** An entry takes the socket, or the TLS socket around it, and counts it from now on. */
  taken(socket: Socket): void {
    this.leave(this.#peers.rawOf(socket));
  }

  /** A TCP socket is not pending any more. May be called more than once. */
  leave(socket: Remote): void {
    const place = this.#inside.get(socket);
    if (place === undefined) return;
    this.#inside.delete(socket);
    this.#waiting.leave(place.address);
    this.#peers.left(socket);
    if (this.#inside.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Closes sockets that have been pending too long. */
  #sweep(): void {
    this.#timer = undefined;
    for (const { socket, since } of this.#inside.values()) {
      const left = since + LONGEST_WAIT - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.#sweep(), left);
        return;
      }
      socket.destroy();
    }
  }

  #full(address: string | null): "max-half-open" | "max-half-open-per-address" | null {
    if (this.#waiting.of(address) >= this.#room("max-half-open-per-address")) return "max-half-open-per-address";
    return this.#waiting.count >= this.#room("max-half-open") ? "max-half-open" : null;
  }

  #room(limit: "max-half-open" | "max-half-open-per-address"): number {
    let room = 0;
    for (const { limits } of this.#entries) room += limits[limit];
    return room;
  }
}
