import { WampgateError } from "../errors/wampgate-error.ts";
import type { RequestType } from "../errors/wire.ts";
import type { Decision } from "../contract/authorization.ts";
import { LimitError } from "../errors/limit-error.ts";
import type { RealmAttachment } from "../contract/realm-port.ts";
import type { Message, MessageOf } from "../wamp/messages.ts";
import { payloadOf } from "../wamp/payload.ts";
import { sizeOf } from "../wamp/size.ts";
import type { RawValue } from "../wamp/raw-value.ts";
import { ErrorUri } from "../wamp/error-uris.ts";
import { whenDone } from "../wamp/guarded.ts";
import { unlessRepeated } from "../wamp/unless-repeated.ts";
import { protocolViolation, refusal, WampError } from "../errors/wamp-error.ts";
import { type Denial, denialOf, NotAuthorized, notAuthorized } from "./access/not-authorized.ts";
import type { AuthorizationRequest } from "./access/authorizer.ts";
import type { Member } from "./member.ts";
import type { MetaProcedure } from "./meta/meta-call.ts";
import type { Decider, Denials, Ruling } from "./access/permissions.ts";
import type { Permission } from "./access/settings.ts";
import type { RealmOptions } from "./settings.ts";
import type { RouterHooks } from "../contract/hooks.ts";
import type { ConfigRef } from "../contract/login-record.ts";
import type { Log } from "../contract/log.ts";
import type { Broker } from "./broker/broker.ts";
import { isAcknowledged } from "./broker/publish-options.ts";
import type { Dealer } from "./dealer/dealer.ts";
import { RequestIds } from "./request-ids.ts";
import { authorizationRequestOf, isOwnAffair } from "./access/requests.ts";

const ALLOWED: Decision = { allow: true };

/** How many messages of a session may wait for an authorization before the router stops reading its connection. */
const QUEUE_LIMIT = 100;

/** How many bytes they may hold before that. */
const QUEUE_BYTES = 1024 * 1024;

/** How many events of a session may wait until the network between the nodes has them, before the next message waits for that. */
const EVENTS_LIMIT = 1000;

/** All that an answer to PUBLISH needs of its options, which may be large. */
const ACKNOWLEDGED = { acknowledge: true };

/** What an inbox needs of its realm. */
export interface InboxRealm {
  readonly log: Log;
  readonly hooks: Pick<RouterHooks, "actionDenied">;
  readonly options: RealmOptions;
  /** Where what decided for a role stands in the config. */
  placeOf(role: string, by: Decider["by"], rule?: Permission): ConfigRef;
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** The router's own procedures, `wamp.…`. */
  readonly procedures: ReadonlyMap<string, MetaProcedure>;
  /**
   * Whether a session may do what it requests; at once if no authorizer or hook must be asked.
   * @param signal gives a signal that fires when the session leaves, for authorizers and hooks
   * @throws WampError for an illegal or guarded URI; the promise rejects only with a WampError
   */
  decide(member: Member, request: AuthorizationRequest, signal: () => AbortSignal): Ruling | Promise<Ruling>;
  /** What a session's role may not use below a pattern that it was granted; null if it may use all. */
  denialsBelow(member: Member, pattern: Pick<AuthorizationRequest, "action" | "uri" | "match">): Denials | null;
  leave(member: Member): void;
}

/**
 * One session's attachment to its realm. It handles the messages in order: each waits until the one before is allowed.
 */
export class SessionInbox implements RealmAttachment {
  readonly #member: Member;
  readonly #realm: InboxRealm;
  readonly #ids: RequestIds;
  #isGone = false;
  /** Created when an authorizer or hook is asked: most sessions never need it. */
  #goneController: AbortController | null = null;
  readonly #waiting: Message[] = [];
  #waitingBytes = 0;
  /** Events that are not answered, since the network between the nodes may not have them. */
  #waitingEvents = 0;
  #pending = false;

  constructor(member: Member, realm: InboxRealm) {
    this.#member = member;
    this.#realm = realm;
    this.#ids = new RequestIds(realm.options["request-ids"], member.info.session, realm.log);
  }

  receive(message: Message): void {
    if (this.#isGone) return;
    // Answers never wait: otherwise an authorizer could wait for itself.
    if (!this.#pending || message.type === "YIELD" || message.type === "ERROR") {
      this.#handle(message);
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += sizeOfMessage(message);
    if (this.#waiting.length >= QUEUE_LIMIT || this.#waitingBytes >= QUEUE_BYTES) this.#member.port.pause();
  }

  leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#goneController?.abort(new WampgateError("WG_SESSION_LEFT", "the session has left"));
    this.#waiting.length = 0;
    this.#realm.leave(this.#member);
  }

  get #gone(): AbortController {
    return (this.#goneController ??= new AbortController());
  }

  #handle(message: Message): void {
    try {
      this.#ids.check(message);
      if (message.type === "CALL" && this.#realm.dealer.drops(this.#member, message)) return;
      const request = authorizationRequestOf(message);
      if (request === null) return this.#route(message, ALLOWED, null);
      const decision = this.#realm.decide(this.#member, request, () => this.#gone.signal);
      if (decision instanceof Promise) this.#later(message, decision, (made) => this.#decided(message, request, made));
      else this.#decided(message, request, decision);
    } catch (error) {
      this.#refuse(message, error);
    }
  }

  #decided(message: Message, request: AuthorizationRequest, decision: Ruling): void {
    if (!decision.allow) throw notAuthorized(denialOf(request, decision));
    this.#route(message, decision, request.match === "exact" ? null : this.#realm.denialsBelow(this.#member, request));
  }

  /** Goes on with `message` when `pending` is settled. Messages that come before that wait. */
  #later<T>(message: Message, pending: Promise<T>, goOn: (value: T) => void): void {
    this.#pending = true;
    const next = pending.then(
      (value) => (): void => goOn(value),
      (error: unknown) => (): void => this.#refuse(message, error),
    );
    const proceed = (work: () => void): void => {
      this.#pending = false;
      if (this.#isGone) return;
      this.#attempt(message, work);
      while (!this.#isPending() && this.#waiting.length > 0) this.#handleNext();
      if (!this.#isPending()) this.#member.port.resume();
    };
    whenDone(next, proceed, (error) => this.#member.port.broken(error));
  }

  #handleNext(): void {
    const message = this.#waiting.shift() as Message;
    this.#waitingBytes -= sizeOfMessage(message);
    this.#handle(message);
  }

  // A method, since handling a message may set it again, which the compiler does not see.
  #isPending(): boolean {
    return this.#pending;
  }

  /** @param denials what the session's role may not use below a pattern that it subscribes to or registers */
  #route(message: Message, decision: Decision, denials: Denials | null): void {
    const member = this.#member;
    const { broker, dealer } = this.#realm;
    switch (message.type) {
      case "PUBLISH":
        return this.#answerLater(message, broker.publish(member, message, decision));
      case "SUBSCRIBE":
        return this.#wait(message, broker.subscribe(member, message, denials));
      case "UNSUBSCRIBE":
        return broker.unsubscribe(member, message);
      case "REGISTER":
        return this.#wait(message, dealer.registrar.register(member, message, denials));
      case "UNREGISTER":
        return this.#wait(message, dealer.registrar.unregister(member, message));
      case "CALL": {
        const own = this.#realm.procedures.get(message.procedure);
        return own === undefined ? dealer.call(member, message, decision) : this.#callOwn(own, message);
      }
      case "CANCEL":
        return dealer.cancel(member, message);
      case "YIELD":
        return dealer.yield(member, message);
      case "ERROR":
        return dealer.error(member, message);
      default:
        throw protocolViolation(`${message.type} may not be sent by a client that has joined`);
    }
  }

  /** What comes after a message that waits for other nodes waits as well. */
  #wait(message: Message, done: void | Promise<void>): void {
    if (done !== undefined) this.#later(message, done, () => undefined);
  }

  /** What comes after an event goes on, though that one is not answered yet; unless many wait. */
  #answerLater({ request, topic }: MessageOf<"PUBLISH">, done: void | Promise<void>): void {
    if (done === undefined) return;
    // What waits must keep neither payload nor options alive.
    const message: MessageOf<"PUBLISH"> = { type: "PUBLISH", request, topic, options: ACKNOWLEDGED };
    if (this.#waitingEvents === EVENTS_LIMIT - 1) return this.#wait(message, done);
    this.#waitingEvents++;
    const answered = done.finally(() => this.#waitingEvents--);
    this.#beside(message, answered, () => undefined);
  }

  /** Calls one of the router's own procedures. */
  #callOwn(procedure: MetaProcedure, message: MessageOf<"CALL">): void {
    if (isProgressive(message))
      throw refusal(ErrorUri.featureNotSupported, "the router's own procedures take no call in parts");
    const { args = [], kwargs = {} } = message.payload?.values() ?? {};
    const answer = (value: unknown): void =>
      this.#member.send({
        type: "RESULT",
        request: message.request,
        details: {},
        payload: payloadOf(value === undefined ? {} : { args: [value] }),
      });
    const raw = (): RawValue | null => message.payload?.raw() ?? null;
    const value = procedure({ caller: this.#member, args, kwargs, raw, gone: () => this.#gone.signal });
    if (!(value instanceof Promise)) answer(value);
    else if (isOwnAffair(message.procedure)) this.#beside(message, value as Promise<unknown>, answer);
    else this.#later(message, value as Promise<unknown>, answer);
  }

  /** Goes on with `message` when `pending` is settled. Messages that come before that do not wait. */
  #beside<T>(message: Message, pending: Promise<T>, goOn: (value: T) => void): void {
    const unlessGone = (work: () => void): void => {
      if (!this.#isGone) this.#attempt(message, work);
    };
    whenDone(
      pending,
      (value) => unlessGone(() => goOn(value)),
      (error) =>
        unlessGone(() => {
          throw error;
        }),
    );
  }

  #attempt(message: Message, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#refuse(message, error);
    }
  }

  #tellDenied({ action, uri, match, by: { by, text: rule, rule: permission } }: Denial): void {
    const { info } = this.#member;
    const { session, realm, authid, authrole: role } = info;
    const { actionDenied } = this.#realm.hooks;
    if (actionDenied.taps.length > 0) {
      const config = this.#realm.placeOf(role, by, permission);
      actionDenied.call({ at: Date.now(), session: info, realm, role, action, uri, match, by, rule, config });
    }
    unlessRepeated(info, `denied ${action}`, (repeats) =>
      this.#realm.log.warn({ denied: action, uri, rule, session, authid, authrole: role, ...repeats }, "action denied"),
    );
  }

  /** Answers `message` with what was thrown, as an ERROR; or ends the session if it broke the protocol. */
  #refuse(message: Message, error: unknown): void {
    if (!WampError.is(error)) {
      this.#member.port.broken(error);
      return;
    }
    if (error instanceof NotAuthorized) this.#tellDenied(error.denial);
    if (error instanceof LimitError) this.#member.port.limited(error.limit, error.message);
    if (error.uri === ErrorUri.protocolViolation || !("request" in message)) {
      this.#member.port.violation(error.message);
      return;
    }
    if (message.type === "PUBLISH" && !isAcknowledged(message.options)) return;
    if (isProgressive(message)) this.#realm.dealer.abandon(this.#member, message.request);
    this.#member.error(message.type as RequestType, message.request, error);
  }
}

/** Whether more parts of a call follow (spec, advanced/rpc_progressive_call_invocations). */
function isProgressive(message: Message): boolean {
  return message.type === "CALL" && message.options["progress"] === true;
}

/** About how much memory a message takes while it waits, in bytes. */
function sizeOfMessage(message: Message): number {
  const payload = "payload" in message ? (message.payload?.size ?? 0) : 0;
  return payload + sizeOf("options" in message ? message.options : null);
}
