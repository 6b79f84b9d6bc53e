import type { RemoteMessage } from "@wampgate/core";
import { Kind } from "./envelope.ts";

// Words for what nodes send each other, for counts. Another node may send anything, so there is a word for all else.

const OTHER = "other";

export const EVENT = "event";
export const BEAT = "beat";

const MESSAGES: Readonly<Record<RemoteMessage["type"], string>> = {
  EVENT,
  INVOCATION: "invocation",
  INTERRUPT: "interrupt",
  RESULT: "result",
  ERROR: "error",
  REFUSAL: "refusal",
  QUESTION: "question",
  ANSWER: "answer",
};

const ENVELOPES: ReadonlyMap<number, string> = new Map(Object.entries(Kind).map(([name, kind]) => [kind, name]));

const ARE_MESSAGES: ReadonlySet<string> = new Set(Object.values(MESSAGES));

/** The word for a message. */
export function wordFor({ type }: RemoteMessage): string {
  return type === "EVENT" ? EVENT : MESSAGES[type];
}

/** The word for what came, which may be no message. */
export function wordOfMessage(message: unknown): string {
  const type = (message as { readonly type?: unknown } | null | undefined)?.type;
  if (type === "EVENT") return EVENT;
  return typeof type === "string" && Object.hasOwn(MESSAGES, type) ? MESSAGES[type as RemoteMessage["type"]] : OTHER;
}

/** The word for what is no message. */
export function wordOf(kind: number): string {
  return ENVELOPES.get(kind) ?? OTHER;
}

/** Whether what the word is for is not told again when a pair of nodes begins again. */
export function isSentOnce(word: string): boolean {
  return ARE_MESSAGES.has(word);
}
