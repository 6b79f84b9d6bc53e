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
}

type Attribute = "session" | "authid" | "authrole";
interface List {
  readonly attribute: Attribute;
  readonly members: { has(value: string | number): boolean };
  readonly wanted: boolean;
  readonly bytes: number;
}

/**
 * The audience that options describe; null for all sessions.
 * @throws WampError a protocol violation for an option that is not a list
 */
export function audienceOf(options: Readonly<Dict>): Audience | null {
  const lists = [
    sessions(readIds(options, "exclude"), false),
    names("authid", readStrings(options, "exclude_authid"), false),
    names("authrole", readStrings(options, "exclude_authrole"), false),
    sessions(readIds(options, "eligible"), true),
    names("authid", readStrings(options, "eligible_authid"), true),
    names("authrole", readStrings(options, "eligible_authrole"), true),
  ].filter((list) => list !== null);
  if (lists.length === 0) return null;
  return {
    namesSessions: lists.some(({ attribute }) => attribute === "session"),
    bytes: lists.reduce((sum, { bytes }) => sum + bytes, 0),
    has: (session) => lists.every(({ attribute, members, wanted }) => members.has(session[attribute]) === wanted),
  };
}

function sessions(members: readonly number[] | null, wanted: boolean): List | null {
  if (members === null) return null;
  return { attribute: "session", members: new IdSet(members), wanted, bytes: 8 * members.length };
}

function names(attribute: Attribute, members: readonly string[] | null, wanted: boolean): List | null {
  if (members === null) return null;
  return { attribute, members: new Set<unknown>(members), wanted, bytes: sizeOf(members) };
}
