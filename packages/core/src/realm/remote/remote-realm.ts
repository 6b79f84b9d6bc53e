import type { Log } from "../../contract/log.ts";
import {
  type Fact,
  type NodeName,
  type RemoteEvent,
  type RealmSide,
  type RunningLink,
  type RemoteQuestion,
} from "../../contract/realm-link.ts";
import { attempt, whenDone } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import type { Broker } from "../broker/broker.ts";
import type { Dealer } from "../dealer/dealer.ts";
import type { SessionInfo } from "../../contract/session-port.ts";
import { refusal, WampError } from "../../errors/wamp-error.ts";
import { ErrorUri } from "../../wamp/error-uris.ts";
import type { MetaProcedure } from "../meta/meta-call.ts";
import { isObserved, MetaTopic } from "../meta/topics.ts";
import { Absences } from "./absences.ts";
import { Directory, type RemoteSession } from "./directory.ts";
import { Questions } from "./questions.ts";
import { ASKED, metaOfAllNodes } from "./remote-meta.ts";
import { RemoteTestaments } from "./remote-testaments.ts";
import { isFact, isRemoteMessage } from "./checks.ts";
import { NodeLink } from "./node-link.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { RemoteGuards } from "./remote-guards.ts";
import { crossing, interestIn, publicationOf, RemoteEvents } from "./remote-events.ts";
import { RemoteRules } from "./remote-rules.ts";
import type { RealmRules } from "../settings.ts";
import { RemoteNode } from "./remote-node.ts";
import { type Offer, RemoteRegistrations } from "./remote-registrations.ts";
import { Renewal } from "./renewal.ts";
import { SharedIds } from "./shared-ids.ts";

/** How much of the kept events a node copies to one that comes, in bytes: the newest ones. */
const MOST_COPIED = 32 * 1024 * 1024;

/** The parts of a realm that other nodes reach. */
interface Parts {
  readonly name: string;
  readonly log: Log;
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** Those that answer for this node. */
  readonly procedures: ReadonlyMap<string, MetaProcedure>;
  /** Its sessions but the router's own. */
  readonly sessions: () => Iterable<SessionInfo>;
  readonly rules: RealmRules;
  /** Ends what stands against the guard of a procedure. */
  readonly guard: (uri: string) => void;
}

/** What other nodes of a cluster and a realm of this one tell each other. */
export class RemoteRealm implements RealmSide {
  readonly realm: string;
  readonly #parts: Parts;
  readonly #link: NodeLink;
  readonly #events: RemoteEvents;
  readonly #registrations: RemoteRegistrations;
  readonly #calls: RemoteCalls;
  readonly #nodes = new Map<NodeName, RemoteNode>();
  /** Those between which and this node something was lost, until they tell their facts again. */
  readonly #broken = new Set<RemoteNode>();
  /** Those that tell their facts again. */
  readonly #renewals = new Map<RemoteNode, Renewal>();
  readonly #ids: SharedIds;
  readonly #directory = new Directory();
  readonly #questions = new Questions();
  readonly #absences = new Absences();
  readonly testaments: RemoteTestaments;
  readonly guards: RemoteGuards;
  readonly rules: RemoteRules;
  /** The router's own procedures, which answer for all nodes. */
  readonly procedures: ReadonlyMap<string, MetaProcedure>;
  /** Those that answer for this node alone. */
  readonly #ownProcedures: ReadonlyMap<string, MetaProcedure>;

  constructor(running: RunningLink, parts: Parts) {
    const { name, log, broker, dealer } = parts;
    this.realm = name;
    this.#parts = parts;
    this.#link = new NodeLink(log);
    this.#ids = new SharedIds(running.secret, name);
    this.#events = new RemoteEvents(this.#link, this.#ids, this.#nodes, log);
    this.testaments = new RemoteTestaments(this.#link);
    this.guards = new RemoteGuards(this.#link, parts.rules.guarded);
    this.rules = new RemoteRules(this.#link, this.#ids, parts.rules, log);
    const [directory, questions] = [this.#directory, this.#questions];
    this.#registrations = new RemoteRegistrations(this.#link, dealer.registrar.registrations, { directory, questions });
    this.#calls = new RemoteCalls(dealer, this.#registrations);
    broker.connect(this.#events);
    dealer.connect(this.#registrations, running.prefersOwn ?? false);
    this.#ownProcedures = parts.procedures;
    const elsewhere = { directory, questions, events: this.#events, nodes: this.#nodes };
    this.procedures = new Map([...parts.procedures, ...Object.entries(metaOfAllNodes(parts.procedures, elsewhere))]);
    this.#link.join(running, this);
  }

  *facts(): Generator<Fact, void, undefined> {
    yield this.rules.fact();
    yield* this.guards.facts();
    for (const match of MATCH_POLICIES)
      for (const subscription of this.#parts.broker.all(match)) yield interestIn(subscription);
    yield* this.#registrations.facts();
    for (const info of this.#parts.sessions()) yield sessionFact(info);
    yield* this.testaments.facts();
  }

  *kept(): Generator<Fact, void, undefined> {
    const newestFirst = [...this.#parts.broker.kept()].sort((one, other) => other.at - one.at);
    const copied: RemoteEvent[] = [];
    let room = MOST_COPIED;
    for (const { publication, at, bytes } of newestFirst) {
      room -= bytes;
      if (room < 0) break;
      const event = crossing(publication, at);
      if (event !== null) copied.push(event);
    }
    for (const event of copied.reverse()) yield { kind: "kept", event };
  }

  came(node: NodeName): void {
    const there = this.#nodes.get(node);
    if (there !== undefined) return this.#renew(there);
    const made = new RemoteNode(node, this.realm, this.#link, (error) => this.#failed(node, error));
    this.#nodes.set(node, made);
    this.#parts.dealer.join(made.member);
  }

  settled(name: NodeName): void {
    const node = this.#nodes.get(name);
    if (node !== undefined) this.#attempt(name, () => this.#endRenewal(node));
  }

  broken(name: NodeName): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    this.#broken.add(node);
    this.#attempt(name, () => this.#calls.broken(node));
    this.#attempt(name, () => this.#questions.gone(node));
  }

  told(name: NodeName, fact: unknown, holds: boolean): boolean {
    const node = this.#nodes.get(name);
    if (node === undefined || !isFact(fact)) return this.#unreadable(name, "fact");
    this.#attempt(name, () => this.#told(node, fact, holds));
    return true;
  }

  received(name: NodeName, message: unknown): boolean {
    const node = this.#nodes.get(name);
    if (node === undefined || !isRemoteMessage(message)) return this.#unreadable(name, "message");
    try {
      if (message.type === "EVENT") this.#deliver(name, message);
      else if (message.type === "QUESTION") this.#answer(node, message);
      else if (message.type === "ANSWER") this.#questions.answered(node, message);
      else this.#calls.received(node, message);
    } catch (error) {
      this.#failed(name, error);
    }
    return true;
  }

  gone(name: NodeName): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    this.#nodes.delete(name);
    this.#broken.delete(node);
    this.rules.gone(name);
    this.#attempt(name, () => this.guards.gone(name));
    this.#attempt(name, () => this.#events.gone(name));
    this.#attempt(name, () => this.#calls.gone(node));
    this.#attempt(name, () => this.#questions.gone(node));
    this.#attempt(name, () => this.#tellWithdrawn(this.#registrations.forget(node)));
    this.#attempt(name, () => this.#endRenewal(node));
    for (const session of this.#directory.gone(node)) this.#attempt(name, () => this.#sessionGone(session));
  }

  draining(name: NodeName): void {
    const node = this.#nodes.get(name);
    if (node !== undefined) node.member.isDraining = true;
  }

  lost(registration: number): void {
    const { dealer, log } = this.#parts;
    attempt(
      () => {
        this.#registrations.lost(registration);
        const lost = dealer.registrar.lost(registration);
        if (lost !== null)
          log.warn({ ...lost }, "others hold a procedure now that this node held; its callees were told");
      },
      (error) => log.error({ err: error, registration }, "the callees of a lost registration were not told"),
    );
  }

  /** How many sessions of an authid are on other nodes. */
  sessionsOf(authid: string): number {
    return this.#directory.countOf(authid);
  }

  /** A session has joined on this node. */
  joined(info: SessionInfo): void {
    this.#link.note(sessionFact(info), true);
  }

  /** A session of this node has left. */
  left(info: SessionInfo): void {
    this.#link.note(sessionFact(info), false);
  }

  /** The realm was removed from the config. */
  leave(): void {
    this.rules.end();
    this.#link.leave();
  }

  #told(node: RemoteNode, fact: Fact, holds: boolean): void {
    switch (fact.kind) {
      case "interest":
        return this.#events.told(node.name, fact, holds);
      case "callee":
        if (!holds) return this.#registrations.withdrawn(node, fact);
        this.#registrations.offered(node, fact);
        return this.#parts.dealer.registrar.wake(fact);
      case "session":
        this.#directory.told(node, fact, holds);
        if (this.#isNews(node, fact.session) && holds) this.#isBack(node, fact.session);
        return;
      case "testament":
        return this.#directory.toldTestament(node, fact, holds);
      case "rules":
        return this.rules.told(node.name, fact);
      case "guard":
        this.guards.told(node.name, fact, holds);
        return this.#parts.guard(fact.uri);
      case "kept":
        return this.#parts.broker.copy(publicationOf(fact.event), fact.event.at);
    }
  }

  /** Whether the subscribers of this node must be told that a session is there: its own node could not tell them. */
  #isNews(node: RemoteNode, session: number): boolean {
    const isBack = this.#absences.isBack(node.name, session);
    return isBack || this.#renewals.get(node)?.knew(session) === false;
  }

  /** A node tells its facts again. */
  #renew(node: RemoteNode): void {
    if (!this.#broken.delete(node)) return;
    this.#attempt(node.name, () => {
      this.#endRenewal(node);
      this.#events.gone(node.name);
      this.guards.renewing(node.name);
      this.#renewals.set(node, new Renewal(node, this.#directory, this.#registrations));
    });
  }

  /** Tells what a node had told before and did not tell again. */
  #endRenewal(node: RemoteNode): void {
    const renewal = this.#renewals.get(node);
    if (!this.#renewals.delete(node) || renewal === undefined) return;
    this.guards.renewed(node.name);
    this.#tellWithdrawn(renewal.withdrawn(node));
    for (const session of renewal.left(this.#directory)) this.#attempt(node.name, () => this.#sessionGone(session));
  }

  #tellWithdrawn(offers: readonly Offer[]): void {
    for (const { registration, session, wasLast } of offers) {
      if (!isObserved(registration.uri)) continue;
      this.#announceHere(MetaTopic.unregistered, [session, registration.id]);
      if (wasLast && registration.callees.length === 0)
        this.#announceHere(MetaTopic.registrationDeleted, [session, registration.id]);
    }
  }

  #deliver(node: NodeName, event: RemoteEvent): void {
    if (!this.#absences.wasPublished(node, event.id)) this.#parts.broker.deliver(publicationOf(event), event.at);
  }

  /** A session is back with its node. Each node tells its own subscribers. */
  #isBack(node: RemoteNode, session: number): void {
    const { broker } = this.#parts;
    whenDone(
      this.#questions.ask(node, "wamp.session.get", [session]),
      (details) => broker.announceHere(MetaTopic.joined, [details], this.#ids.of(MetaTopic.joined, session)),
      () => undefined, // it has left meanwhile
    );
  }

  /** A session is gone with its node. Each node tells its own subscribers, of the same publications. */
  #sessionGone(session: RemoteSession): void {
    for (const { event } of this.#absences.gone(session)) this.#parts.broker.deliver(publicationOf(event));
    this.#announceHere(MetaTopic.left, [session.session, session.authid, session.authrole]);
  }

  #announceHere(topic: string, args: readonly (string | number)[]): void {
    this.#parts.broker.announceHere(topic, args, this.#ids.of(topic, ...args));
  }

  /** Answers a question for this node alone. Its asker has judged whether the caller may ask. */
  #answer(node: RemoteNode, { request, procedure, args, kwargs }: RemoteQuestion): void {
    const call = { caller: node.member, args, kwargs, raw: () => null, gone: () => new AbortController().signal };
    const answer = async (): Promise<unknown> => {
      const own = ASKED.has(procedure) ? this.#ownProcedures.get(procedure) : undefined;
      if (own === undefined) throw refusal(ErrorUri.noSuchProcedure, "there is no such question");
      return (await own(call)) ?? null;
    };
    const failed = (error: unknown): void => {
      if (!WampError.is(error)) this.#failed(node.name, error);
      const shown = WampError.is(error) ? error : refusal(ErrorUri.runtimeError, "the question could not be answered");
      node.send({ type: "ANSWER", request, value: null, error: { uri: shown.uri, message: shown.message } });
    };
    whenDone(answer(), (value) => node.send({ type: "ANSWER", request, value, error: null }), failed);
  }

  #attempt(node: NodeName, work: () => void): void {
    attempt(work, (error) => this.#failed(node, error));
  }

  #failed(node: NodeName, error: unknown): void {
    unlessRepeated(this, "failed", (repeats) =>
      this.#parts.log.error({ err: error, node, ...repeats }, "what another node sent could not be handled"),
    );
  }

  #unreadable(node: NodeName, what: string): false {
    unlessRepeated(this, what, (repeats) =>
      this.#parts.log.warn({ node, ...repeats }, `another node sent a ${what} that cannot be read; it was dropped`),
    );
    return false;
  }
}

function sessionFact({ session, authid, authrole }: SessionInfo): Fact {
  return { kind: "session", session, authid, authrole };
}
