import type { Dict } from "../../wamp/payload.ts";
import type { MatchPolicy } from "../../wamp/uri.ts";
import type { Denials } from "../access/permissions.ts";
import type { Member } from "../member.ts";
import type { History } from "./history.ts";

/** A topic, or a pattern of topics, with its subscribers. */
export interface Subscription {
  id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly created: Date;
  readonly subscribers: Set<Member>;
  /** What subscribers of a pattern may not get below it, by subscriber. Null for most subscriptions. */
  denials: Map<Member, Denials> | null;
  /** Its events, if the config says to keep them. Then the subscription stays when its last subscriber leaves. */
  history: History | null;
  /** Until other nodes send their events: what SUBSCRIBED waits for. */
  settling: Promise<void> | null;
}

/** A subscription, as the meta API shows it. */
export function detailsOf({ id, created, match, uri }: Subscription): Dict {
  return { id, created: created.toISOString(), match, uri };
}
