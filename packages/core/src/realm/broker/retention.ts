import type { Live } from "../../settings/live.ts";
import { matches, type MatchPolicy } from "../../wamp/uri.ts";
import type { ByteBudget, KeptEvent } from "../byte-budget.ts";
import type { Member } from "../member.ts";
import type { RealmOptions } from "../settings.ts";
import { admits, kept, type Publication, sizeOfKept } from "./publication.ts";

/** How many events with an audience a topic keeps, besides the one for all subscribers. */
const RESTRICTED_LIMIT = 10;

interface RetainedEvent extends KeptEvent {
  readonly publication: Publication;
}

/** The last event of each topic that was published with `retain` (spec, advanced/pubsub_event_retention). */
export class Retention {
  readonly #options: Live<RealmOptions>;
  readonly #budget: ByteBudget;
  /** By topic, the newest event first. The topics are ordered by their last publication. */
  readonly #byTopic = new Map<string, readonly RetainedEvent[]>();

  constructor(options: Live<RealmOptions>, budget: ByteBudget) {
    this.#options = options;
    this.#budget = budget;
  }

  keep(published: Publication): void {
    const publication = kept(published);
    const { topic, audience } = publication;
    const event = { publication, bytes: sizeOfKept(publication), drop: () => this.#drop(topic, event) };
    const older = this.#byTopic.get(topic) ?? [];
    // A new event for all replaces all older ones.
    const now = audience === null ? [event] : shortened([event, ...older]);
    for (const old of older) if (!now.includes(old)) this.#budget.forget(old);
    this.#byTopic.delete(topic);
    this.#byTopic.set(topic, now);
    if (!this.#budget.keep(event)) this.#drop(topic, event);
    this.shorten();
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
    for (const [oldest, events] of this.#byTopic) {
      for (const event of events) this.#budget.forget(event);
      this.#byTopic.delete(oldest);
      if (this.#byTopic.size <= limit) break;
    }
  }

  #drop(topic: string, event: RetainedEvent): void {
    const left = this.#byTopic.get(topic)?.filter((other) => other !== event) ?? [];
    if (left.length > 0) this.#byTopic.set(topic, left);
    else this.#byTopic.delete(topic);
  }
}

/** The newest events with an audience, and the one for all. */
function shortened(events: RetainedEvent[]): RetainedEvent[] {
  if (events.length <= RESTRICTED_LIMIT) return events;
  const last = events.at(-1);
  const newest = events.slice(0, RESTRICTED_LIMIT);
  return last === undefined || last.publication.audience !== null ? newest : [...newest, last];
}
