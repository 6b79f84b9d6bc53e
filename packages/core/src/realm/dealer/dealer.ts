import type { RefusalReason } from "../../contract/realm-link.ts";
import type { Decision } from "../../contract/authorization.ts";
import type { RouterCause, RouterError } from "../../contract/session-port.ts";
import type { Live } from "../../settings/live.ts";
import type { RealmOptions } from "../settings.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import { excerpt } from "../../wamp/excerpt.ts";
import { attempt, guarded } from "../../wamp/guarded.ts";
import { Code, type Message, type MessageOf } from "../../wamp/messages.ts";
import { type Dict, isEmpty, NOTHING, type Payload } from "../../wamp/payload.ts";
import { protocolViolation, refusal, WampError } from "../../errors/wamp-error.ts";
import type { ByteBudget } from "../byte-budget.ts";
import { type CallOptions, readCallOptions, requireProgressiveCalls } from "./call-options.ts";
import { type Call, type CallLedger, CallTimer, type Choice } from "./calls.ts";
import type { RealmMeter } from "../meter.ts";
import type { Member } from "../member.ts";
import { readBoolean, readEnum, requireRoom } from "../read-options.ts";
import { passthruOf, requireNoEncAlgo, requirePassthru } from "../passthru.ts";
import { CallsEnding } from "./ending.ts";
import { PendingCalls } from "./pending-calls.ts";
import { ANY, OWN_FIRST, STAYING_FIRST } from "./preferences.ts";
import { inUse, notTaken, receiverBusy, tryLater } from "./refusals.ts";
import { Registrar, type RegistrarAccess, requireDisclosure } from "./registrar.ts";
import type { RemoteRegistrations } from "../remote/remote-registrations.ts";
import { busyCallee, type Callee, nextCallee, type Preferences, type Registration } from "./registrations.ts";

/**
 * The backlog up to which the router's own calls, such as those to authenticators, still go out. They are refused last.
 */
const ROUTERS_BACKLOG = 2;

const CANCEL_MODES = ["skip", "kill", "killnowait"] as const;

/** Remote procedure calls in one realm (spec, basic/rpc and advanced/rpc_*). */
export class Dealer {
  /** The registered procedures. */
  readonly registrar: Registrar;
  readonly #calls = new PendingCalls();
  /** What becomes of calls while the router ends. */
  readonly ending: CallsEnding;
  #preferences: Preferences = ANY;
  readonly #options: Live<RealmOptions>;

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
    this.ending = new CallsEnding(this.#calls, this.registrar);
  }

  /** Shares the procedures with other nodes from now on. @param prefersOwn whether callees of this node are called first */
  connect(remote: RemoteRegistrations, prefersOwn: boolean): void {
    this.registrar.connect(remote);
    this.#preferences = prefersOwn ? OWN_FIRST : STAYING_FIRST;
  }

  measure(meter: RealmMeter | null): void {
    this.#calls.meter = meter;
  }

  /** @param member a session, or another node in the place of all its sessions */
  join(member: Member): void {
    this.#calls.join(member);
  }

  call(caller: Member, message: MessageOf<"CALL">, decision: Decision): void {
    const { request, procedure, payload } = message;
    const ledger = this.#calls.of(caller);
    const asked = readCallOptions(message.options, caller);
    const running = ledger.made.get(request);
    if (running !== undefined) {
      if (procedure !== running.procedure) throw inUse(request);
      return this.#continue(running, payload, asked.progress);
    }
    if (asked.discloseMe) requireDisclosure(this.#options.now);
    // The limit is for clients: the router's own session makes calls for all of them, as those of authenticators.
    if (!caller.port.service)
      requireRoom(
        ledger.made.size,
        this.#options.now["max-pending-calls"],
        "max-pending-calls",
        "calls that are not answered",
      );
    this.#choose(caller, message, asked, decision, null);
  }

  /** Chooses a callee, and sends it the call. @param before what was chosen before, and refused the call */
  #choose(
    caller: Member,
    message: MessageOf<"CALL">,
    { progress: more, receiveProgress, discloseMe, timeout, passthru }: CallOptions,
    decision: Decision,
    before: Choice | null,
  ): void {
    const { request, options, procedure, payload } = message;
    const refused = before === null ? null : before.refused;
    const registration = this.registrar.find(procedure, caller.port.service, refused);
    if (registration === undefined) {
      if (more) this.abandon(caller, request);
      const error = refusal(ErrorUri.noSuchProcedure, `no callee has registered the procedure ${excerpt(procedure)}`);
      return caller.error("CALL", request, error, "no-callee");
    }
    const callee = caller.port.service
      ? nextCallee(registration, procedure, ROUTERS_BACKLOG, refused, OWN_FIRST)
      : nextCallee(registration, procedure, 1, refused, this.#preferences);
    if (callee === null) {
      if (more) this.abandon(caller, request);
      return this.#refuseBusy(caller, message, registration, before);
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
    const isElsewhere = callee.member.answerer !== callee.member;
    const choice = isElsewhere && !more ? (before ?? { message, decision, refused: null }) : null;
    const ownTimeout = callee.forwardTimeout ? 0 : timeout;
    this.invoke(
      caller,
      request,
      procedure,
      registration,
      callee,
      details,
      payload,
      more,
      receiveProgress,
      ownTimeout,
      choice,
    );
  }

  /**
   * Sends a call to its callee: the half of a call that is where the callee is.
   * @param details INVOCATION.Details, the same for each part of a progressive call
   * @param more whether the caller has more parts to send
   * @param timeout in milliseconds; 0: none, or the callee itself ends the call
   * @throws WampError if the callee's format cannot say the payload
   */
  invoke(
    caller: Member,
    request: number,
    procedure: string,
    registration: Registration,
    callee: Callee,
    details: Readonly<Dict>,
    payload: Payload | undefined,
    more: boolean,
    wantsProgress: boolean,
    timeout: number,
    choice: Choice | null,
  ): void {
    const { member } = callee;
    const invocation = member.answerer.invocationIds.next();
    member.send({
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
      wantsProgress,
      open: more,
      isInterrupted: false,
      timer: timeout > 0 ? this.#timer(timeout, () => call) : null,
      startedAt: 0,
      choice,
    };
    this.#calls.begin(call);
  }

  /** No callee of a procedure can take a call now. */
  #refuseBusy(
    caller: Member,
    { request, procedure }: MessageOf<"CALL">,
    registration: Registration,
    before: Choice | null,
  ): void {
    const refused = [...(before?.refused?.values() ?? [])];
    const busy = busyCallee(registration, procedure, before?.refused ?? null)?.member;
    if (busy === undefined && refused.includes("slow")) return caller.error("CALL", request, tryLater(), "callee-busy");
    if (busy === undefined)
      throw refusal(ErrorUri.noAvailableCallee, `all callees of ${excerpt(procedure)} are at their concurrency limit`);
    caller.error("CALL", request, receiverBusy(busy, "a call of it was refused"), "callee-busy");
  }

  /** A further part of a call that another node has sent. @returns whether the call is still running */
  continued(caller: Member, request: number, payload: Payload | undefined, more: boolean): boolean {
    const running = this.#calls.of(caller).made.get(request);
    if (running !== undefined) this.#continue(running, payload, more);
    return running !== undefined;
  }

  /** A callee on another node did not take a call: another one is chosen. @param node the node's member */
  refused(node: Member, invocation: number, why: RefusalReason): void {
    const call = this.#answered(node, invocation);
    if (call === null) return;
    const { caller, request, choice } = call;
    const chooseAgain = (): void => {
      if (choice === null) throw notTaken(call.procedure);
      (choice.refused ??= new Map()).set(call.callee, why);
      const { message, decision } = choice;
      this.#choose(caller, message, readCallOptions(message.options, caller), decision, choice);
    };
    const failed = (error: unknown): void => {
      if (WampError.is(error)) caller.error("CALL", request, error);
      else caller.port.broken(error);
    };
    this.#calls.replace(call, () => attempt(chooseAgain, failed));
  }

  /** Another node has cancelled a call of one of its sessions, or its time was up. */
  interrupted(node: Member, request: number, mode: "kill" | "killnowait", reason: string): void {
    const call = this.#calls.of(node).made.get(request);
    if (call === undefined) return;
    this.#interrupt(call, mode, reason);
    if (mode === "killnowait") this.#calls.settle(call); // its caller has an answer already
  }

  /** A progressive call was refused: its later parts are dropped, and never make a call of their own. */
  abandon(caller: Member, request: number): void {
    this.#calls.of(caller).abandon(request);
  }

  /**
   * Whether a CALL gets no answer of its own: it is a later part of a progressive call that has ended, or the router ends.
   * The last part frees the request id.
   */
  drops(caller: Member, { request, options }: MessageOf<"CALL">): boolean {
    if (this.#calls.ifAny(caller)?.isStale(request, options["progress"] !== true) === true) return true;
    return this.ending.turnsAway(caller, request);
  }

  cancel(caller: Member, { request, options }: MessageOf<"CANCEL">): void {
    const mode = readEnum(options, "mode", CANCEL_MODES, "killnowait");
    const call = this.#calls.of(caller).made.get(request);
    // A result may have crossed the CANCEL on its way (spec, advanced/rpc_call_canceling).
    if (call === undefined) return;
    if (mode !== "skip" && this.#interrupt(call, mode, ErrorUri.canceled) && mode === "kill") return;
    // If the callee was gone and could not be interrupted, the caller has got its error already.
    if (!this.#calls.settle(call)) return;
    caller.error("CALL", request, refusal(ErrorUri.canceled, "the call was cancelled by its caller"));
  }

  yield(callee: Member, { request, options, payload }: MessageOf<"YIELD">): void {
    const progress = readBoolean(options, "progress", false);
    const passthru = passthruOf(options, callee, "callee");
    const call = this.#answered(callee, request);
    if (call === null) return;
    if (progress && !call.wantsProgress) return;
    if (progress) call.timer?.restart();
    else this.#calls.settle(call, true);
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

  /** ERROR from a callee. @param cause why, if the error was made by the node of the callee */
  error(
    callee: Member,
    { requestType, request, details, error, payload }: MessageOf<"ERROR">,
    cause: RouterCause | null = null,
  ): void {
    if (requestType !== Code.INVOCATION) {
      throw protocolViolation(`ERROR.requestType must be ${Code.INVOCATION}, INVOCATION`);
    }
    const passthru = passthruOf(details, callee, "callee");
    const call = this.#answered(callee, request);
    if (call === null) return;
    this.#calls.settle(call);
    this.#reply(call, () => {
      requireNoEncAlgo(details);
      requirePassthru(passthru, call.caller, "caller");
      const answer = { type: "ERROR", requestType: Code.CALL, request: call.request, error, payload } as const;
      return { ...answer, details: { ...passthru }, ...(cause === null ? {} : { cause }) };
    });
  }

  /**
   * Ends the calls of a session that has left, and tells the callers that wait for it. It gets no more calls.
   * @returns the work that is left: one function for each of its registrations
   */
  leave(member: Member): (() => void)[] {
    if (!this.#calls.leave(member)) return [];
    const ledger = this.#calls.ifAny(member);
    if (ledger !== undefined) this.#endCalls(member, ledger);
    return this.registrar.leave(member);
  }

  #endCalls(member: Member, ledger: CallLedger): void {
    for (const call of ledger.made.values()) {
      this.#calls.settle(call);
      if (call.callee.member.answerer !== member) this.#interrupt(call, "killnowait", ErrorUri.canceled);
    }
    for (const call of ledger.received.values()) {
      if (!this.#calls.settle(call)) continue;
      const error = refusal(ErrorUri.canceled, "the callee left before it answered");
      call.caller.error("CALL", call.request, error, "callee-gone");
    }
    this.#calls.forget(member);
  }

  /** A further part of a progressive call: the same invocation, with the options of the first one. */
  #continue(call: Call, payload: Payload | undefined, more: boolean): void {
    if (!call.open) throw inUse(call.request);
    call.open = more;
    const { member } = call.callee;
    try {
      if (member.port.backlog > 1) throw receiverBusy(member, "a part of a call to it was refused");
      const details = { ...call.details, progress: more };
      member.send({ type: "INVOCATION", request: call.invocation, registration: call.registration, details, payload });
    } catch (error) {
      // Without this part the call cannot go on: its caller gets the ERROR, its callee INTERRUPT.
      if (this.#calls.settle(call)) this.#interrupt(call, "killnowait", ErrorUri.canceled);
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
    this.#calls.settle(call);
    this.#interrupt(call, "killnowait", ErrorUri.timeout);
    call.caller.error(
      "CALL",
      call.request,
      refusal(ErrorUri.timeout, "the call's timeout expired before an answer came"),
    );
  }

  /** The call that a callee answers; null if it was cancelled, or if its caller has left. */
  #answered(callee: Member, invocation: number): Call | null {
    const ledger = this.#calls.of(callee);
    const call = ledger.received.get(invocation);
    if (call !== undefined) return call;
    if (invocation > ledger.lastInvocation) throw protocolViolation(`there was never an invocation ${invocation}`);
    return null;
  }

  #reply(call: Call, answer: () => Message | RouterError): void {
    const { caller } = call;
    try {
      if (caller.port.backlog > 1) throw receiverBusy(caller, "a result for it was dropped");
      caller.send(answer());
    } catch (error) {
      if (!WampError.is(error)) throw error;
      // After a progressive result the callee is still working, and its call has no caller any more.
      if (this.#calls.settle(call)) this.#interrupt(call, "killnowait", ErrorUri.canceled);
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
}
