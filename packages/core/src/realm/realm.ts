import type { Decision } from "../contract/authorization.ts";
import type { Log } from "../contract/log.ts";
import type { Peer, RealmPort, Seat } from "../contract/peer.ts";
import type { RealmSettings } from "../contract/settings.ts";
import type { RouterHooks } from "../hooks/router-hooks.ts";
import type { Message } from "../wamp/messages.ts";
import { isUri } from "../wamp/uri.ts";
import { protocolViolation, WampError } from "../wamp/wamp-error.ts";
import { Authorization, notAuthorized, type Wish } from "./authorization.ts";
import { Broker } from "./broker.ts";
import { Dealer } from "./dealer.ts";
import { invalidUri, Member, type RequestType } from "./member.ts";

/** How many messages of a session may wait for an authorization before its connection is read no further. */
const QUEUE_LIMIT = 100;

/** A realm: its sessions, and the broker and dealer between them. */
export class Realm implements RealmPort {
  readonly name: string;
  readonly #authorization: Authorization;
  readonly #broker: Broker;
  readonly #dealer = new Dealer();

  /** @param guarded the authenticators' URIs in this realm */
  constructor(settings: RealmSettings, guarded: ReadonlySet<string>, hooks: RouterHooks, log: Log) {
    const ownLog = log.child({ realm: settings.name });
    this.name = settings.name;
    this.#authorization = new Authorization(settings.roles, guarded, hooks, ownLog);
    this.#broker = new Broker(ownLog);
  }

  hasRole(role: string): boolean {
    return this.#authorization.hasRole(role);
  }

  whenRegistered(procedure: string, signal: AbortSignal): Promise<void> {
    return this.#dealer.whenRegistered(procedure, signal);
  }

  join(peer: Peer): Seat {
    const member = new Member(peer);
    this.#dealer.join(member);
    return new Place(member, this.#authorization, this.#broker, this.#dealer);
  }
}

/** One session's messages, in order: each waits until the one before it is authorized. */
class Place implements Seat {
  readonly #member: Member;
  readonly #authorization: Authorization;
  readonly #broker: Broker;
  readonly #dealer: Dealer;
  readonly #gone = new AbortController();
  readonly #waiting: Message[] = [];
  #pending = false;

  constructor(member: Member, authorization: Authorization, broker: Broker, dealer: Dealer) {
    this.#member = member;
    this.#authorization = authorization;
    this.#broker = broker;
    this.#dealer = dealer;
  }

  receive(message: Message): void {
    if (this.#gone.signal.aborted) return;
    if (!this.#pending) {
      this.#handle(message);
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length === QUEUE_LIMIT) this.#member.peer.pause();
  }

  leave(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort(new Error("the session has left"));
    this.#waiting.length = 0;
    this.#broker.leave(this.#member);
    this.#dealer.leave(this.#member);
  }

  #handle(message: Message): void {
    this.#answering(message, () => {
      const wish = this.#wish(message);
      if (wish === null) {
        this.#route(message, { allow: true });
        return;
      }
      const decision = this.#authorization.decide(this.#member.peer, wish, this.#gone.signal);
      if (decision instanceof Promise) void this.#later(message, wish, decision);
      else this.#decided(message, wish, decision);
    });
  }

  async #later(message: Message, wish: Wish, pending: Promise<Decision>): Promise<void> {
    this.#pending = true;
    const [outcome] = await Promise.allSettled([pending]);
    this.#pending = false;
    if (this.#gone.signal.aborted) return;
    this.#answering(message, () => {
      if (outcome.status === "rejected") throw outcome.reason;
      this.#decided(message, wish, outcome.value);
    });
    while (!this.#isPending() && this.#waiting.length > 0) this.#handle(this.#waiting.shift() as Message);
    if (!this.#isPending()) this.#member.peer.resume();
  }

  // Handling a message may start to wait again, which the compiler does not see.
  #isPending(): boolean {
    return this.#pending;
  }

  #decided(message: Message, wish: Wish, decision: Decision): void {
    if (!decision.allow) throw notAuthorized(wish);
    this.#route(message, decision);
  }

  /** What the message needs leave for, or null where it needs none. @throws WampError for a URI that is none */
  #wish(message: Message): Wish | null {
    switch (message.type) {
      case "PUBLISH":
        return this.#checked({ action: "publish", uri: message.topic, options: message.options });
      case "SUBSCRIBE":
        return this.#checked({ action: "subscribe", uri: message.topic, options: message.options });
      case "REGISTER":
        return this.#checked({ action: "register", uri: message.procedure, options: message.options });
      case "CALL":
        return this.#checked({ action: "call", uri: message.procedure, options: message.options });
      default:
        return null;
    }
  }

  #checked(wish: Wish): Wish {
    const { action, uri, options } = wish;
    const pattern = options["match"] !== undefined && options["match"] !== "exact";
    const reserved = (action === "publish" || action === "register") && uri.startsWith("wamp.");
    if ((!pattern && !isUri(uri)) || (reserved && !this.#member.peer.service)) throw invalidUri(uri, `to ${action},`);
    return wish;
  }

  #route(message: Message, decision: Decision): void {
    const member = this.#member;
    switch (message.type) {
      case "PUBLISH":
        return this.#broker.publish(member, message, decision);
      case "SUBSCRIBE":
        return this.#broker.subscribe(member, message);
      case "UNSUBSCRIBE":
        return this.#broker.unsubscribe(member, message);
      case "REGISTER":
        return this.#dealer.register(member, message);
      case "UNREGISTER":
        return this.#dealer.unregister(member, message);
      case "CALL":
        return this.#dealer.call(member, message, decision);
      case "CANCEL":
        return this.#dealer.cancel(member, message);
      case "YIELD":
        return this.#dealer.yield(member, message);
      case "ERROR":
        return this.#dealer.error(member, message);
      default:
        throw protocolViolation(`${message.type} may not be sent by a client that has joined`);
    }
  }

  /** Runs `work`; what it refuses becomes the ERROR for `message`, or ends the session that broke the protocol. */
  #answering(message: Message, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!WampError.is(error)) {
        this.#member.peer.broken(error);
        return;
      }
      if (error.uri === protocolViolation("").uri || !("request" in message)) {
        this.#member.peer.violation(error.message);
        return;
      }
      // PUBLISH is answered only where the publisher asked for it (spec, basic/pubsub).
      if (message.type === "PUBLISH" && message.options["acknowledge"] !== true) return;
      this.#member.error(message.type as RequestType, message.request, error);
    }
  }
}
