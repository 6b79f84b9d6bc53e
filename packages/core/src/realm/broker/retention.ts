import type { Live } from "../../settings/live.ts";
import { matches, type MatchPolicy } from "../../wamp/uri.ts";
import type { ByteBudget, KeptEvent } from "../byte-budget.ts";
import type { Member } from "../member.ts";
import type { RealmOptions } from "../settings.ts";
import { admits, kept, type Publication, sizeOfKept } from "./publication.ts";

/** How many events with an audience a topic keeps, besides the one for all subscribers. */
const RESTRICTED_LIMIT = 10;

export interface RetainedEvent extends KeptEvent {
  readonly publication: Publication;
  /** When it was published: see `HybridClock`. */
  readonly at: number;
}

/** The last event of each topic that was published with `retain` (spec, advanced/pubsub_event_retention). */
export class Retention {
  readonly #options: Live<RealmOptions>;
  readonly #budget: ByteBudget;
  /** By topic, the newest event first. The topics are in the order of their newest events, unless `#isUnordered`. */
  readonly #byTopic = new Map<string, readonly RetainedEvent[]>();

  /** Whether a copy of another node's event came that is older than others here. */
  #isUnordered = false;
  #newest = 0;

  constructor(options: Live<RealmOptions>, budget: ByteBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  /**
   * @param at when it was published: if others of its topic are newer, they stay the newest
   * @param isCopy whether another node had kept it: nothing else is forgotten for it
   */
  keep(published: Publication, at: number, isCopy = false): void {
    const { topic, id } = published;
    const others = this.#byTopic.get(topic) ?? [];
    if (others.some((other) => other.publication.id === id)) return;
    const publication = kept(published);
    const event = { publication, at, bytes: sizeOfKept(publication), drop: () => this.#drop(topic, event) };
    const older = others.findIndex((other) => isNewer(event, other));
    const now = shortened(others.toSpliced(older === -1 ? others.length : older, 0, event));
    if (!now.includes(event)) return;
    if (isCopy && !this.#hasRoom(event.bytes, others, now)) return;
    for (const old of others) if (!now.includes(old)) this.#budget.forget(old);
    this.#byTopic.delete(topic);
    this.#byTopic.set(topic, now);
    if (at < this.#newest) this.#isUnordered = true;
    this.#newest = Math.max(this.#newest, at);
    if (!this.#budget.keep(event)) this.#drop(topic, event);
    this.shorten();
  }

  *all(): Generator<RetainedEvent, void, undefined> {
    for (const events of this.#byTopic.values()) yield* events;
  }

  /** For each topic under a pattern, the newest event that `member` may get. */
  *find(uri: string, match: MatchPolicy, member: Member): Generator<Publication, void, undefined> {
    const topics = match === "exact" ? [uri] : [...this.#byTopic.keys()].filter((topic) => matches(uri, match, topic));
    for (const topic of topics) {
      const found = this.#byTopic.get(topic)?.find(({ publication }) => admits(publication, member));
      if (found !== undefined) yield found.publication;
    }
  }

  /** Forgets the oldest topics past the limit. */
  shorten(): void {
    const limit = this.#options.now["retained-topics"];
    if (this.#byTopic.size <= limit) return;
    if (this.#isUnordered) this.#order();
    for (const [oldest, events] of this.#byTopic) {
      for (const event of events) this.#budget.forget(event);
      this.#byTopic.delete(oldest);
      if (this.#byTopic.size <= limit) break;
    }
  }

  /** Puts the topics into the order of their newest events, so that all nodes forget the same ones. */
  #order(): void {
    const newestOf = ([, [newest]]: [string, readonly RetainedEvent[]]): number => newest?.at ?? 0;
    const ordered = [...this.#byTopic].sort((one, other) => newestOf(one) - newestOf(other));
    this.#byTopic.clear();
    for (const [topic, events] of ordered) this.#byTopic.set(topic, events);
    this.#isUnordered = false;
  }

  #hasRoom(bytes: number, before: readonly RetainedEvent[], after: readonly RetainedEvent[]): boolean {
    const freed = before.filter((old) => !after.includes(old)).reduce((sum, old) => sum + old.bytes, 0);
    return this.#budget.hasRoom(bytes - freed);
  }

  #drop(topic: string, event: RetainedEvent): void {
    const left = this.#byTopic.get(topic)?.filter((other) => other !== event) ?? [];
    if (left.length > 0) this.#byTopic.set(topic, left);
    else this.#byTopic.delete(topic);
  }
}

/** Of two at the same time all nodes take the same one for newer. */
function isNewer(one: RetainedEvent, other: RetainedEvent): boolean {
  return one.at === other.at ? one.publication.id > other.publication.id : one.at > other.at;
}

/** The newest events with an audience, and the newest one for all, which replaces all older ones. */
function shortened(events: readonly RetainedEvent[]): RetainedEvent[] {
  const forAll = events.findIndex(({ publication }) => publication.audience === null);
  const restricted = forAll === -1 ? events : events.slice(0, forAll);
  return [...restricted.slice(0, RESTRICTED_LIMIT), ...(forAll === -1 ? [] : events.slice(forAll, forAll + 1))];
}
