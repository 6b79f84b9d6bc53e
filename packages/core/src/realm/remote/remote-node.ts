import type { CalleeFact, NodeName, RemoteMessage } from "../../contract/realm-link.ts";
import type { TransportDetails } from "../../contract/hello.ts";
import type { RouterError, SessionInfo, SessionPort } from "../../contract/session-port.ts";
import { CLIENT_FEATURES, type ClientRoles, clientRolesOf } from "../../wamp/client-features.ts";
import type { Message } from "../../wamp/messages.ts";
import { Member } from "../member.ts";
import type { Registration } from "../dealer/registrations.ts";
import type { NodeLink } from "./node-link.ts";
import { packed } from "./payloads.ts";

/** Features are judged where a session is: what has come over a link may pass. */
const ALL_FEATURES = clientRolesOf(
  Object.fromEntries(
    Object.entries(CLIENT_FEATURES).map(([role, names]) => [
      role,
      { features: Object.fromEntries(names.map((name) => [name, true])) },
    ]),
  ),
);

/** Its own node knows how a session is connected. */
const UNKNOWN: TransportDetails = {
  type: "link",
  protocol: "",
  peer: "",
  address: null,
  facts: {},
  takesCookies: false,
  channelBinding: () => ({ values: null, reason: "it is another node's" }),
  cbtid: null,
  client_cert: null,
  http_headers_received: {},
  http_headers_sent: {},
  channel_type: "",
  channel_framing: "",
  channel_serializer: "",
  is_secure: false,
  peer_cert: null,
  websocket_protocol: "",
  http_cbtid: null,
};

/** A callee of another node, and what it offers. */
export interface RemoteCallee {
  readonly member: Member;
  readonly registrations: Set<Registration>;
}

/**
 * Another node, for the dealer: one member in the place of all its callers, and one for each of its callees. What is sent to
 * them goes over the link.
 */
export class RemoteNode {
  readonly name: NodeName;
  /** Its callers. It also keeps the calls that its callees have to answer, since they share one sequence of ids. */
  readonly member: Member;
  /** By session. */
  readonly callees = new Map<number, RemoteCallee>();
  readonly #link: NodeLink;
  readonly #realm: string;
  readonly #list: readonly NodeName[];
  readonly #failed: (error: unknown) => void;
  #lastInvocation = 0;
  /** The last call that came from it. */
  lastCome = 0;

  /** @param failed called if something cannot be sent because of a mistake of the router itself */
  constructor(name: NodeName, realm: string, link: NodeLink, failed: (error: unknown) => void) {
    this.name = name;
    this.#realm = realm;
    this.#link = link;
    this.#failed = failed;
    this.#list = [name];
    const info = this.#info({ session: 0, authid: name, authrole: "", authmethod: "" }, ALL_FEATURES);
    this.member = new Member(new RemotePort(info, (message) => this.#answer(message), failed), null);
  }

  send(message: RemoteMessage): void {
    this.#link.send(this.#list, message);
  }

  /** The stand-in for a callee of the node. */
  callee(fact: CalleeFact): RemoteCallee {
    const { session, features } = fact;
    const found = this.callees.get(session);
    if (found !== undefined) return found;
    const info = this.#info(fact, clientRolesOf({ callee: { features } }));
    const port = new RemotePort(info, (message) => this.#invoke(session, message), this.#failed);
    const made = { member: new Member(port, null, this.member), registrations: new Set<Registration>() };
    this.callees.set(session, made);
    return made;
  }

  /** What a callee of this node answers to a caller there. */
  #answer(message: Message | RouterError): void {
    if (message.type === "RESULT") {
      const { request, details } = message;
      this.send({ type: "RESULT", request, details, payload: packed(message.payload) });
    } else if (message.type === "ERROR") {
      const { request, details, error } = message;
      const { cause = null } = message as RouterError;
      this.send({ type: "ERROR", request, details, error, payload: packed(message.payload), cause });
    }
  }

  /** What a caller of this node sends to a callee there. */
  #invoke(callee: number, message: Message): void {
    if (message.type === "INVOCATION") {
      const { request, registration, details } = message;
      const payload = packed(message.payload);
      const isFirst = request > this.#lastInvocation;
      if (isFirst) this.#lastInvocation = request;
      this.send({ type: "INVOCATION", request, registration, callee, isFirst, details, payload });
    } else if (message.type === "INTERRUPT") {
      const { mode, reason } = message.options;
      this.send({
        type: "INTERRUPT",
        request: message.request,
        mode: mode === "kill" ? "kill" : "killnowait",
        reason: reason as string,
      });
    }
  }

  #info(who: Pick<CalleeFact, "session" | "authid" | "authrole" | "authmethod">, roles: ClientRoles): SessionInfo {
    const { session, authid, authrole, authmethod } = who;
    const shared = { realm: this.#realm, authprovider: "", authextra: {}, expires: null, transport: UNKNOWN };
    return { session, authid, authrole, authmethod, roles, ...shared };
  }
}

/** The port of a session on another node. Limits and faults of such a session are its own node's concern. */
class RemotePort implements SessionPort {
  readonly info: SessionInfo;
  readonly service = false;
  /** Its own node renews its login. */
  readonly renewal = null;
  readonly backlog = 0;
  readonly send: SessionPort["send"];
  readonly broken: SessionPort["broken"];

  constructor(info: SessionInfo, send: SessionPort["send"], broken: SessionPort["broken"]) {
    this.info = info;
    this.send = send;
    this.broken = broken;
  }

  close(): void {
    // Only its own node can end it.
  }

  violation(): void {
    // Its own node has let the message in.
  }

  limited(): void {
    // Its own node counts what waits for it.
  }

  pause(): void {
    // Its own node reads its connection.
  }

  resume(): void {
    // As for `pause`.
  }
}
