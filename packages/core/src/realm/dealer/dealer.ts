import { WampgateError } from "../../errors/wampgate-error.ts";
import type { Decision } from "../../contract/authorization.ts";
import type { Live } from "../../settings/live.ts";
import type { RealmOptions } from "../settings.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import { attempt, guarded } from "../../wamp/guarded.ts";
import { Code, type Message, type MessageOf } from "../../wamp/messages.ts";
import { isEmpty, NOTHING } from "../../wamp/payload.ts";
import { protocolViolation, refusal, WampError } from "../../errors/wamp-error.ts";
import type { ByteBudget } from "../byte-budget.ts";
import { readCallOptions } from "./call-options.ts";
import { type Call, CallLedger, CallTimer } from "./calls.ts";
import type { Member } from "../member.ts";
import { readBoolean, readEnum, requireRoom } from "../read-options.ts";
import { passthruOf, requireNoEncAlgo, requirePassthru } from "../passthru.ts";
import { Registrar, type RegistrarAccess, requireDisclosure } from "./registrar.ts";
import { busyCallee, nextCallee, type Registration } from "./registrations.ts";

/**
 * The backlog up to which the router's own calls, such as those to authenticators, still go out. They are refused last.
 */
const ROUTERS_BACKLOG = 2;

const CANCEL_MODES = ["skip", "kill", "killnowait"] as const;

/** Remote procedure calls in one realm (spec, basic/rpc and advanced/rpc_*). */
export class Dealer {
  /** The registered procedures. */
  readonly registrar: Registrar;
  readonly #members = new Set<Member>();
  /** Only for sessions that have called or been called: most sessions of a large router do neither. */
  readonly #ledgers = new Map<Member, CallLedger>();
  readonly #options: Live<RealmOptions>;
  #pending = 0;
  #quiet: ReturnType<typeof withResolver> | null = null;

  /**
   * @param access the realm's rules; asked at each call, so that a reload takes effect at once
   * @param announce publishes a meta event
   */
  constructor(
    options: Live<RealmOptions>,
    budget: ByteBudget,
    access: RegistrarAccess,
    announce: (topic: string, args: readonly unknown[]) => void,
  ) {
    this.#options = options;
    this.registrar = new Registrar(options, budget, access, announce);
  }

  join(member: Member): void {
    this.#members.add(member);
  }

  call(caller: Member, message: MessageOf<"CALL">, decision: Decision): void {
    const { request, options, procedure, payload } = message;
    const ledger = this.#of(caller);
    const { progress: more, receiveProgress, discloseMe, timeout, passthru } = readCallOptions(options, caller);
    const running = ledger.made.get(request);
    if (running !== undefined) return this.#continue(running, message, more);
    if (discloseMe) requireDisclosure(this.#options.now);
    // The limit is for clients: the router's own session makes calls for all of them, as those of authenticators.
    if (!caller.port.service)
      requireRoom(
        ledger.made.size,
        this.#options.now["max-pending-calls"],
        "max-pending-calls",
        "calls that are not answered",
      );
    const registration = this.registrar.find(procedure, caller.port.service);
    if (registration === undefined) {
      if (more) ledger.abandon(request);
      const error = refusal(ErrorUri.noSuchProcedure, `no callee has registered the procedure ${excerpt(procedure)}`);
      return caller.error("CALL", request, error, "no-callee");
    }
    const callee = nextCallee(registration, procedure, caller.port.service ? ROUTERS_BACKLOG : 1);
    if (callee === null) {
      if (more) ledger.abandon(request);
      return this.#refuseBusy(caller, request, registration, procedure);
    }
    if (more) requireProgressiveCalls(callee.member);
    requirePassthru(passthru, callee.member, "callee");
    const progressive = receiveProgress && callee.member.announced("callee", "progressive_call_results");
    const shown = discloseMe || callee.discloseCaller || decision.disclose === true;
    const details =
      isEmpty(options) && !shown && registration.match === "exact" && isEmpty(caller.trust)
        ? NOTHING
        : {
            ...(shown ? caller.disclosed("caller") : NOTHING),
            ...caller.trust,
            ...passthru,
            ...(registration.match === "exact" ? NOTHING : { procedure }),
            ...(progressive ? { receive_progress: true } : NOTHING),
            ...(timeout > 0 && callee.forwardTimeout ? { timeout } : NOTHING),
          };
    const invocation = callee.member.invocationIds.next();
    callee.member.send({
      type: "INVOCATION",
      request: invocation,
      registration: registration.id,
      details: more ? { ...details, progress: true } : details,
      payload,
    });
    const call: Call = {
      caller,
      request,
      procedure,
      registration: registration.id,
      callee,
      invocation,
      details,
      wantsProgress: receiveProgress,
      open: more,
      isInterrupted: false,
      timer: timeout > 0 && !callee.forwardTimeout ? this.#timer(timeout, () => call) : null,
    };
    this.#begin(call, ledger);
  }

  /** No callee of a procedure can take a call now. */
  #refuseBusy(caller: Member, request: number, registration: Registration, procedure: string): void {
    const busy = busyCallee(registration, procedure)?.member;
    if (busy === undefined)
      throw refusal(ErrorUri.noAvailableCallee, `all callees of ${excerpt(procedure)} are at their concurrency limit`);
    caller.error("CALL", request, receiverBusy(busy, "a call of it was refused"), "callee-busy");
  }

  /** A progressive call was refused: its later parts are dropped, and never make a call of their own. */
  abandon(caller: Member, request: number): void {
    this.#of(caller).abandon(request);
  }

  /** Whether a CALL is a later part of a progressive call that has ended. The last one frees the request id. */
  isLatePart(caller: Member, { request, options }: MessageOf<"CALL">): boolean {
    return this.#ledgers.get(caller)?.isStale(request, options["progress"] !== true) === true;
  }

  cancel(caller: Member, { request, options }: MessageOf<"CANCEL">): void {
    const mode = readEnum(options, "mode", CANCEL_MODES, "killnowait");
    const call = this.#of(caller).made.get(request);
    // A result may have crossed the CANCEL on its way (spec, advanced/rpc_call_canceling).
    if (call === undefined) return;
    if (mode !== "skip" && this.#interrupt(call, mode, ErrorUri.canceled) && mode === "kill") return;
    // If the callee was gone and could not be interrupted, the caller has got its error already.
    if (!this.#settle(call)) return;
    caller.error("CALL", request, refusal(ErrorUri.canceled, "the call was cancelled by its caller"));
  }

  yield(callee: Member, { request, options, payload }: MessageOf<"YIELD">): void {
    const progress = readBoolean(options, "progress", false);
    const passthru = passthruOf(options, callee, "callee");
    const call = this.#answered(callee, request);
    if (call === null) return;
    if (progress && !call.wantsProgress) return;
    if (progress) call.timer?.restart();
    else this.#settle(call);
    this.#reply(call, () => {
      requireNoEncAlgo(options);
      requirePassthru(passthru, call.caller, "caller");
      return {
        type: "RESULT",
        request: call.request,
        details: progress ? { ...passthru, progress } : (passthru ?? NOTHING),
        payload,
      };
    });
  }

  /** ERROR from a callee. */
  error(callee: Member, { requestType, request, details, error, payload }: MessageOf<"ERROR">): void {
    if (requestType !== Code.INVOCATION) {
      throw protocolViolation(`ERROR.requestType must be ${Code.INVOCATION}, INVOCATION`);
    }
    const passthru = passthruOf(details, callee, "callee");
    const call = this.#answered(callee, request);
    if (call === null) return;
    this.#settle(call);
    this.#reply(call, () => {
      requireNoEncAlgo(details);
      requirePassthru(passthru, call.caller, "caller");
      return { type: "ERROR", requestType: Code.CALL, request: call.request, details: { ...passthru }, error, payload };
    });
  }

  /**
   * Ends the calls of a session that has left, and tells the callers that wait for it. It gets no more calls.
   * @returns the work that is left: one function for each of its registrations
   */
  leave(member: Member): (() => void)[] {
    if (!this.#members.delete(member)) return [];
    const ledger = this.#ledgers.get(member);
    for (const call of ledger?.made.values() ?? []) {
      this.#settle(call);
      if (call.callee.member !== member) this.#interrupt(call, "killnowait", ErrorUri.canceled);
    }
    for (const call of ledger?.received.values() ?? []) {
      if (!this.#settle(call)) continue;
      const error = refusal(ErrorUri.canceled, "the callee left before it answered");
      call.caller.error("CALL", call.request, error, "callee-gone");
    }
    this.#ledgers.delete(member);
    return this.registrar.leave(member);
  }

  /** How many calls are unanswered. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when no call is pending, at once if none is. */
  async whenQuiet(): Promise<void> {
    if (this.#pending > 0) await (this.#quiet ??= withResolver()).promise;
  }

  #begin(call: Call, ledger: CallLedger): void {
    const { callee, request, invocation } = call;
    const received = this.#of(callee.member);
    callee.running++;
    this.#pending++;
    ledger.made.add(request, call);
    received.received.add(invocation, call);
    received.lastInvocation = invocation;
  }

  /** A further part of a progressive call: the same invocation, with the options of the first one. */
  #continue(call: Call, { request, procedure, payload }: MessageOf<"CALL">, more: boolean): void {
    if (!call.open || procedure !== call.procedure)
      throw protocolViolation(`CALL.request ${request} is in use by a call that is not answered`);
    call.open = more;
    const { member } = call.callee;
    try {
      if (member.port.backlog > 1) throw receiverBusy(member, "a part of a call to it was refused");
      const details = { ...call.details, progress: more };
      member.send({ type: "INVOCATION", request: call.invocation, registration: call.registration, details, payload });
    } catch (error) {
      // Without this part the call cannot go on: its caller gets the ERROR, its callee INTERRUPT.
      if (this.#settle(call)) this.#interrupt(call, "killnowait", ErrorUri.canceled);
      throw error;
    }
  }

  #timer(timeout: number, call: () => Call): CallTimer {
    const failed = (error: unknown): void => call().caller.port.broken(error);
    return new CallTimer(
      timeout,
      guarded(() => this.#timedOut(call()), failed),
    );
  }

  #timedOut(call: Call): void {
    this.#settle(call);
    this.#interrupt(call, "killnowait", ErrorUri.timeout);
    call.caller.error(
      "CALL",
      call.request,
      refusal(ErrorUri.timeout, "the call's timeout expired before an answer came"),
    );
  }

  /** The call that a callee answers; null if it was cancelled, or if its caller has left. */
  #answered(callee: Member, invocation: number): Call | null {
    const ledger = this.#of(callee);
    const call = ledger.received.get(invocation);
    if (call !== undefined) return call;
    if (invocation > ledger.lastInvocation) throw protocolViolation(`there was never an invocation ${invocation}`);
    return null;
  }

  #reply(call: Call, answer: () => Message): void {
    const { caller } = call;
    try {
      if (caller.port.backlog > 1) throw receiverBusy(caller, "a result for it was dropped");
      caller.send(answer());
    } catch (error) {
      if (!WampError.is(error)) throw error;
      // After a progressive result the callee is still working, and its call has no caller any more.
      if (this.#settle(call)) this.#interrupt(call, "killnowait", ErrorUri.canceled);
      caller.error("CALL", call.request, error);
    }
  }

  /** Never throws. One call is interrupted once at most. @returns whether the callee can be interrupted at all */
  #interrupt(call: Call, mode: string, reason: string): boolean {
    const { callee, invocation } = call;
    const { member } = callee;
    if (!member.announced("callee", "call_canceling")) return false;
    if (call.isInterrupted) return true;
    call.isInterrupted = true;
    attempt(
      () => member.send({ type: "INTERRUPT", request: invocation, options: { mode, reason } }),
      (error) => member.port.broken(error),
    );
    return true;
  }

  /** Ends a call. @returns whether it was still pending */
  #settle(call: Call): boolean {
    const ledger = this.#ledgers.get(call.caller);
    if (ledger?.made.delete(call.request) !== true) return false;
    if (call.open) ledger.abandon(call.request);
    this.#ledgers.get(call.callee.member)?.received.delete(call.invocation);
    call.callee.running--;
    call.timer?.end();
    this.#pending--;
    if (this.#pending === 0) {
      this.#quiet?.resolve();
      this.#quiet = null;
    }
    return true;
  }

  #of(member: Member): CallLedger {
    let ledger = this.#ledgers.get(member);
    if (ledger !== undefined) return ledger;
    if (!this.#members.has(member)) throw new WampgateError("WG_BUG", "the session is not a member of this realm");
    ledger = new CallLedger();
    this.#ledgers.set(member, ledger);
    return ledger;
  }
}

/**
 * The error for a message that would wait for a session that reads too slowly. It is counted, and the session stays.
 */
function receiverBusy({ port }: Member, what: string): WampError {
  port.limited("max-buffered", `a session reads too slowly: ${what}`);
  return refusal(ErrorUri.receiverBusy, "too much waits for the receiver; try again later");
}

function requireProgressiveCalls(callee: Member): void {
  // The spec spells the second feature in two ways (advanced/rpc_progressive_call_invocations).
  const cancels = callee.announced("callee", "call_canceling") || callee.announced("callee", "call_cancelling");
  if (cancels && callee.announced("callee", "progressive_call_invocations")) return;
  throw refusal(ErrorUri.featureNotSupported, "the callee does not support progressive call invocations");
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
