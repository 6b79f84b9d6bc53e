import type { PackedPayload, RemoteMessage } from "@wampgate/core";
import { briefContent, readBrief } from "./brief.ts";
import { type Content, contentOf, headIn, type Inside, payloadOf } from "./content.ts";
import { Kind } from "./envelope.ts";
import { Form } from "./head.ts";

// The messages of a realm: those that a client waits for, where all else that nodes send each other is rare.

/** A message as it came: it may be anything. */
export interface Message {
  readonly realm: string;
  readonly message: unknown;
}

/** @throws Error if the message is no data, or the format of its payload is unknown */
export function messageContent(realm: string, message: RemoteMessage): Content {
  const brief = briefContent(realm, message);
  if (brief !== null) return brief;
  const whole: RemoteMessage & { readonly payload?: PackedPayload | undefined } = message;
  const { payload, ...rest } = whole;
  return contentOf(Kind.message, [realm, rest], payload);
}

/** What a content of the kind `message` says; null if it cannot be read. */
export function readMessage(content: Inside): Message | null {
  if (content.form === Form.brief) return readBrief(content, payloadOf(content));
  const read = headIn(content);
  if (read === null || !Array.isArray(read.head)) return null;
  const [realm, message] = read.head as readonly unknown[];
  return typeof realm === "string" ? { realm, message: withPayload(message, payloadOf(content)) } : null;
}

function withPayload(message: unknown, payload: PackedPayload | undefined): unknown {
  if (typeof message !== "object" || message === null) return message;
  return payload === undefined ? message : { ...message, payload };
}
