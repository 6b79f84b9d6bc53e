import type { Log } from "../../contract/log.ts";
import type { Fact, NodeName, RealmSide, RunningLink } from "../../contract/realm-link.ts";
import { attempt } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import type { Broker } from "../broker/broker.ts";
import type { Dealer } from "../dealer/dealer.ts";
import { isFact, isRemoteMessage } from "./checks.ts";
import { NodeLink } from "./node-link.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { interestIn, RemoteEvents } from "./remote-events.ts";
import { RemoteNode } from "./remote-node.ts";
import { RemoteRegistrations } from "./remote-registrations.ts";
import { SharedIds } from "./shared-ids.ts";

/** The parts of a realm that other nodes reach. */
interface Parts {
  readonly name: string;
  readonly log: Log;
  readonly broker: Broker;
  readonly dealer: Dealer;
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

  constructor(running: RunningLink, parts: Parts) {
    const { name, log, broker, dealer } = parts;
    this.realm = name;
    this.#parts = parts;
    this.#link = new NodeLink(log);
    this.#events = new RemoteEvents(this.#link, new SharedIds(running.secret, name), this.#nodes, log);
    this.#registrations = new RemoteRegistrations(this.#link, dealer.registrar.registrations);
    this.#calls = new RemoteCalls(dealer, this.#registrations);
    broker.connect(this.#events);
    dealer.registrar.connect(this.#registrations);
    this.#link.join(running, this);
  }

  *facts(): Generator<Fact, void, undefined> {
    for (const match of MATCH_POLICIES)
      for (const subscription of this.#parts.broker.all(match)) yield interestIn(subscription);
    yield* this.#registrations.facts();
  }

  came(node: NodeName): void {
    if (this.#nodes.has(node)) return;
    const made = new RemoteNode(node, this.realm, this.#link, (error) => this.#failed(node, error));
    this.#nodes.set(node, made);
    this.#parts.dealer.join(made.member);
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
    this.#attempt(name, () => {
      if (message.type === "EVENT") this.#parts.broker.deliver(RemoteEvents.publicationOf(message));
      else this.#calls.received(node, message);
    });
    return true;
  }

  gone(name: NodeName): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    this.#nodes.delete(name);
    this.#attempt(name, () => this.#events.gone(name));
    this.#attempt(name, () => this.#registrations.gone(node));
    this.#attempt(name, () => this.#calls.gone(node));
  }

  /** The realm was removed from the config. */
  leave(): void {
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
    }
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
