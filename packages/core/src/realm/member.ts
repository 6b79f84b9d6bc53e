import { IdSequence } from "../wamp/ids.ts";
import type { Message } from "../wamp/messages.ts";
import { type Dict, NOTHING } from "../wamp/payload.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { refusal, WampError } from "../errors/wamp-error.ts";
import { errorMessage, type RequestType } from "../errors/wire.ts";
import type { SessionPort, RouterCause, RouterError, SessionInfo } from "../contract/session-port.ts";
import { TRUSTED_ROLE } from "../wamp/trusted-role.ts";

/** A session, for the broker and the dealer. */
export class Member {
  readonly port: SessionPort;
  /** Who keeps the calls that it has to answer: itself, or the node where it is. */
  readonly answerer: Member;
  /** Ids of the invocations sent to this session. */
  readonly invocationIds = new IdSequence();
  /** The trust level as receivers see it; empty if its role has none. */
  trust: Readonly<Dict> = NOTHING;
  /** Whether it is gone. Check it after every wait: nothing may be stored for a session that has left. */
  hasLeft = false;
  /** Of another node, in the place of its sessions: whether it is about to end. */
  isDraining = false;
  /** Whether it leaves without a meta event, since all others leave with it. */
  leavesUntold = false;

  /** @param node where it is, if that is another node: all sessions there share one sequence of invocations */
  constructor(peer: SessionPort, trustLevel: number | null, node: Member | null = null) {
    this.port = peer;
    this.answerer = node ?? this;
    this.setTrustLevel(trustLevel);
  }

  setTrustLevel(level: number | null): void {
    this.trust = level === null ? NOTHING : { trustlevel: level };
  }

  get info(): SessionInfo {
    return this.port.info;
  }

  /**
   * Sends a message. If a connection or serializer fails, this session ends, not the one that caused the message.
   * @throws WampError if the message cannot be sent to this session
   */
  send(message: Message | RouterError): void {
    try {
      this.port.send(message);
    } catch (error) {
      if (WampError.is(error)) throw error;
      this.port.broken(error);
      throw refusal(ErrorUri.invalidArgument, "the message could not be sent to its receiver");
    }
  }

  /** Whether the client announced `feature` for `role` in HELLO. */
  announced(role: string, feature: string): boolean {
    const { features } = (this.info.roles[role] ?? {}) as { features?: Dict | null };
    return features?.[feature] === true;
  }

  /** The keys that show this session to another one, each with `prefix`: `caller`, `caller_authid`, `caller_authrole`. */
  disclosed(prefix: "caller" | "publisher"): Dict {
    const { session, authid, authrole } = this.info;
    return {
      [prefix]: session,
      [`${prefix}_authid`]: authid,
      [`${prefix}_authrole`]: this.port.service ? TRUSTED_ROLE : authrole,
    };
  }

  /** Answers a request with ERROR. Never throws: if even that cannot be sent, the session ends. */
  error(requestType: RequestType, request: number, error: WampError, cause?: RouterCause): void {
    const message = errorMessage(requestType, request, error);
    try {
      this.send(cause === undefined ? message : { ...message, cause });
    } catch (unsent) {
      this.port.broken(unsent);
    }
  }
}
