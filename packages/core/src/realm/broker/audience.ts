import type { AudienceList } from "../../contract/realm-link.ts";
import type { SessionInfo } from "../../contract/session-port.ts";
import type { Dict } from "../../wamp/payload.ts";
import { sizeOf } from "../../wamp/size.ts";
import { IdSet } from "./id-set.ts";
import { readIds, readStrings } from "../read-options.ts";

/** Who may get an event: the lists of PUBLISH.Options (spec, advanced/pubsub_subscriber_blackwhite_listing). */
export interface Audience {
  /** Whether it names session ids, which mean nothing after their sessions are gone. */
  readonly namesSessions: boolean;
  /** About how much memory it takes. */
  readonly bytes: number;
  /** Whether a session is in it: in none of the `exclude` lists, and in each of the `eligible` lists. */
  has(session: Pick<SessionInfo, "session" | "authid" | "authrole">): boolean;
  /** The lists it was made of. */
  lists(): AudienceList[];
}

interface List {
  readonly attribute: AudienceList["attribute"];
  readonly members: { has(value: string | number): boolean; values(): Iterable<string | number> };
  readonly isWanted: boolean;
  readonly bytes: number;
}

/**
 * The audience that options describe; null for all sessions.
 * @throws WampError a protocol violation for an option that is not a list
 */
export function audienceOf(options: Readonly<Dict>): Audience | null {
  return audienceFrom(
    [
      list("session", readIds(options, "exclude"), false),
      list("authid", readStrings(options, "exclude_authid"), false),
      list("authrole", readStrings(options, "exclude_authrole"), false),
      list("session", readIds(options, "eligible"), true),
      list("authid", readStrings(options, "eligible_authid"), true),
      list("authrole", readStrings(options, "eligible_authrole"), true),
    ].filter((one) => one !== null),
  );
}

/** The audience that lists describe; null for all sessions. */
export function audienceFrom(described: readonly AudienceList[]): Audience | null {
  if (described.length === 0) return null;
  const lists = described.map((one) => (one.attribute === "session" ? sessions(one) : names(one)));
  return {
    namesSessions: lists.some(({ attribute }) => attribute === "session"),
    bytes: lists.reduce((sum, { bytes }) => sum + bytes, 0),
    has: (session) => lists.every(({ attribute, members, isWanted }) => members.has(session[attribute]) === isWanted),
    lists: () =>
      lists.map(({ attribute, members, isWanted }) => ({ attribute, members: [...members.values()], isWanted })),
  };
}

function list(
  attribute: AudienceList["attribute"],
  members: readonly (number | string)[] | null,
  isWanted: boolean,
): AudienceList | null {
  return members === null ? null : { attribute, members, isWanted };
}

function sessions({ attribute, members, isWanted }: AudienceList): List {
  return { attribute, members: new IdSet(members as readonly number[]), isWanted, bytes: 8 * members.length };
}

function names({ attribute, members, isWanted }: AudienceList): List {
  return { attribute, members: new Set(members), isWanted, bytes: sizeOf(members) };
}
