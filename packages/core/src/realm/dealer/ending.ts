import type { Member } from "../member.ts";
import type { PendingCalls } from "./pending-calls.ts";
import type { Registrar } from "./registrar.ts";

/**
 * The calls of a realm while its router comes to an orderly end. Those that are pending end; of new ones only those are
 * taken that others may need for that.
 */
export class CallsEnding {
  readonly #calls: PendingCalls;
  readonly #registrar: Registrar;
  #dismiss: ((member: Member) => void) | null = null;
  #isClosed = false;

  constructor(calls: PendingCalls, registrar: Registrar) {
    this.#calls = calls;
    this.#registrar = registrar;
  }

  /** How many calls are unanswered. */
  get pending(): number {
    return this.#calls.count;
  }

  /** Resolves when no call is pending, at once if none is. */
  whenQuiet(): Promise<void> {
    return this.#calls.whenQuiet();
  }

  /**
   * From now on clients begin no calls but those by which they answer one.
   * @param dismiss called with a session that would go on calling, and that nothing else needs
   * @returns resolves when the calls that are pending now have ended
   */
  begin(dismiss: (member: Member) => void): Promise<void> {
    this.#dismiss = dismiss;
    return this.#calls.whenPresentEnded();
  }

  /** Takes no calls from other nodes any more, unless they end themselves. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether a new call from a node is refused. */
  refuses(node: Member): boolean {
    return this.#isClosed && !node.isDraining;
  }

  /**
   * Whether a call of a client is dropped, since GOODBYE is what it gets next. Sessions of the router's process, which know
   * when it ends, may call to the end.
   */
  turnsAway(caller: Member, request: number): boolean {
    if (this.#dismiss === null || caller.port.renewal === null) return false;
    const ledger = this.#calls.ifAny(caller);
    if (ledger !== undefined && (ledger.received.size > 0 || ledger.made.get(request) !== undefined)) return false;
    const isIdle = ledger === undefined || ledger.made.size === 0;
    if (isIdle && this.#registrar.heldBy(caller).length === 0) this.#dismiss(caller);
    return true;
  }
}
