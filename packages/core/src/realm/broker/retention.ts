import type { Live } from "../../settings/live.ts";
import { matches, type MatchPolicy } from "../../wamp/uri.ts";
import type { Member } from "../member.ts";
import type { RealmOptions } from "../settings.ts";
import { admits, kept, type Publication } from "./publication.ts";

/** How many events with an audience a topic keeps, besides the one for all subscribers. */
const RESTRICTED_LIMIT = 10;

/** The last event of each topic that was published with `retain` (spec, advanced/pubsub_event_retention). */
export class Retention {
  readonly #options: Live<RealmOptions>;
  /** By topic, the newest event first. The topics are ordered by their last publication. */
  readonly #byTopic = new Map<string, Publication[]>();

  constructor(options: Live<RealmOptions>) {
    this.#options = options;
  }

  keep(published: Publication): void {
    const publication = kept(published);
    const { topic, audience } = publication;
    const older = this.#byTopic.get(topic) ?? [];
    this.#byTopic.delete(topic);
    // A new event for all replaces all older ones.
    this.#byTopic.set(topic, audience === null ? [publication] : shortened([publication, ...older]));
    this.shorten();
  }

  /** For each topic under a pattern, the newest event that `member` may get. */
  *find(uri: string, match: MatchPolicy, member: Member): Generator<Publication, void, undefined> {
    const topics = match === "exact" ? [uri] : [...this.#byTopic.keys()].filter((topic) => matches(uri, match, topic));
    for (const topic of topics) {
      const found = this.#byTopic.get(topic)?.find((publication) => admits(publication, member));
      if (found !== undefined) yield found;
    }
  }

  /** Forgets the oldest topics past the limit. */
  shorten(): void {
    const limit = this.#options.now["retained-topics"];
    if (this.#byTopic.size <= limit) return;
    for (const oldest of this.#byTopic.keys()) {
      this.#byTopic.delete(oldest);
      if (this.#byTopic.size <= limit) break;
    }
  }
}

/** The newest events with an audience, and the one for all. */
function shortened(publications: Publication[]): Publication[] {
  if (publications.length <= RESTRICTED_LIMIT) return publications;
  const last = publications.at(-1);
  const kept = publications.slice(0, RESTRICTED_LIMIT);
  return last === undefined || last.audience !== null ? kept : [...kept, last];
}
