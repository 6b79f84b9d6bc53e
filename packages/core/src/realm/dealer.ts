import type { Decision } from "../contract/authorization.ts";
import { untilAborted } from "../wamp/deadline.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { IdSequence } from "../wamp/ids.ts";
import { Code, type Message, type MessageOf } from "../wamp/messages.ts";
import { protocolViolation, WampError } from "../wamp/wamp-error.ts";
import type { Member } from "./member.ts";
import { exactOnly, flag, word } from "./options.ts";

/** A procedure somebody offers. */
interface Registration {
  readonly id: number;
  readonly procedure: string;
  readonly callee: Member;
}

/** A call on its way: who called, and who is to answer. */
interface Call {
  readonly caller: Member;
  readonly request: number;
  readonly callee: Member;
  readonly invocation: number;
}

/** What a session has under way with the dealer. */
interface Ledger {
  readonly registrations: Set<Registration>;
  /** Calls it made, by its request ids. */
  readonly calls: Map<number, Call>;
  /** Calls it is to answer, by invocation id. */
  readonly invocations: Map<number, Call>;
  lastInvocation: number;
}

/** Remote procedure calls in one realm (spec, basic/rpc; advanced/rpc_call_canceling). */
export class Dealer {
  readonly #byProcedure = new Map<string, Registration>();
  readonly #byId = new Map<number, Registration>();
  readonly #ledgers = new Map<Member, Ledger>();
  readonly #ids = new IdSequence();
  readonly #waiting = new Map<string, Set<() => void>>();

  join(member: Member): void {
    this.#ledgers.set(member, {
      registrations: new Set(),
      calls: new Map(),
      invocations: new Map(),
      lastInvocation: 0,
    });
  }

  register(member: Member, { request, options, procedure }: MessageOf<"REGISTER">): void {
    exactOnly(options);
    if (word(options, "invoke", ["single", "first", "last", "random", "roundrobin"], "single") !== "single") {
      throw new WampError(ErrorUri.optionNotAllowed, "shared registrations are not supported, only invoke: single");
    }
    if (this.#byProcedure.has(procedure)) {
      throw new WampError(ErrorUri.procedureAlreadyExists, `the procedure ${procedure} is registered already`);
    }
    const registration = { id: this.#ids.next(), procedure, callee: member };
    this.#byProcedure.set(procedure, registration);
    this.#byId.set(registration.id, registration);
    this.#of(member).registrations.add(registration);
    member.send({ type: "REGISTERED", request, registration: registration.id });
    for (const wake of this.#waiting.get(procedure) ?? []) wake();
  }

  unregister(member: Member, { request, registration: id }: MessageOf<"UNREGISTER">): void {
    const registration = this.#byId.get(id);
    if (registration?.callee !== member) {
      throw new WampError(ErrorUri.noSuchRegistration, `no registration ${id} is held by this session`);
    }
    this.#of(member).registrations.delete(registration);
    this.#drop(registration);
    member.send({ type: "UNREGISTERED", request });
  }

  call(caller: Member, { request, options, procedure, payload }: MessageOf<"CALL">, decision: Decision): void {
    const disclose = flag(options, "disclose_me", false) || decision.disclose === true;
    const { calls } = this.#of(caller);
    if (calls.has(request)) throw protocolViolation(`CALL.request ${request} is in use by a call that is not answered`);
    const registration = this.#byProcedure.get(procedure);
    if (registration === undefined) {
      const error = new WampError(ErrorUri.noSuchProcedure, `no callee has registered the procedure ${procedure}`);
      caller.error("CALL", request, error, "no-callee");
      return;
    }
    const { callee } = registration;
    const ledger = this.#of(callee);
    const invocation = callee.invocationIds.next();
    callee.send({
      type: "INVOCATION",
      request: invocation,
      registration: registration.id,
      details: disclose ? caller.disclosed("caller") : {},
      payload,
    });
    const call = { caller, request, callee, invocation };
    calls.set(request, call);
    ledger.invocations.set(invocation, call);
    ledger.lastInvocation = invocation;
  }

  cancel(caller: Member, { request, options }: MessageOf<"CANCEL">): void {
    const mode = word(options, "mode", ["skip", "kill", "killnowait"], "killnowait");
    const call = this.#of(caller).calls.get(request);
    // A result may have crossed the CANCEL on its way (spec, advanced/rpc_call_canceling).
    if (call === undefined) return;
    const reachable = call.callee.announced("callee", "call_canceling");
    if (reachable && mode !== "skip") this.#interrupt(call, mode);
    if (reachable && mode === "kill") return;
    this.#settle(call);
    caller.error("CALL", request, new WampError(ErrorUri.canceled, "the call was cancelled by its caller"));
  }

  yield(callee: Member, { request, payload }: MessageOf<"YIELD">): void {
    this.#answer(callee, request, (call) => ({ type: "RESULT", request: call.request, details: {}, payload }));
  }

  /** ERROR from a callee. */
  error(callee: Member, { requestType, request, error, payload }: MessageOf<"ERROR">): void {
    if (requestType !== Code.INVOCATION) {
      throw protocolViolation(`ERROR.requestType must be ${Code.INVOCATION}, INVOCATION`);
    }
    this.#answer(callee, request, (call) => ({
      type: "ERROR",
      requestType: Code.CALL,
      request: call.request,
      details: {},
      error,
      payload,
    }));
  }

  /** Takes all of a session that is gone: who waits for it is told. */
  leave(member: Member): void {
    const ledger = this.#ledgers.get(member);
    if (ledger === undefined) return;
    for (const registration of ledger.registrations) this.#drop(registration);
    for (const call of ledger.calls.values()) {
      this.#settle(call);
      if (call.callee !== member && call.callee.announced("callee", "call_canceling"))
        this.#interrupt(call, "killnowait");
    }
    for (const call of ledger.invocations.values()) {
      this.#settle(call);
      const error = new WampError(ErrorUri.canceled, "the callee left before it answered");
      if (call.caller !== member) call.caller.error("CALL", call.request, error, "callee-gone");
    }
    this.#ledgers.delete(member);
  }

  /** Resolves when `procedure` is registered; rejects with the signal's reason. */
  async whenRegistered(procedure: string, signal: AbortSignal): Promise<void> {
    if (this.#byProcedure.has(procedure)) return;
    const waiting = this.#waiting.get(procedure) ?? new Set();
    this.#waiting.set(procedure, waiting);
    let wake = (): void => undefined;
    try {
      await untilAborted(
        new Promise<void>((resolve) => {
          wake = resolve;
          waiting.add(wake);
        }),
        signal,
      );
    } finally {
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(procedure);
    }
  }

  #answer(callee: Member, invocation: number, answer: (call: Call) => Message): void {
    const ledger = this.#of(callee);
    const call = ledger.invocations.get(invocation);
    if (call === undefined) {
      if (invocation > ledger.lastInvocation) throw protocolViolation(`there was never an invocation ${invocation}`);
      return; // The call was cancelled, or its caller has left.
    }
    this.#settle(call);
    try {
      call.caller.send(answer(call));
    } catch (error) {
      if (!WampError.is(error)) throw error;
      call.caller.error("CALL", call.request, error);
    }
  }

  #interrupt(call: Call, mode: string): void {
    call.callee.send({ type: "INTERRUPT", request: call.invocation, options: { mode } });
  }

  #settle(call: Call): void {
    this.#ledgers.get(call.caller)?.calls.delete(call.request);
    this.#ledgers.get(call.callee)?.invocations.delete(call.invocation);
  }

  #drop(registration: Registration): void {
    this.#byProcedure.delete(registration.procedure);
    this.#byId.delete(registration.id);
  }

  #of(member: Member): Ledger {
    const ledger = this.#ledgers.get(member);
    if (ledger === undefined) throw new Error("the session is not a member of this realm");
    return ledger;
  }
}
