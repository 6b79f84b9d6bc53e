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
import { packed, unpacked } from "./payloads.ts";

/** A topic or pattern that other nodes want. */
interface Interest {
  readonly match: MatchPolicy;
  readonly uri: string;
  readonly nodes: Set<NodeName>;
  /** The nodes again: a link wants a list. */
  list: readonly NodeName[];
}

/** A subscription, as other nodes know it. */
type Wanted = Pick<Subscription, "match" | "uri" | "created">;

/** That this node wants the events of a subscription. */
export function interestIn({ match, uri, created }: Wanted): InterestFact {
  return { kind: "interest", match, uri, created: created.getTime() };
}

/** The events of a realm between nodes: who wants which, and what crosses. */
export class RemoteEvents {
  readonly #link: NodeLink;
  readonly #ids: SharedIds;
  readonly #log: Log;
  /** The nodes that have the realm, without this one. */
  readonly #nodes: ReadonlyMap<NodeName, unknown>;
  readonly #index = new PatternIndex<Interest>();

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

  /** Sends an event to the nodes that want it. Those that keep events for later get each one to be kept. */
  publish(publication: Publication): void {
    const nodes = publication.retain ? [...this.#nodes.keys()] : this.#nodesFor(publication.topic);
    if (nodes.length === 0) return;
    const { id, topic, details, audience, retain } = publication;
    const lists = audience === null ? null : audience.lists();
    try {
      const payload = packed(publication.payload);
      this.#link.send(nodes, { type: "EVENT", id, topic, payload, details, audience: lists, retain });
    } catch (error) {
      if (!WampError.is(error)) throw error;
      unlessRepeated(this, "unsayable", (repeats) =>
        this.#log.warn({ ...repeats }, `an event was not sent to other nodes: ${error.message}`),
      );
    }
  }

  /** An event of another node, for the subscribers of this one. */
  static publicationOf({ id, topic, payload, details, audience, retain }: RemoteEvent): Publication {
    return {
      id,
      topic,
      payload: unpacked(payload),
      details,
      audience: audience === null ? null : audienceFrom(audience),
      except: null,
      retain,
    };
  }

  /** Resolves when the other nodes send this one the events of a subscription. */
  want(subscription: Wanted): Promise<void> {
    return this.#link.tell(interestIn(subscription));
  }

  /** The events of a subscription are wanted no more. */
  unwant(subscription: Wanted): void {
    this.#link.untell(interestIn(subscription));
  }

  /** What another node wants, or wants no more. */
  told(node: NodeName, { match, uri }: InterestFact, wanted: boolean): void {
    const found = this.#index.get(match, uri);
    if (wanted) {
      const interest = found ?? { match, uri, nodes: new Set<NodeName>(), list: [] };
      if (found === undefined) this.#index.set(match, uri, interest);
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
    if (interest.nodes.size === 0) this.#index.delete(interest.match, interest.uri);
  }

  #nodesFor(topic: string): readonly NodeName[] {
    const found = this.#index.matching(topic);
    const [first, second] = found;
    if (first === undefined) return [];
    return second === undefined ? first.list : [...new Set(found.flatMap(({ list }) => list))];
  }
}
