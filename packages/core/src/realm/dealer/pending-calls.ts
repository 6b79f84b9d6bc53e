import { WampgateError } from "../../errors/wampgate-error.ts";
import type { Member } from "../member.ts";
import type { RealmMeter } from "../meter.ts";
import { type Call, CallLedger } from "./calls.ts";

/** The calls of a realm that are not answered yet, by who made them and who must answer them. */
export class PendingCalls {
  readonly #members = new Set<Member>();
  /** Only for sessions that have called or been called: most sessions of a large router do neither. */
  readonly #ledgers = new Map<Member, CallLedger>();
  /** Null: no plugin observes the realm. */
  meter: RealmMeter | null = null;
  #count = 0;
  #quiet: ReturnType<typeof withResolver> | null = null;
  /** Calls of which the end is waited for; null: nothing waits. */
  #awaited: Set<Call> | null = null;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** @param member a session, or another node in the place of all its sessions */
  join(member: Member): void {
    this.#members.add(member);
  }

  /** @returns whether it was a member */
  leave(member: Member): boolean {
    return this.#members.delete(member);
  }

  /** The calls of a session that has left have ended. */
  forget(member: Member): void {
    this.#ledgers.delete(member);
  }

  /** The calls of a member. */
  of(member: Member): CallLedger {
    let ledger = this.#ledgers.get(member);
    if (ledger !== undefined) return ledger;
    if (!this.#members.has(member)) throw new WampgateError("WG_BUG", "the session is not a member of this realm");
    ledger = new CallLedger();
    this.#ledgers.set(member, ledger);
    return ledger;
  }

  /** The calls of a member; undefined if it has not called or been called. */
  ifAny(member: Member): CallLedger | undefined {
    return this.#ledgers.get(member);
  }

  begin(call: Call): void {
    const { caller, callee, request, invocation } = call;
    const received = this.of(callee.member.answerer);
    callee.running++;
    this.#count++;
    this.of(caller).made.add(request, call);
    received.received.add(invocation, call);
    received.lastInvocation = invocation;
    if (this.meter !== null) this.meter.begun(call);
  }

  /** Ends a call. @param isResult whether its callee has answered with a result @returns whether it was still pending */
  settle(call: Call, isResult = false): boolean {
    if (!this.#end(call)) return false;
    if (this.meter !== null) this.meter.ended(call, isResult);
    if (this.#count === 0) this.#tellQuiet();
    return true;
  }

  /** Ends a call, and goes on with it: `goOn` begins it with another callee, or answers it. */
  replace(call: Call, goOn: () => void): void {
    if (!this.#end(call)) return;
    try {
      goOn();
    } finally {
      if (this.#count === 0) this.#tellQuiet();
    }
  }

  #end(call: Call): boolean {
    const ledger = this.#ledgers.get(call.caller);
    if (ledger?.made.delete(call.request) !== true) return false;
    if (call.open) ledger.abandon(call.request);
    this.#ledgers.get(call.callee.member.answerer)?.received.delete(call.invocation);
    call.callee.running--;
    call.timer?.end();
    this.#count--;
    if (this.#awaited?.delete(call) === true && this.#awaited.size === 0) this.#tellPresentEnded();
    return true;
  }

  /** Resolves when all calls that are pending now have ended, at once if there are none. Called once. */
  async whenPresentEnded(): Promise<void> {
    const present = [...this.#ledgers.values()].flatMap(({ made }) => [...made.values()]);
    if (present.length === 0) return;
    this.#awaited = new Set(present);
    await new Promise<void>((resolve) => (this.#tellPresentEnded = resolve));
  }

  #tellPresentEnded = (): void => undefined;

  #tellQuiet(): void {
    this.#quiet?.resolve();
    this.#quiet = null;
  }

  /** Resolves when no call is pending, at once if none is. */
  async whenQuiet(): Promise<void> {
    if (this.#count > 0) await (this.#quiet ??= withResolver()).promise;
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
