import type { CalleeFact, Claim } from "../../contract/realm-link.ts";
import { whenDone } from "../../wamp/guarded.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import type { Member } from "../member.ts";
import type { Callee, Claimed, Registration, Registrations, RegisterOptions } from "../dealer/registrations.ts";
import type { Directory } from "./directory.ts";
import type { Questions } from "./questions.ts";
import type { NodeLink } from "./node-link.ts";
import type { RemoteNode } from "./remote-node.ts";

/** A claim of this node, from the moment when others may call to the one when the callee knows. */
interface Opening {
  readonly fact: CalleeFact;
  readonly opened: Promise<void>;
  readonly open: () => void;
  /** Whether others hold the procedure by now. */
  isLost: boolean;
}

/** A procedure that a session of another node offered. */
export interface Offer {
  readonly registration: Registration;
  readonly session: number;
  /** Whether the registration was gone with it. */
  readonly wasLast: boolean;
}

/** Who can be asked about sessions of other nodes. */
interface Asked {
  readonly directory: Directory;
  readonly questions: Questions;
}

/** Who offers which procedure between nodes: claims of this one, and the callees of the others. */
export class RemoteRegistrations {
  readonly #link: NodeLink;
  readonly #registrations: Registrations;
  readonly #directory: Directory;
  readonly #questions: Questions;
  /** By registration and session. */
  readonly #openings = new Map<string, Opening>();

  constructor(link: NodeLink, registrations: Registrations, { directory, questions }: Asked) {
    this.#link = link;
    this.#registrations = registrations;
    this.#directory = directory;
    this.#questions = questions;
  }

  /**
   * Claims a procedure for a session, and tells the other nodes.
   * @returns null if others hold it. Call `opened` when the session has been told, or when it has left.
   * @throws WampError if that cannot be decided
   */
  async claim(uri: string, { match, invoke, callee }: RegisterOptions): Promise<(Claimed & { isNew: boolean }) | null> {
    const claim = await this.#link.claim({ match, uri, invoke });
    if (claim === null) return null;
    const claimed = { id: claim.registration, uri, match, invoke, created: this.#createdOf(claim), isNew: claim.isNew };
    callee.order = claim.order;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const fact = factOf(claimed, callee);
    const opening: Opening = { fact, opened, open, isLost: false };
    this.#openings.set(keyOf(claimed.id, callee.member), opening);
    if (!callee.member.hasLeft) await this.#link.tell(fact);
    if (!opening.isLost) return claimed;
    this.opened(claimed.id, callee.member);
    this.#link.note(fact, false);
    return null;
  }

  /** Others hold a registration that this node held: sessions that do not know of it yet do not get it. */
  lost(registration: number): void {
    for (const opening of this.#openings.values())
      if (opening.fact.registration === registration) opening.isLost = true;
  }

  /** Calls of a session that came before it knew of its registration may be sent to it now. */
  opened(registration: number, member: Member): void {
    const key = keyOf(registration, member);
    this.#openings.get(key)?.open();
    this.#openings.delete(key);
  }

  /** Resolves when a session knows of its registration; null if it does already, or will never. */
  whenOpened(registration: number, session: number): Promise<void> | null {
    if (this.#openings.size === 0) return null;
    return this.#openings.get(`${registration} ${session}`)?.opened ?? null;
  }

  /**
   * Gives a claim back.
   * @param done called with whether the procedure is free now; false if that cannot be decided
   */
  release(claimed: Claimed, callee: Callee, done: (isLast: boolean) => void): void {
    this.#link.note(factOf(claimed, callee), false);
    const { match, uri, invoke } = claimed;
    const released = this.#link.release({ match, uri, invoke }, claimed.id).catch(() => false);
    whenDone(released, done, (error) => callee.member.port.broken(error));
  }

  /** The facts of this node. */
  *facts(): Generator<CalleeFact, void, undefined> {
    for (const { fact } of this.#openings.values()) yield fact;
    for (const match of MATCH_POLICIES)
      for (const registration of this.#registrations.all(match))
        for (const callee of registration.callees)
          if (callee.member.answerer === callee.member) yield factOf(registration, callee);
  }

  /** A callee of another node offers a procedure. */
  offered(node: RemoteNode, fact: CalleeFact): void {
    const { registration: id, match, uri, invoke, created, order, discloseCaller, forwardTimeout } = fact;
    const remote = node.callee(fact);
    const { member } = remote;
    const callee = { member, concurrency: 0, discloseCaller, forwardTimeout, running: 0, denials: null, order };
    if (this.#registrations.get(id)?.callees.some((other) => other.member === member) === true) return;
    const registration = this.#registrations.addClaimed({ id, match, uri, invoke, created: new Date(created) }, callee);
    if (registration !== null) remote.registrations.add(registration);
  }

  /** A callee of another node does not offer a procedure any more. */
  withdrawn(node: RemoteNode, { registration: id, session }: CalleeFact): void {
    const remote = node.callees.get(session);
    if (remote === undefined) return;
    for (const registration of remote.registrations) {
      if (registration.id !== id) continue;
      this.#registrations.remove(registration, remote.member);
      remote.registrations.delete(registration);
    }
    if (remote.registrations.size === 0) node.callees.delete(session);
  }

  /** Forgets all callees of a node. @returns what they offered */
  forget(node: RemoteNode): Offer[] {
    const offers: Offer[] = [];
    for (const { member, registrations } of node.callees.values())
      for (const registration of registrations) {
        const wasLast = this.#registrations.remove(registration, member);
        offers.push({ registration, session: member.info.session, wasLast });
      }
    node.callees.clear();
    return offers;
  }

  /** Ends the registration of a session of another node. Resolves when others may have the procedure. */
  async revoke(session: number, registration: number, reason: string | null): Promise<void> {
    const node = this.#directory.get(session)?.node;
    if (node === undefined) return; // it has just left
    const procedure = "wamp.registration.remove_callee";
    await this.#questions.ask(node, procedure, [registration, session], { reason });
  }

  #createdOf({ registration }: Claim): Date {
    return this.#registrations.get(registration)?.created ?? new Date();
  }
}

function keyOf(registration: number, { info }: Member): string {
  return `${registration} ${info.session}`;
}

function factOf({ id, match, uri, invoke, created }: Claimed, callee: Callee): CalleeFact {
  const { info } = callee.member;
  const { session, authid, authrole, authmethod } = info;
  const { order, discloseCaller, forwardTimeout } = callee;
  const features = info.roles.callee?.features ?? {};
  const who = { session, authid, authrole, authmethod, features: { ...features } };
  const registration = { registration: id, match, uri, invoke, created: created.getTime() };
  return { kind: "callee", ...registration, ...who, order, discloseCaller, forwardTimeout };
}
