import type { History } from "./history.ts";
import type { Publication } from "./publication.ts";
import type { Retention } from "./retention.ts";

/** An event that is kept, as other nodes copy it: with `retain` for later subscribers, without it for histories alone. */
export interface CopiedEvent {
  readonly publication: Publication;
  /** When it was published: see `HybridClock`. */
  readonly at: number;
  /** About how much memory it takes. */
  readonly bytes: number;
}

/** What is kept of past events, each once. */
export function* keptEvents(retention: Retention, histories: Iterable<History>): Generator<CopiedEvent> {
  const seen = new Set<number>();
  for (const event of retention.all()) {
    seen.add(event.publication.id);
    yield event;
  }
  for (const history of histories)
    for (const { publication, at, bytes } of history.all()) {
      if (seen.has(publication.id)) continue;
      seen.add(publication.id);
      yield { publication: { ...publication, retain: false }, at, bytes };
    }
}
