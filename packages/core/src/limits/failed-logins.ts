import { createHash } from "node:crypto";
import type { Handshakes, Handshake, HandshakeReply, HandshakeTrace } from "../contract/handshake.ts";
import type { Hello } from "../contract/hello.ts";
import type { ReportLimit } from "../contract/observers.ts";
import type { Live } from "../settings/live.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import type { Dict } from "../wamp/payload.ts";
import { addressOf } from "./address.ts";
import { BackOff } from "./back-off.ts";
import { Recent } from "./recent.ts";
import type { LimitSettings } from "./settings.ts";

/** How many addresses are remembered with the authid of a successful login, and for how long, in milliseconds. */
const MAX_FRIENDS = 10_000;
const FRIENDSHIP = 24 * 60 * 60_000;

/** The same for known and unknown authids: failures are counted by the authid in HELLO. */
const HELD_BACK = "too many logins have failed; try again later";

const NOTHING_ASKED: HandshakeTrace = { authmethod: null, provider: null, plugin: null, known: null };

/**
 * The failed logins of a transport. An address that fails too often is held back; the user whose authid it tried can
 * still log in from elsewhere. An authid with too many failures, from any addresses, is held back only for addresses
 * that have failed themselves and never logged in with it. So strangers lock no user out.
 */
export class FailedLogins {
  readonly #addresses: BackOff;
  readonly #authids: BackOff;
  readonly #friends = new Recent<true>(MAX_FRIENDS, FRIENDSHIP);
  readonly #report: ReportLimit;

  constructor(settings: Live<LimitSettings>, report: ReportLimit) {
    this.#addresses = new BackOff(() => settings.now["max-failed-logins-per-address"]);
    this.#authids = new BackOff(() => settings.now["max-failed-logins-per-authid"]);
    this.#report = report;
  }

  /**
   * The same handshakes, but refused while their client is held back. A client without an address is never held back.
   */
  guard(handshakes: Handshakes): Handshakes {
    return {
      start: (hello) => {
        const address = addressOf(hello.transport.peer);
        if (address === null) return handshakes.start(hello);
        const limit = this.#limitFor(address, hello);
        if (limit === null)
          return new WatchedHandshake(handshakes.start(hello), (step) => this.#ended(step, address, hello));
        this.#report({ limit, message: HELD_BACK, peer: hello.transport.peer, session: null });
        return new HeldBack();
      },
    };
  }

  #limitFor(address: string, hello: Hello): string | null {
    if (this.#addresses.isHeld(address)) return "max-failed-logins-per-address";
    if (hello.authid === null || !this.#addresses.hasFailed(address)) return null;
    const name = nameOf(hello);
    if (!this.#authids.isHeld(name) || this.#friends.get(`${address} ${name}`) === true) return null;
    return "max-failed-logins-per-authid";
  }

  #ended(step: HandshakeReply, address: string, hello: Hello): void {
    if (step.kind === "abort" && step.failed) {
      this.#addresses.failed(address);
      if (hello.authid !== null) this.#authids.failed(nameOf(hello));
    } else if (step.kind === "welcome" && step.info.authid === hello.authid) {
      this.#friends.set(`${address} ${nameOf(hello)}`, true);
    }
  }
}

/** The realm and authid that a client asks for, as a hash: its length does not depend on the names. */
function nameOf({ realm, authid }: Hello): string {
  return createHash("sha256")
    .update(JSON.stringify([realm, authid]))
    .digest("base64");
}

/** A login that reports its outcome. */
class WatchedHandshake implements Handshake {
  readonly #handshake: Handshake;
  readonly #watch: (step: HandshakeReply) => void;

  constructor(handshake: Handshake, watch: (step: HandshakeReply) => void) {
    this.#handshake = handshake;
    this.#watch = watch;
  }

  get trace(): HandshakeTrace {
    return this.#handshake.trace;
  }

  begin(): Promise<HandshakeReply> {
    return this.#watched(this.#handshake.begin());
  }

  authenticate(signature: string, extra: Readonly<Dict>): Promise<HandshakeReply> {
    return this.#watched(this.#handshake.authenticate(signature, extra));
  }

  async #watched(pending: Promise<HandshakeReply>): Promise<HandshakeReply> {
    const step = await pending;
    this.#watch(step);
    return step;
  }
}

/** A login that is refused before any plugin is asked. */
class HeldBack implements Handshake {
  readonly trace = NOTHING_ASKED;

  begin(): Promise<HandshakeReply> {
    return Promise.resolve({
      kind: "abort",
      reason: ErrorUri.authenticationDenied,
      message: HELD_BACK,
      failed: false,
    });
  }

  authenticate(): Promise<HandshakeReply> {
    return this.begin();
  }
}
