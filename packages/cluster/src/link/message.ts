import type { PackedPayload, RemoteMessage } from "@wampgate/core";
import { readBrief, writeBrief } from "./brief.ts";
import { type Content, contentOf, contentWith, formOf, type Inside, Kind, payloadOf, readContent } from "./envelope.ts";
import { Form } from "./head.ts";

// The messages of a realm: those that a client waits for, where all else that nodes send each other is rare.

/** A message as it came: it may be anything. */
export interface Message {
  readonly realm: string;
  readonly message: unknown;
}

/** @throws Error if the message is no data, or the format of its payload is unknown */
export function messageContent(realm: string, message: RemoteMessage): Content {
  const whole: RemoteMessage & { readonly payload?: PackedPayload | undefined } = message;
  const brief = writeBrief(realm, message);
  if (brief !== null) return contentWith(Kind.message, { bytes: brief, form: Form.brief }, whole.payload);
  const { payload, ...rest } = whole;
  return contentOf(Kind.message, [realm, rest], payload);
}

/** What a whole envelope of the kind `message` says; null if it cannot be read. */
export function readMessage(envelope: Inside): Message | null {
  if (formOf(envelope) === Form.brief) return readBriefOne(envelope);
  const content = readContent(envelope);
  if (content === null || !Array.isArray(content.head)) return null;
  const [realm, message] = content.head as readonly unknown[];
  return typeof realm === "string" ? { realm, message: withPayload(message, content.payload) } : null;
}

function readBriefOne(envelope: Inside): Message | null {
  const { body, begin, headLength } = envelope;
  try {
    const payload = payloadOf(envelope);
    return readBrief(body, begin, begin + headLength, payload);
  } catch {
    return null;
  }
}

function withPayload(message: unknown, payload: PackedPayload | undefined): unknown {
  if (typeof message !== "object" || message === null) return message;
  return payload === undefined ? message : { ...message, payload };
}
