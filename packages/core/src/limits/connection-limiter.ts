import { abortMessage } from "../errors/wire.ts";
import type { Connection, ConnectionHandler } from "../contract/connection.ts";
import type { TransportEntry } from "../contract/transport.ts";
import { noTraffic } from "./traffic.ts";
import type { ReportLimit } from "../contract/observers.ts";
import type { Live } from "../settings/live.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { addressOf } from "../wamp/address.ts";
import { PendingLogins } from "./pending-logins.ts";
import type { LimitSettings } from "./settings.ts";
import { throttled } from "./throttle.ts";

/** The texts for the client when there is no room, and for the operator. */
const TEXTS = {
  "max-connections": "this transport has no room for more connections; try again later",
  "max-half-open": "too many logins are pending on this transport; try again later",
  "max-half-open-per-address": "too many logins from this address are pending; try again later",
} as const;

/**
 * How one connection counts: first as a pending login, then as a session, then no longer. A second call of the same
 * function changes nothing, and neither does `joined` after `ended`.
 */
export interface ConnectionSlot {
  /** The connection has logged in. */
  joined(): void;
  /** The connection is over. */
  ended(): void;
}

/** What an entry has now. */
interface Counts {
  readonly pendingLogins: PendingLogins;
  sessions: number;
}

class Slot implements ConnectionSlot {
  readonly #counts: Counts;
  readonly #address: string | null;
  #stage: "half-open" | "joined" | "ended" = "half-open";

  constructor(counts: Counts, address: string | null) {
    this.#counts = counts;
    this.#address = address;
    counts.pendingLogins.enter(address);
  }

  joined(): void {
    if (this.#stage !== "half-open") return;
    this.#stage = "joined";
    this.#counts.pendingLogins.leave(this.#address);
    this.#counts.sessions++;
  }

  ended(): void {
    if (this.#stage === "half-open") this.#counts.pendingLogins.leave(this.#address);
    if (this.#stage === "joined") this.#counts.sessions--;
    this.#stage = "ended";
  }
}

/**
 * The limits of one entry of `transports`: it counts the connections and their traffic, and refuses those beyond the
 * limits.
 */
export class ConnectionLimiter {
  readonly traffic = noTraffic();
  readonly #settings: Live<LimitSettings>;
  readonly #report: ReportLimit;
  readonly #refused: (limit: string, peer: string) => void;
  readonly #counts: Counts = { pendingLogins: new PendingLogins(), sessions: 0 };

  /** @param refused told of each connection for which there is no room */
  constructor(
    settings: Live<LimitSettings>,
    report: ReportLimit,
    refused: (limit: string, peer: string) => void = () => undefined,
  ) {
    this.#settings = settings;
    this.#report = report;
    this.#refused = refused;
  }

  /** Connections that have not logged in yet. */
  get pendingLogins(): number {
    return this.#counts.pendingLogins.count;
  }

  /** Connections that have logged in. */
  get sessions(): number {
    return this.#counts.sessions;
  }

  /** The functions for the transport. @param accept takes a connection for which there is room, and its slot */
  entry(
    accept: (connection: Connection, slot: ConnectionSlot) => ConnectionHandler,
  ): Pick<TransportEntry, "traffic" | "refusal" | "reserve" | "accept"> {
    return {
      traffic: this.traffic,
      refusal: (peer) => this.#refusal(peer),
      reserve: (peer) => {
        const slot = new Slot(this.#counts, addressOf(peer));
        return () => slot.ended();
      },
      accept: (connection) => {
        const { peer } = connection.details;
        const refusal = this.#refusal(peer);
        if (refusal !== null) return turnedAway(connection, refusal);
        const slot = new Slot(this.#counts, addressOf(peer));
        const messagesPerSecond = this.#settings.now["max-messages-per-second"];
        try {
          if (messagesPerSecond === 0) return accept(connection, slot);
          return throttled((slowed) => accept(slowed, slot), messagesPerSecond)(connection);
        } catch (error) {
          slot.ended();
          throw error;
        }
      },
    };
  }

  #refusal(peer: string): string | null {
    const limit = this.#full(addressOf(peer));
    if (limit === null) return null;
    this.#report({ limit, message: TEXTS[limit], peer, session: null });
    this.#refused(limit, peer);
    return TEXTS[limit];
  }

  #full(address: string | null): keyof typeof TEXTS | null {
    const settings = this.#settings.now;
    const { pendingLogins, sessions } = this.#counts;
    if (pendingLogins.of(address) >= settings["max-half-open-per-address"]) return "max-half-open-per-address";
    if (pendingLogins.count >= settings["max-half-open"]) return "max-half-open";
    if (pendingLogins.count + sessions >= settings["max-connections"]) return "max-connections";
    return null;
  }
}

/** For transports that did not ask for the refusal before they made the connection. */
function turnedAway(connection: Connection, message: string): ConnectionHandler {
  connection.send(abortMessage(ErrorUri.limitExceeded, message));
  connection.close();
  const nothing = (): void => undefined;
  return { message: nothing, violation: nothing, limited: nothing, closed: nothing };
}
