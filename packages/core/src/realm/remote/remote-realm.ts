import type { Log } from "../../contract/log.ts";
import type { Fact, NodeName, RealmSide, RunningLink } from "../../contract/realm-link.ts";
import { attempt } from "../../wamp/guarded.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import type { Broker } from "../broker/broker.ts";
import { isFact, isRemoteMessage } from "./checks.ts";
import { NodeLink } from "./node-link.ts";
import { interestIn, RemoteEvents } from "./remote-events.ts";
import { SharedIds } from "./shared-ids.ts";

/** The parts of a realm that other nodes reach. */
interface Parts {
  readonly name: string;
  readonly log: Log;
  readonly broker: Broker;
}

/** What other nodes of a cluster and a realm of this one tell each other. */
export class RemoteRealm implements RealmSide {
  readonly realm: string;
  readonly #parts: Parts;
  readonly #link: NodeLink;
  readonly #events: RemoteEvents;
  readonly #nodes = new Set<NodeName>();

  constructor(running: RunningLink, parts: Parts) {
    this.realm = parts.name;
    this.#parts = parts;
    this.#link = new NodeLink(running, this, parts.log);
    this.#events = new RemoteEvents(this.#link, new SharedIds(running.secret, parts.name), this.#nodes, parts.log);
    parts.broker.connect(this.#events);
  }

  *facts(): Generator<Fact, void, undefined> {
    for (const match of MATCH_POLICIES)
      for (const subscription of this.#parts.broker.all(match)) yield interestIn(subscription);
  }

  came(node: NodeName): void {
    this.#nodes.add(node);
  }

  told(node: NodeName, fact: unknown, holds: boolean): boolean {
    if (!this.#nodes.has(node) || !isFact(fact)) return this.#unreadable(node, "fact");
    this.#attempt(node, () => this.#events.told(node, fact, holds));
    return true;
  }

  received(node: NodeName, message: unknown): boolean {
    if (!this.#nodes.has(node) || !isRemoteMessage(message)) return this.#unreadable(node, "message");
    this.#attempt(node, () => this.#parts.broker.deliver(RemoteEvents.publicationOf(message)));
    return true;
  }

  gone(node: NodeName): void {
    if (!this.#nodes.delete(node)) return;
    this.#attempt(node, () => this.#events.gone(node));
  }

  /** The realm was removed from the config. */
  leave(): void {
    this.#link.leave();
  }

  #attempt(node: NodeName, work: () => void): void {
    attempt(work, (error) =>
      unlessRepeated(this, "failed", (repeats) =>
        this.#parts.log.error({ err: error, node, ...repeats }, "what another node sent could not be handled"),
      ),
    );
  }

  #unreadable(node: NodeName, what: string): false {
    unlessRepeated(this, what, (repeats) =>
      this.#parts.log.warn({ node, ...repeats }, `another node sent a ${what} that cannot be read; it was dropped`),
    );
    return false;
  }
}
