import { createHash } from "node:crypto";
import type { Handshakes, Handshake, HandshakeReply, HandshakeTrace } from "../contract/handshake.ts";
import type { Hello } from "../contract/hello.ts";
import type { Cause, CauseParams } from "../contract/login-cause.ts";
import type { LoginStep } from "../contract/login-record.ts";
import type { ReportLimit } from "../contract/observers.ts";
import type { Live } from "../settings/live.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { isPromise, type MaybePromise } from "../wamp/maybe-promise.ts";
import type { Dict } from "../wamp/payload.ts";
import { addressOf } from "../wamp/address.ts";
import { BackOff } from "./back-off.ts";
import { PendingLogins } from "./pending-logins.ts";
import { Recent } from "./recent.ts";
import type { LimitSettings } from "./settings.ts";
import { LoginTidings, readToldLogins } from "./told-failures.ts";

/** How many addresses are remembered with the authid of a successful login, and for how long, in milliseconds. */
const MAX_FRIENDS = 10_000;
const FRIENDSHIP = 24 * 60 * 60_000;

/** What a client is told that is refused before any plugin is asked. */
interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** The same for known and unknown authids: failures are counted by the authid in HELLO. */
const HELD_BACK: Refusal = {
  reason: ErrorUri.authenticationDenied,
  message: "too many logins have failed; try again later",
};

const TOO_MANY: Refusal = {
  reason: ErrorUri.limitExceeded,
  message: "too many logins from this address are being decided; try again later",
};

const NOTHING_ASKED: HandshakeTrace = {
  authmethod: null,
  authfactors: [],
  provider: null,
  plugin: null,
  known: null,
  asking: "hello",
};

/** How failed logins are shared with the other nodes of a cluster. */
export interface SharedLogins {
  /** Whether there may be other nodes. */
  readonly isLinked: boolean;
  /** A text as other nodes know it. */
  keyOf(text: string): string;
  /** Tells the other nodes. Never throws. */
  tell(told: unknown): void;
  /** Calls `listener` with what other nodes tell. */
  listen(listener: (told: unknown) => void): void;
}

/** A router that stands alone. */
const ALONE: SharedLogins = { isLinked: false, keyOf: (text) => text, tell: () => undefined, listen: () => undefined };

/** How many failed logins one entry of `transports` tolerates. */
interface Judge {
  readonly addresses: BackOff;
  readonly authids: BackOff;
}

/**
 * The failed logins of a router. A failure at one entry of `transports` counts at all, and on all nodes of a cluster; each
 * entry judges by its own settings. An address that fails too often is held back; the user whose authid it tried can still log in from elsewhere.
 * An authid with too many failures, from any addresses, is held back only for addresses that have failed themselves and
 * never logged in with it. So strangers lock no user out.
 */
export class FailedLogins {
  readonly #judges: Judge[] = [];
  readonly #friends = new Recent<true>(MAX_FRIENDS, FRIENDSHIP);
  /** Logins that plugins are deciding now, also those whose clients have left. */
  readonly #undecided = new PendingLogins();
  readonly #report: ReportLimit;
  readonly #shared: SharedLogins;
  readonly #tidings: LoginTidings;

  constructor(report: ReportLimit, shared: SharedLogins = ALONE) {
    this.#report = report;
    this.#shared = shared;
    this.#tidings = new LoginTidings((told) => shared.tell(told));
    shared.listen((told) => this.#told(told));
  }

  /**
   * The handshakes of one more entry, but refused while their client is held back. A client without an address is never
   * held back.
   *
   * @param report told of each that is refused; default: as for all entries
   */
  guard(handshakes: Handshakes, settings: Live<LimitSettings>, report = this.#report): Handshakes {
    const refused = (refusal: Refusal, cause: Cause & { code: "held-back" | "limit" }, peer: string): Handshake => {
      report({ limit: cause.params.limit, message: refusal.message, peer, session: null });
      return new Refused(refusal, cause);
    };
    const judge = {
      addresses: new BackOff(() => settings.now["max-failed-logins-per-address"]),
      authids: new BackOff(() => settings.now["max-failed-logins-per-authid"]),
    };
    this.#judges.push(judge);
    const watcher: Watcher = {
      begins: (address) => this.#undecided.enter(address),
      ends: (address) => this.#undecided.leave(address),
      failed: (address, hello) => this.#failed(address, hello),
      welcome: (address, hello, authid) => {
        if (authid === hello.authid) this.#welcome(address, this.#nameOf(hello));
      },
    };
    return {
      start: (hello) => {
        const { peer } = hello.transport;
        const clear = addressOf(peer);
        if (clear === null) return handshakes.start(hello);
        const address = this.#shared.keyOf(clear);
        const held = this.#heldBack(judge, address, hello);
        if (held !== null) return refused(HELD_BACK, { code: "held-back", params: held }, peer);
        if (this.#undecided.of(address) >= settings.now["max-half-open-per-address"]) {
          const limit = "max-half-open-per-address";
          return refused(TOO_MANY, { code: "limit", params: { limit } }, peer);
        }
        return new WatchedHandshake(handshakes.start(hello), hello, address, watcher);
      },
    };
  }

  #heldBack({ addresses, authids }: Judge, address: string, hello: Hello): CauseParams["held-back"] | null {
    const ms = addresses.heldFor(address);
    if (ms > 0) return { limit: "max-failed-logins-per-address", seconds: Math.ceil(ms / 1000) };
    if (hello.authid === null || !addresses.hasFailed(address)) return null;
    const name = this.#nameOf(hello);
    const rest = authids.heldFor(name);
    if (rest === 0 || this.#friends.get(`${address} ${name}`) === true) return null;
    return { limit: "max-failed-logins-per-authid", seconds: Math.ceil(rest / 1000) };
  }

  #failed(address: string, hello: Hello): void {
    const name = hello.authid === null ? null : this.#nameOf(hello);
    this.#count(address, name);
    if (this.#shared.isLinked) this.#tidings.failed(address, name);
  }

  #count(address: string, name: string | null): void {
    for (const { addresses, authids } of this.#judges) {
      addresses.failed(address);
      if (name !== null) authids.failed(name);
    }
  }

  #welcome(address: string, name: string): void {
    const friend = `${address} ${name}`;
    if (this.#shared.isLinked && this.#friends.get(friend) !== true) this.#tidings.known(friend);
    this.#friends.set(friend, true);
  }

  /** What happened on another node. */
  #told(value: unknown): void {
    const { failed, known } = readToldLogins(value);
    for (const { address, name, times } of failed) for (let i = 0; i < times; i++) this.#count(address, name);
    for (const friend of known) this.#friends.set(friend, true);
  }

  #nameOf(hello: Hello): string {
    return this.#shared.keyOf(nameOf(hello));
  }
}

/** How long a name may be that is kept as it is. */
const SHORT = 100;

/** The realm and authid that a client asks for. A long name is hashed, so that no client decides how much is kept. */
function nameOf({ realm, authid }: Hello): string {
  const name = JSON.stringify([realm, authid]);
  return name.length <= SHORT ? name : createHash("sha256").update(name).digest("base64");
}

/** What is told of logins. */
interface Watcher {
  /** A plugin begins to decide. */
  begins(address: string): void;
  /** It has decided. */
  ends(address: string): void;
  /** The proof was wrong, or its client did not wait to hear that. */
  failed(address: string, hello: Hello): void;
  welcome(address: string, hello: Hello, authid: string): void;
}

/** A login that reports its outcome. */
class WatchedHandshake implements Handshake {
  readonly #handshake: Handshake;
  readonly #hello: Hello;
  readonly #address: string;
  readonly #watcher: Watcher;
  /** Whether a proof is being judged. */
  #isProving = false;
  #isAbandoned = false;

  constructor(handshake: Handshake, hello: Hello, address: string, watcher: Watcher) {
    this.#handshake = handshake;
    this.#hello = hello;
    this.#address = address;
    this.#watcher = watcher;
  }

  get trace(): HandshakeTrace {
    return this.#handshake.trace;
  }

  begin(): MaybePromise<HandshakeReply> {
    this.#isProving = this.#hello.authextra !== null; // it may hold a proof, as a token
    return this.#watched(() => this.#handshake.begin());
  }

  authenticate(signature: string, extra: Readonly<Dict>): MaybePromise<HandshakeReply> {
    this.#isProving = true;
    return this.#watched(() => this.#handshake.authenticate(signature, extra));
  }

  steps(...end: Parameters<NonNullable<Handshake["steps"]>>): readonly LoginStep[] {
    return this.#handshake.steps?.(...end) ?? [];
  }

  abandoned(): void {
    if (this.#isProving) this.#watcher.failed(this.#address, this.#hello);
    this.#isProving = false;
    this.#isAbandoned = true;
  }

  #watched(decide: () => MaybePromise<HandshakeReply>): MaybePromise<HandshakeReply> {
    this.#watcher.begins(this.#address);
    let reply: MaybePromise<HandshakeReply>;
    try {
      reply = decide();
    } catch (error) {
      return this.#broke(error);
    }
    return isPromise(reply) ? reply.then((there) => this.#decided(there), this.#broke) : this.#decided(reply);
  }

  readonly #broke = (error: unknown): never => {
    this.#watcher.ends(this.#address);
    throw error;
  };

  #decided(reply: HandshakeReply): HandshakeReply {
    this.#watcher.ends(this.#address);
    // The proof before a further factor is not decided yet.
    this.#isProving = reply.kind === "challenge" && reply.factor > 1;
    if (this.#isAbandoned) return reply;
    if (reply.kind === "abort" && reply.failed) this.#watcher.failed(this.#address, this.#hello);
    if (reply.kind === "welcome") this.#watcher.welcome(this.#address, this.#hello, reply.info.authid);
    return reply;
  }
}

/** A login that is refused before any plugin is asked. */
class Refused implements Handshake {
  readonly trace = NOTHING_ASKED;
  readonly #refusal: Refusal;
  readonly #cause: Cause;

  constructor(refusal: Refusal, cause: Cause) {
    this.#refusal = refusal;
    this.#cause = cause;
  }

  begin(): HandshakeReply {
    return { kind: "abort", ...this.#refusal, cause: this.#cause, failed: false };
  }

  authenticate(): HandshakeReply {
    return this.begin();
  }
}
