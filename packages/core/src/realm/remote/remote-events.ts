import type { InterestFact, NodeName, RemoteEvent } from "../../contract/realm-link.ts";
import type { Log } from "../../contract/log.ts";
import { unlessRepeated } from "../../wamp/unless-repeated.ts";
import { WampError } from "../../errors/wamp-error.ts";
import type { MatchPolicy } from "../../wamp/uri.ts";
import { audienceFrom } from "../broker/audience.ts";
import type { Publication } from "../broker/publication.ts";
import type { Subscription } from "../broker/subscription.ts";
import { PatternIndex } from "../pattern-index.ts";
import type { SharedIds } from "./shared-ids.ts";
import type { NodeLink } from "./node-link.ts";
import { cut, packed, unpacked } from "./payloads.ts";

/** A topic or pattern that other nodes want. */
export interface Interest {
  /** The subscription's id. */
  readonly id: number;
  readonly match: MatchPolicy;
  readonly uri: string;
  readonly nodes: Set<NodeName>;
  /** The nodes again: a link wants a list. */
  list: readonly NodeName[];
  /** When the first of these subscriptions was made: milliseconds since 1970. */
  readonly created: number;
}

/** A subscription, as other nodes know it. */
type Wanted = Pick<Subscription, "match" | "uri" | "created">;

/** That this node wants the events of a subscription. */
export function interestIn({ match, uri, created }: Wanted): InterestFact {
  return { kind: "interest", match, uri, created: created.getTime() };
}

/**
 * An event as it crosses.
 * @param at when it was published
 * @throws WampError `wamp.error.invalid_argument` if its payload cannot cross
 */
export function eventOf({ id, topic, payload, details, audience, retain }: Publication, at: number): RemoteEvent {
  const lists = audience === null ? null : audience.lists();
  return { type: "EVENT", id, topic, payload: packed(payload), details, audience: lists, retain, at };
}

/** As `eventOf`, for a fact; null if the payload cannot cross. */
export function crossing(publication: Publication, at: number): RemoteEvent | null {
  try {
    const event = eventOf(publication, at);
    return { ...event, payload: cut(event.payload) };
  } catch (error) {
    if (WampError.is(error)) return null;
    throw error;
  }
}

/** An event of another node, for the subscribers of this one. */
export function publicationOf({ id, topic, payload, details, audience, retain }: RemoteEvent): Publication {
  const lists = audience === null ? null : audienceFrom(audience);
  return { id, topic, payload: unpacked(payload), details, audience: lists, except: null, retain };
}

const NO_NODES: readonly NodeName[] = [];

/** The events of a realm between nodes: who wants which, and what crosses. */
export class RemoteEvents {
  readonly #link: NodeLink;
  readonly #ids: SharedIds;
  readonly #log: Log;
  /** The nodes that have the realm, without this one. */
  readonly #nodes: ReadonlyMap<NodeName, unknown>;
  readonly #index = new PatternIndex<Interest>();
  readonly #byId = new Map<number, Interest>();

  constructor(link: NodeLink, ids: SharedIds, nodes: ReadonlyMap<NodeName, unknown>, log: Log) {
    this.#link = link;
    this.#ids = ids;
    this.#nodes = nodes;
    this.#log = log;
  }

  /** The id of a subscription, which is the same on every node. */
  subscriptionId(match: MatchPolicy, uri: string): number {
    return this.#ids.of("subscription", match, uri);
  }

  /** Whether another node wants the events of a topic. */
  hears(topic: string): boolean {
    return this.#index.matching(topic).length > 0;
  }

  /** Whether all nodes that want the events of a topic can be reached. */
  canReach(topic: string): boolean {
    return this.#nodesFor(topic).every((node) => this.#link.reaches(node));
  }

  /** Resolves when the network between the nodes has the events that were published; null if it has. @see NodeLink.taken */
  taken(): Promise<void> | null {
    return this.#link.taken();
  }

  /** The nodes that get an event: those that want it, and all of them if it is to be kept for later. */
  nodesOf({ topic, retain }: Publication): readonly NodeName[] {
    return retain ? [...this.#nodes.keys()] : this.#nodesFor(topic);
  }

  /** Sends an event to other nodes. @param at when it was published */
  publish(publication: Publication, nodes: readonly NodeName[], at: number): void {
    try {
      this.#link.send(nodes, eventOf(publication, at));
    } catch (error) {
      if (!WampError.is(error)) throw error;
      unlessRepeated(this, "unsayable", (repeats) =>
        this.#log.warn({ ...repeats }, `an event was not sent to other nodes: ${error.message}`),
      );
    }
  }

  /** Resolves when the other nodes send this one the events of a subscription. */
  want(subscription: Wanted): Promise<void> {
    return this.#link.tell(interestIn(subscription));
  }

  /** The events of a subscription are wanted no more. */
  unwant(subscription: Wanted): void {
    this.#link.note(interestIn(subscription), false);
  }

  /** A subscription that others have; undefined if none has it. */
  get(id: number): Interest | undefined {
    return this.#byId.get(id);
  }

  /** @see get */
  lookUp(match: MatchPolicy, uri: string): Interest | undefined {
    return this.#index.get(match, uri);
  }

  /** The subscriptions that others have, by their match. */
  all(match: MatchPolicy): Iterable<Interest> {
    return this.#index.values(match);
  }

  /** The subscriptions of others that match a topic. */
  matching(topic: string): readonly Interest[] {
    return this.#index.matching(topic);
  }

  /** What another node wants, or wants no more. */
  told(node: NodeName, { match, uri, created }: InterestFact, wanted: boolean): void {
    const found = this.#index.get(match, uri);
    if (wanted) {
      const id = this.subscriptionId(match, uri);
      const interest: Interest = found ?? { id, match, uri, nodes: new Set<NodeName>(), list: [], created };
      if (found === undefined) {
        this.#index.set(match, uri, interest);
        this.#byId.set(id, interest);
      }
      interest.list = [...interest.nodes.add(node)];
    } else if (found !== undefined) this.#drop(node, found);
  }

  /** A node is gone, with all that it wanted. */
  gone(node: NodeName): void {
    for (const match of ["exact", "prefix", "wildcard"] as const)
      for (const interest of [...this.#index.values(match)]) this.#drop(node, interest);
  }

  #drop(node: NodeName, interest: Interest): void {
    if (!interest.nodes.delete(node)) return;
    interest.list = [...interest.nodes];
    if (interest.nodes.size > 0) return;
    this.#index.delete(interest.match, interest.uri);
    this.#byId.delete(interest.id);
  }

  #nodesFor(topic: string): readonly NodeName[] {
    if (this.#byId.size === 0) return NO_NODES;
    const found = this.#index.matching(topic);
    const [first, second] = found;
    if (first === undefined) return NO_NODES;
    return second === undefined ? first.list : [...new Set(found.flatMap(({ list }) => list))];
  }
}
