import type { AudienceList, Fact, RemoteMessage } from "../../contract/realm-link.ts";
import { isId } from "../../wamp/ids.ts";
import { isDict } from "../../wamp/messages.ts";
import { MATCH_POLICIES } from "../../wamp/uri.ts";
import { isPacked } from "./payloads.ts";

// What comes from another node is checked here before anything else reads it.

type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [K in Exclude<keyof T, "type" | "kind">]-?: Check };

const isText: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
const isTime: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isMatch: Check = (value) => (MATCH_POLICIES as readonly unknown[]).includes(value);
const isAudience: Check = (value) => value === null || (Array.isArray(value) && value.every(isAudienceList));

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
  },
};

const FACTS: { readonly [K in Fact["kind"]]: Shape<Extract<Fact, { kind: K }>> } = {
  interest: { match: isMatch, uri: isText, created: isTime },
};

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
