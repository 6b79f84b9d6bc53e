import { ErrorUri } from "../../wamp/error-uris.ts";
import { isId } from "../../wamp/ids.ts";
import { isDict, kindOf } from "../../wamp/messages.ts";
import type { Dict } from "../../wamp/payload.ts";
import type { RawValue } from "../../wamp/raw-value.ts";
import { isUri, MATCH_POLICIES, type MatchPolicy } from "../../wamp/uri.ts";
import { refusal, type WampError } from "../../errors/wamp-error.ts";
import type { Member } from "../member.ts";

/** The realm's sessions by id, without the router's own. */
export type Members = ReadonlyMap<number, Member>;

/** A call of one of the router's own procedures. */
export interface MetaCall {
  readonly caller: Member;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
  /** A list of `args` and `kwargs` as the bytes that came; null if the caller is a session of this process. */
  readonly raw: () => RawValue | null;
  /** Gives a signal that fires when the caller has left: then stop waiting, and store nothing. */
  readonly gone: () => AbortSignal;
}

/**
 * Returns or resolves to the one value of the answer; undefined for an answer without values. Throws or rejects with a
 * WampError to answer with ERROR.
 */
export type MetaProcedure = (call: MetaCall) => unknown;
export type MetaProcedures = Readonly<Record<string, MetaProcedure>>;

/** @throws WampError `wamp.error.invalid_argument` if it is not an id */
export function idAt({ args }: MetaCall, position: number, what: string): number {
  const value = args[position];
  if (!isId(value)) throw invalidArgument(what, "an id", value);
  return value;
}

/** The session whose id is at `position`; null if there is none. @throws WampError `wamp.error.no_such_session` */
export function memberAt({ args }: MetaCall, position: number, members: Members): Member | null {
  const id = args[position];
  if (id === undefined || id === null) return null;
  if (!isId(id)) throw invalidArgument("the session", "an id", id);
  return memberOf(id, members);
}

/** @throws WampError `wamp.error.no_such_session` */
export function memberOf(id: number, members: Members): Member {
  const member = members.get(id);
  if (member === undefined) throw refusal(ErrorUri.noSuchSession, `no session ${id} is in this realm`);
  return member;
}

/** The ids of subscriptions or registrations, by match policy. */
export function idsByMatch(held: (match: MatchPolicy) => Iterable<{ readonly id: number }>): Dict {
  return Object.fromEntries(MATCH_POLICIES.map((match) => [match, [...held(match)].map(({ id }) => id)]));
}

export function stringAt({ args }: MetaCall, position: number, what: string): string {
  const value = args[position];
  if (typeof value !== "string") throw invalidArgument(what, "a string", value);
  return value;
}

/** A list of strings, or null if there is none. */
export function stringsAt({ args }: MetaCall, position: number, what: string): readonly string[] | null {
  const value = args[position];
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
    throw invalidArgument(what, "a list of strings", value);
  return value;
}

export function stringIn({ kwargs }: MetaCall, key: string): string | null {
  const value = kwargs[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw invalidArgument(key, "a string", value);
  return value;
}

/** The reason to send to a client. @throws WampError `wamp.error.invalid_uri` */
export function reasonIn(call: MetaCall, otherwise: string): string {
  const reason = stringIn(call, "reason") ?? otherwise;
  if (!isUri(reason)) throw refusal(ErrorUri.invalidUri, "reason must be a URI");
  return reason;
}

/** The match policy in a dictionary of options at `position`. */
export function matchAt({ args }: MetaCall, position: number): MatchPolicy {
  const options = args[position] ?? {};
  if (!isDict(options)) throw invalidArgument("options", "a dictionary", options);
  const match = options["match"] ?? "exact";
  if (!MATCH_POLICIES.includes(match as MatchPolicy))
    throw invalidArgument("match", MATCH_POLICIES.join(" or "), match);
  return match as MatchPolicy;
}

export function invalidArgument(what: string, expected: string, found: unknown): WampError {
  return refusal(ErrorUri.invalidArgument, `${what} must be ${expected}, found ${kindOf(found)}`);
}
