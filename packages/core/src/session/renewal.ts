import type { Admission, Handshake, HandshakeReply, Handshakes } from "../contract/handshake.ts";
import type { Log } from "../contract/log.ts";
import type { SessionInfo, SessionRenewal } from "../contract/session-port.ts";
import { refusal, WampError } from "../errors/wamp-error.ts";
import type { WampgateError } from "../errors/wampgate-error.ts";
import { ClientHello } from "../hooks/client-hello.ts";
import { Deadline } from "../wamp/deadline.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { shownTime } from "../wamp/expires.ts";
import type { Dict } from "../wamp/payload.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";

/** With the fifth wrong proof the session ends: it may not be the client any more that sends them. */
const MOST_FAILURES = 5;

/** What a renewal needs of its session. */
export interface RenewalContext {
  readonly info: SessionInfo;
  readonly handshakes: Handshakes;
  readonly log: Log;
  /** How long the client may take to answer a challenge, and a plugin to judge it, in milliseconds. */
  readonly timeout: () => number;
  /** How the session was let in; null if a tap of the hook `hello` let it in. */
  readonly admission: () => Admission | null;
  /** The login was renewed. */
  readonly renewed: (reply: HandshakeReply & { kind: "welcome" }) => void;
  /** Too many proofs were wrong. */
  readonly failed: (message: string) => void;
}

/** A login that renews that of a session. */
interface Attempt {
  readonly handshake: Handshake;
  readonly deadline: Deadline;
  isDeciding: boolean;
}

type Challenge = HandshakeReply & { kind: "challenge" };

/**
 * Renews the login of one session: the client logs in once more, by the same method, without leaving. One renewal at a
 * time, so that no client tries many proofs at once.
 */
export class Renewal implements SessionRenewal {
  readonly #context: RenewalContext;
  #attempt: Attempt | null = null;
  #failures = 0;
  #hasEnded = false;

  constructor(context: RenewalContext) {
    this.#context = context;
  }

  async challenge(authextra: Readonly<Dict> | null, raw: RawValue | null): Promise<Dict> {
    const { authmethod, extra } = await this.#begin(authextra, raw);
    return { authmethod, extra };
  }

  async renew(signature: string, extra: Readonly<Dict>): Promise<number | null> {
    if (this.#attempt === null) await this.#beginWithoutChallenge();
    const attempt = this.#attempt;
    if (attempt === null || attempt.isDeciding) throw busy();
    attempt.isDeciding = true;
    const reply = await attempt.handshake.authenticate(signature, extra);
    if (this.#hasEnded) throw refusal(ErrorUri.canceled, "the session has ended");
    this.#drop(attempt);
    if (reply.kind === "challenge") {
      attempt.handshake.abandoned?.();
      throw unanswered(reply, extra);
    }
    if (reply.kind === "abort") throw this.#refused(reply);
    this.#failures = 0;
    this.#context.renewed(reply);
    const { info, log } = this.#context;
    const { session, realm, expires } = info;
    unlessRepeated(info, "renewed", (repeats) =>
      log.info(
        { session, realm, ...(expires === null ? {} : { expires: shownTime(expires) }), ...repeats },
        "session renewed",
      ),
    );
    return expires;
  }

  /** The session is over. @param reason for the plugins that are still deciding */
  end(reason: WampgateError): void {
    this.#hasEnded = true;
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.deadline.abort(reason);
    if (attempt?.isDeciding === true) attempt.handshake.abandoned?.();
  }

  /** A proof that needs no challenge comes at once: the method's challenge says nothing. */
  async #beginWithoutChallenge(): Promise<void> {
    const { authmethod, extra } = await this.#begin(null, null);
    if (Object.keys(extra).length === 0) return;
    if (this.#attempt !== null) this.#drop(this.#attempt);
    throw refusal(
      ErrorUri.invalidArgument,
      `a proof by ${authmethod} answers a challenge: call wampgate.session.challenge first`,
    );
  }

  async #begin(authextra: Readonly<Dict> | null, rawAuthextra: RawValue | null): Promise<Challenge> {
    if (this.#attempt?.isDeciding === true) throw busy();
    if (this.#attempt !== null) this.#drop(this.#attempt);
    const { info, handshakes, log, timeout, admission: currentAdmission } = this.#context;
    const admission = currentAdmission();
    if (admission === null)
      throw refusal(ErrorUri.featureNotSupported, "the session was let in without a proof that it could show again");
    const deadline = new Deadline(timeout(), undefined, () => this.#late(deadline));
    const { session, authmethod, roles, transport } = info;
    const { realm } = admission;
    const authid = admission.authid ?? admission.principal?.authid ?? null;
    const said = { realm, authid, authrole: null, authmethods: [authmethod], authextra, rawAuthextra, roles };
    const hello = new ClientHello(said, { session, transport, renews: info, log: log.child({ session }) }, deadline);
    const attempt: Attempt = { handshake: handshakes.start(hello), deadline, isDeciding: true };
    this.#attempt = attempt;
    const reply = await attempt.handshake.begin();
    attempt.isDeciding = false;
    if (reply.kind === "challenge" && this.#attempt === attempt) return reply;
    this.#drop(attempt);
    if (reply.kind === "abort") throw this.#refused(reply);
    throw refusal(ErrorUri.featureNotSupported, `a login by ${authmethod} asks for no proof that could renew it`);
  }

  /** The time of a challenge is over. While plugins decide, their signal ends that. */
  #late(deadline: Deadline): void {
    if (this.#attempt?.deadline === deadline && !this.#attempt.isDeciding) this.#attempt = null;
  }

  #drop(attempt: Attempt): void {
    attempt.deadline.end();
    if (this.#attempt === attempt) this.#attempt = null;
  }

  #refused({ reason, message, cause, failed }: HandshakeReply & { kind: "abort" }): WampError {
    const { info, log } = this.#context;
    if (failed && !this.#hasEnded) {
      const { session, realm } = info;
      log.warn({ session, realm, reason, message, cause: cause.code, failures: ++this.#failures }, "renewal refused");
      if (this.#failures >= MOST_FAILURES) this.#context.failed("too many renewals of its login have failed");
    }
    return new WampError(reason, ...(message === null ? [] : [message]));
  }
}

/** @param extra what came beside the proof */
function unanswered({ authmethod, factor }: Challenge, extra: Readonly<Dict>): WampError {
  return factor > 1 && typeof extra["second_factor"] !== "string"
    ? refusal(
        ErrorUri.invalidArgument,
        `the login also takes a proof by ${authmethod}: give it as second_factor in the keyword argument extra`,
      )
    : refusal(ErrorUri.featureNotSupported, "a login that takes more than one challenge cannot be renewed");
}

function busy(): WampError {
  return refusal(ErrorUri.limitExceeded, "a renewal of this session's login is being decided; one may be at a time");
}
