import type { Decision } from "../../contract/authorization.ts";
import type { RefusalReason } from "../../contract/realm-link.ts";
import type { MessageOf } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import { IdWindow } from "./id-window.ts";
import type { Member } from "../member.ts";
import type { Callee } from "./registrations.ts";

/** How long a timer may be, in milliseconds: 2^31 - 1. */
const MAX_TIMER = 0x7fff_ffff;

/** How many ended calls are remembered for a session, because later parts of them may still come. */
const STALE_LIMIT = 1000;

/** What is needed to choose another callee, if the one on another node does not take the call. */
export interface Choice {
  readonly message: MessageOf<"CALL">;
  readonly decision: Decision;
  /** The callees that did not take it. */
  refused: Map<Callee, RefusalReason> | null;
}

/** A pending call: who called, and who must answer. */
export interface Call {
  readonly caller: Member;
  readonly request: number;
  readonly procedure: string;
  readonly registration: number;
  readonly callee: Callee;
  readonly invocation: number;
  /** INVOCATION.Details, the same for each part of a progressive call. */
  readonly details: Readonly<Dict>;
  /** Whether the caller takes progressive results. */
  readonly wantsProgress: boolean;
  /** Whether the caller has more parts to send (spec, advanced/rpc_progressive_call_invocations). */
  open: boolean;
  /** Whether the callee was sent INTERRUPT. */
  isInterrupted: boolean;
  readonly timer: CallTimer | null;
  /** For plugins that observe the realm; 0 for a call that none observes. */
  startedAt: number;
  /** Null if the callee is on this node, or if the call came in parts. */
  readonly choice: Choice | null;
}

/** The deadline of a call (spec, advanced/rpc_call_timeout). */
export class CallTimer {
  readonly #timeout: number;
  readonly #onTimeout: () => void;
  #timer: NodeJS.Timeout;

  /**
   * @param timeout in milliseconds
   * @param onTimeout must not throw
   */
  constructor(timeout: number, onTimeout: () => void) {
    this.#timeout = Math.min(timeout, MAX_TIMER);
    this.#onTimeout = onTimeout;
    this.#timer = setTimeout(onTimeout, this.#timeout);
  }

  /** A progressive result has come: the time starts again. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimeout, this.#timeout);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** A session's pending calls: those that it made, and those that it must answer. */
export class CallLedger {
  /** By request id. */
  readonly made = new IdWindow<Call>();
  /** By invocation id. */
  readonly received = new IdWindow<Call>();
  lastInvocation = 0;
  readonly #stale = new Set<number>();

  /** The call ended before its caller had sent all of it: later parts are dropped. */
  abandon(request: number): void {
    this.#stale.add(request);
    if (this.#stale.size <= STALE_LIMIT) return;
    for (const oldest of this.#stale) {
      this.#stale.delete(oldest);
      break;
    }
  }

  /** Whether a CALL is a late part of such a call. @param isFinal whether it is the last part */
  isStale(request: number, isFinal: boolean): boolean {
    const is = this.#stale.has(request);
    if (is && isFinal) this.#stale.delete(request);
    return is;
  }
}
