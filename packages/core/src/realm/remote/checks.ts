import type { AudienceList, Fact, RemoteMessage } from "../../contract/realm-link.ts";
import { isId } from "../../wamp/ids.ts";
import { isDict } from "../../wamp/messages.ts";
import { INVOCATION_POLICIES } from "../../wamp/invocation-policy.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import { isPacked } from "./payloads.ts";

// What comes from another node is checked here before anything else reads it.

/** The last time that a `Date` can have, in milliseconds since 1970. As microseconds it is in the year 2243. */
const MAX_TIME = 8.64e15;

type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [K in Exclude<keyof T, "type" | "kind">]-?: Check };

const isText: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime: Check = (value) => isCount(value) && (value as number) <= MAX_TIME;
const isMatch = oneOf(...MATCH_POLICIES);
const isAudience: Check = (value) => value === null || (Array.isArray(value) && value.every(isAudienceList));

function oneOf(...words: readonly unknown[]): Check {
  return (value) => words.includes(value);
}

function isAudienceList(value: unknown): boolean {
  if (!isDict(value)) return false;
  const { attribute, members, isWanted } = value as Partial<Record<keyof AudienceList, unknown>>;
  if (!Array.isArray(members) || !isBoolean(isWanted)) return false;
  if (attribute === "session") return members.every(isId);
  return (attribute === "authid" || attribute === "authrole") && members.every(isText);
}

const MESSAGES: { readonly [T in RemoteMessage["type"]]: Shape<Extract<RemoteMessage, { type: T }>> } = {
  EVENT: {
    id: isId,
    topic: isText,
    payload: isPacked,
    details: isDict,
    audience: isAudience,
    retain: isBoolean,
    at: isTime,
  },
  INVOCATION: {
    request: isId,
    registration: isId,
    callee: isId,
    isFirst: isBoolean,
    details: isDict,
    payload: isPacked,
  },
  INTERRUPT: { request: isId, mode: oneOf("kill", "killnowait"), reason: isText },
  RESULT: { request: isId, details: isDict, payload: isPacked },
  ERROR: {
    request: isId,
    details: isDict,
    error: isText,
    payload: isPacked,
    cause: oneOf(null, "no-callee", "callee-gone", "callee-busy"),
  },
  REFUSAL: { request: isId, why: oneOf("not-here", "full", "slow") },
  QUESTION: { request: isId, procedure: isText, args: Array.isArray, kwargs: isDict },
  ANSWER: {
    request: isId,
    value: () => true,
    error: (value) => value === null || (isDict(value) && isText(value["uri"]) && isText(value["message"])),
  },
};

const FACTS: { readonly [K in Fact["kind"]]: Shape<Extract<Fact, { kind: K }>> } = {
  interest: { match: isMatch, uri: isText, created: isTime },
  callee: {
    registration: isId,
    match: isMatch,
    uri: isText,
    invoke: oneOf(...INVOCATION_POLICIES),
    created: isTime,
    order: isCount,
    session: isId,
    authid: isText,
    authrole: isText,
    authmethod: isText,
    features: (value) => isDict(value) && Object.values(value).every(isBoolean),
    discloseCaller: isBoolean,
    forwardTimeout: isBoolean,
  },
  session: { session: isId, authid: isText, authrole: isText },
  testament: {
    session: isId,
    number: isId,
    scope: oneOf("detached", "destroyed"),
    event: isEvent,
  },
  kept: { event: isEvent },
  rules: { digest: isId },
  guard: { uri: isText },
};

function isEvent(value: unknown): boolean {
  return isRemoteMessage(value) && value.type === "EVENT";
}

/** Whether what came from another node is a message. */
export function isRemoteMessage(value: unknown): value is RemoteMessage {
  return isDict(value) && fits(value, MESSAGES, value["type"]);
}

/** Whether what came from another node is a fact. */
export function isFact(value: unknown): value is Fact {
  return isDict(value) && fits(value, FACTS, value["kind"]);
}

function fits(
  value: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>,
  kind: unknown,
): boolean {
  if (typeof kind !== "string" || !Object.hasOwn(shapes, kind)) return false;
  const shape = shapes[kind] as Readonly<Record<string, Check>>;
  for (const key in shape) if (shape[key]?.(value[key]) !== true) return false;
  return true;
}
