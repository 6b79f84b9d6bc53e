import type { Dict, Payload } from "../../wamp/payload.ts";
import type { Audience } from "./audience.ts";
import type { Member } from "../member.ts";
import type { MatchPolicy } from "../../wamp/uri.ts";

/** One event on its way to all who subscribed to it. */
export interface Publication {
  readonly id: number;
  readonly topic: string;
  readonly payload: Payload | undefined;
  /** What every receiver is told: the publisher where it is disclosed, its trust level, passthru attributes. */
  readonly details: Readonly<Dict>;
  /** Null: everybody. */
  readonly audience: Audience | null;
  /** The session that does not get it, its publisher's. */
  readonly except: number | null;
  /** Whether it is kept for those who subscribe later. */
  readonly retain: boolean;
}

/** The same, to be kept for long. */
export function kept(publication: Publication): Publication {
  return { ...publication, payload: publication.payload?.own() };
}

/** Whether `member` may get `publication`. */
export function admits({ audience, except }: Publication, { info }: Member): boolean {
  return info.session !== except && audience?.has(info) !== false;
}

/** EVENT.Details for a subscription by `match`: a pattern's subscriber is told the topic. */
export function eventDetails({ details, topic }: Publication, match: MatchPolicy): Readonly<Dict> {
  return match === "exact" ? details : { ...details, topic };
}
