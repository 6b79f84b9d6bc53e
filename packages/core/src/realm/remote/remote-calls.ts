import type { RefusalReason, RemoteInterrupt, RemoteInvocation, RemoteMessage } from "../../contract/realm-link.ts";
import { Code } from "../../wamp/messages.ts";
import { protocolViolation, WampError } from "../../errors/wamp-error.ts";
import { whenDone } from "../../wamp/guarded.ts";
import { type Dict, isEmpty, NOTHING } from "../../wamp/payload.ts";
import type { Dealer } from "../dealer/dealer.ts";
import { type Callee, hasRoom, mayAnswer, type Registration } from "../dealer/registrations.ts";
import { unpacked } from "./payloads.ts";
import type { RemoteNode } from "./remote-node.ts";
import type { RemoteRegistrations } from "./remote-registrations.ts";

/** What a caller's node sends. */
type FromCaller = RemoteInvocation | RemoteInterrupt;

/** The calls of a realm between nodes, as they come from the others. */
export class RemoteCalls {
  readonly #dealer: Dealer;
  readonly #registrations: RemoteRegistrations;
  /** Calls for callees that do not know of their registration yet, by node and request, and what came for them after that. */
  readonly #held = new Map<RemoteNode, Map<number, FromCaller[]>>();

  constructor(dealer: Dealer, registrations: RemoteRegistrations) {
    this.#dealer = dealer;
    this.#registrations = registrations;
  }

  /** @throws WampError or Error if the message is not one that can come now */
  received(node: RemoteNode, message: Exclude<RemoteMessage, { type: "EVENT" }>): void {
    const { request } = message;
    switch (message.type) {
      case "INVOCATION":
      case "INTERRUPT":
        return this.#fromCaller(node, message);
      case "RESULT": {
        const payload = unpacked(message.payload);
        return this.#dealer.yield(node.member, { type: "YIELD", request, options: message.details, payload });
      }
      case "ERROR": {
        const { details, error, cause } = message;
        const payload = unpacked(message.payload);
        const answer = { type: "ERROR", requestType: Code.INVOCATION, request, details, error, payload } as const;
        return this.#dealer.error(node.member, answer, cause);
      }
      case "REFUSAL":
        return this.#dealer.refused(node.member, request, message.why);
    }
  }

  /** The node is gone: what it still waits for ends. */
  gone(node: RemoteNode): void {
    this.#held.delete(node);
    for (const work of this.#dealer.leave(node.member)) work();
  }

  /** The calls between the node and this one end. It may call again. */
  broken(node: RemoteNode): void {
    this.gone(node);
    node.lastCome = 0;
    this.#dealer.join(node.member);
  }

  #fromCaller(node: RemoteNode, message: FromCaller): void {
    const held = this.#held.get(node)?.get(message.request);
    if (held !== undefined) held.push(message);
    else if (message.type === "INTERRUPT")
      this.#dealer.interrupted(node.member, message.request, message.mode, message.reason);
    else if (!message.isFirst) this.#continue(node, message);
    else {
      if (message.request <= node.lastCome) throw protocolViolation(`the call ${message.request} came before`);
      node.lastCome = message.request;
      const opened = this.#registrations.whenOpened(message.registration, message.callee);
      if (this.#dealer.ending.refuses(node.member))
        node.send({ type: "REFUSAL", request: message.request, why: "not-here" });
      else if (opened === null) this.#invoke(node, message);
      else this.#hold(node, message, opened);
    }
  }

  #hold(node: RemoteNode, message: RemoteInvocation, opened: Promise<void>): void {
    const ofNode = this.#held.get(node) ?? new Map<number, FromCaller[]>();
    this.#held.set(node, ofNode.set(message.request, []));
    const goOn = (): void => {
      const after = this.#held.get(node)?.get(message.request);
      if (after === undefined) return; // the node is gone
      this.#held.get(node)?.delete(message.request);
      this.#invoke(node, message);
      for (const later of after) this.#fromCaller(node, later);
    };
    whenDone(opened, goOn, (error) => node.member.port.broken(error));
  }

  #invoke(node: RemoteNode, message: RemoteInvocation): void {
    const { request, details } = message;
    const registration = this.#dealer.registrar.registrations.get(message.registration);
    const callee = registration?.callees.find(({ member }) => isHere(member, message.callee));
    if (registration === undefined || callee === undefined)
      return node.send({ type: "REFUSAL", request, why: "not-here" });
    const procedure = procedureOf(registration, details);
    const why = refusalOf(callee, procedure);
    if (why !== null) return node.send({ type: "REFUSAL", request, why });
    const payload = unpacked(message.payload);
    const { more, rest } = isEmpty(details) ? ALONE : partOf(details);
    try {
      this.#dealer.invoke(node.member, request, procedure, registration, callee, rest, payload, more, true, 0, null);
    } catch (error) {
      this.#answerWith(node, request, error);
    }
  }

  #continue(node: RemoteNode, { request, payload, details }: RemoteInvocation): void {
    try {
      // If it has ended, its answer is on the way.
      this.#dealer.continued(node.member, request, unpacked(payload), details["progress"] === true);
    } catch (error) {
      this.#answerWith(node, request, error);
    }
  }

  #answerWith(node: RemoteNode, request: number, error: unknown): void {
    if (!WampError.is(error)) throw error;
    node.member.error("CALL", request, error);
  }
}

/** A call that comes in one piece. */
const ALONE = { more: false, rest: NOTHING };

/** Whether more parts of a call follow, and its details less that. */
function partOf({ progress, ...rest }: Readonly<Dict>): { readonly more: boolean; readonly rest: Readonly<Dict> } {
  return { more: progress === true, rest };
}

function isHere(member: Callee["member"], session: number): boolean {
  return member.answerer === member && member.info.session === session;
}

function procedureOf(registration: Registration, details: Readonly<Record<string, unknown>>): string {
  return registration.match === "exact" ? registration.uri : String(details["procedure"]);
}

/** Why a callee of this node does not take a call now; null: it does. */
function refusalOf(callee: Callee, procedure: string): RefusalReason | null {
  if (!mayAnswer(callee, procedure)) return "not-here";
  if (!hasRoom(callee)) return "full";
  if (callee.member.port.backlog <= 1) return null;
  callee.member.port.limited("max-buffered", "a session reads too slowly: a call of it was refused");
  return "slow";
}
