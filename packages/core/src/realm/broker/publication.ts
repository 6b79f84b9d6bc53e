import type { Dict, Payload } from "../../wamp/payload.ts";
import { sizeOf } from "../../wamp/size.ts";
import type { Audience } from "./audience.ts";
import type { Member } from "../member.ts";
import type { MatchPolicy } from "../../wamp/uri.ts";

/** One event on its way to its subscribers. */
export interface Publication {
  readonly id: number;
  readonly topic: string;
  readonly payload: Payload | undefined;
  /** The details for every receiver: the publisher if it is disclosed, its trust level, passthru attributes. */
  readonly details: Readonly<Dict>;
  /** Null: all sessions. */
  readonly audience: Audience | null;
  /** The session that does not get it: its publisher. */
  readonly except: number | null;
  /** Whether it is kept for later subscribers. */
  readonly retain: boolean;
}

/** A copy that may be kept for long: it owns its payload. */
export function kept(publication: Publication): Publication {
  return { ...publication, payload: publication.payload?.own() };
}

/** About how much memory a publication takes while it is kept, in bytes. */
export function sizeOfKept({ topic, payload, details, audience }: Publication): number {
  return sizeOf([topic, details]) + (payload?.size ?? 0) + (audience?.bytes ?? 0);
}

/** Whether `member` may get `publication`. */
export function admits({ audience, except }: Publication, { info }: Member): boolean {
  return info.session !== except && audience?.has(info) !== false;
}

/** EVENT.Details for a subscription by `match`: for patterns they name the topic. */
export function eventDetails({ details, topic }: Publication, match: MatchPolicy): Readonly<Dict> {
  return match === "exact" ? details : { ...details, topic };
}
