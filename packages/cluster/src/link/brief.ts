import { type Dict, isDict, type PackedPayload, type RemoteMessage, textAt } from "@wampgate/core";
import { getNumber, isAscii, putAscii, putBytes, putNumber } from "./bytes.ts";
import { type Content, CONTENT_FIXED, formatOf, type Inside, lengthOf, putPayload, writeFixed } from "./content.ts";
import { Kind } from "./envelope.ts";
import { Form, isPlain } from "./head.ts";

// The head of the most frequent messages, which is written and read faster than JSON:
//
//     0 u8 type   1 u8 whether it retains, or is the first   2 u16 length of the realm   4 u16 length of the topic
//     6 numbers, 8 bytes each: those of the type, in the order below   … realm, topic, then the details as JSON, if there are any
//
// Realm and topic are ASCII. A message that does not fit into it gets an ordinary head.

const EVENT = 1;
const INVOCATION = 2;
const RESULT = 3;

/** How many numbers a type has: `id, at`; `request, registration, callee`; `request`. */
const NUMBERS = [0, 2, 3, 1];

const TEXTS = 6;

/** The longest brief head, in bytes. */
const MOST = 4096;

const NO_DETAILS: Readonly<Dict> = Object.freeze({});

/** What a brief head says. Its message has its payload. */
export interface Brief {
  readonly realm: string;
  readonly message: RemoteMessage;
}

/** A message that has a brief head, as it is written. */
class BriefContent implements Content {
  readonly kind = Kind.message;
  readonly size: number;
  readonly #realm: string;
  readonly #message: Extract<RemoteMessage, { readonly payload: unknown }>;
  readonly #details: Buffer | null;
  readonly #headLength: number;
  readonly #format: number;

  constructor(
    realm: string,
    message: Extract<RemoteMessage, { readonly payload: unknown }>,
    details: Buffer | null,
    headLength: number,
  ) {
    this.#realm = realm;
    this.#message = message;
    this.#details = details;
    this.#headLength = headLength;
    const { payload } = message;
    this.#format = formatOf(payload);
    this.size = CONTENT_FIXED + headLength + lengthOf(payload);
  }

  write(bytes: Buffer, at: number): void {
    const message = this.#message;
    const { payload } = message;
    writeFixed(bytes, at, Kind.message, Form.brief, this.#headLength, this.#format, payload);
    const begin = at + CONTENT_FIXED;
    let end = begin + TEXTS;
    switch (message.type) {
      case "EVENT":
        this.#begin(bytes, begin, EVENT, message.retain, message.topic);
        putNumber(bytes, end, message.id);
        putNumber(bytes, end + 8, message.at);
        end = putAscii(bytes, putAscii(bytes, end + 16, this.#realm), message.topic);
        break;
      case "INVOCATION":
        this.#begin(bytes, begin, INVOCATION, message.isFirst, "");
        putNumber(bytes, end, message.request);
        putNumber(bytes, end + 8, message.registration);
        putNumber(bytes, end + 16, message.callee);
        end = putAscii(bytes, end + 24, this.#realm);
        break;
      default:
        this.#begin(bytes, begin, RESULT, false, "");
        putNumber(bytes, end, message.request);
        end = putAscii(bytes, end + 8, this.#realm);
    }
    if (this.#details !== null) end = putBytes(bytes, end, this.#details, 0, this.#details.length);
    if (payload !== undefined) putPayload(bytes, end, payload);
  }

  #begin(bytes: Buffer, at: number, type: number, isSo: boolean, topic: string): void {
    const realm = this.#realm;
    bytes[at] = type;
    bytes[at + 1] = isSo ? 1 : 0;
    bytes[at + 2] = realm.length;
    bytes[at + 3] = realm.length >>> 8;
    bytes[at + 4] = topic.length;
    bytes[at + 5] = topic.length >>> 8;
  }
}

/** A message with a brief head; null if it cannot have one. @throws Error if the format of the payload is unknown */
export function briefContent(realm: string, message: RemoteMessage): Content | null {
  switch (message.type) {
    case "EVENT": {
      const { id, at, topic, audience } = message;
      if (audience !== null || !isNumber(id) || !isNumber(at)) return null;
      return made(realm, message, TEXTS + 16, topic);
    }
    case "INVOCATION": {
      const { request, registration, callee } = message;
      if (!isNumber(request) || !isNumber(registration) || !isNumber(callee)) return null;
      return made(realm, message, TEXTS + 24, "");
    }
    case "RESULT":
      return isNumber(message.request) ? made(realm, message, TEXTS + 8, "") : null;
    default:
      return null;
  }
}

function made(
  realm: string,
  message: Extract<RemoteMessage, { readonly payload: unknown }>,
  begin: number,
  topic: string,
): Content | null {
  const texts = begin + realm.length + topic.length;
  if (texts > MOST || !isAscii(realm) || !isAscii(topic)) return null;
  const { details } = message;
  if (isEmpty(details)) return new BriefContent(realm, message, null, texts);
  if (!isPlain(details)) return null;
  const json = Buffer.from(JSON.stringify(details));
  return texts + json.length > MOST ? null : new BriefContent(realm, message, json, texts + json.length);
}

function isNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isEmpty(details: Readonly<Dict>): boolean {
  for (const _ in details) return false;
  return true;
}

/** What a content with a brief head says; null if that is none. */
export function readBrief(content: Inside, payload: PackedPayload | undefined): Brief | null {
  const { bytes, begin, middle: end } = content;
  const numbers = begin + TEXTS;
  if (end < numbers) return null;
  const type = bytes[begin] as number;
  const realmAt = numbers + 8 * (NUMBERS[type] ?? 0);
  const topicAt = realmAt + ((bytes[begin + 2] as number) | ((bytes[begin + 3] as number) << 8));
  const detailsAt = topicAt + ((bytes[begin + 4] as number) | ((bytes[begin + 5] as number) << 8));
  if (detailsAt > end) return null;
  const isSo = bytes[begin + 1] === 1;
  const realm = textAt(bytes, realmAt, topicAt);
  const details = detailsAt === end ? NO_DETAILS : detailsIn(bytes.toString("utf8", detailsAt, end));
  if (details === null) return null;
  switch (type) {
    case EVENT: {
      const [id, at] = [getNumber(bytes, numbers), getNumber(bytes, numbers + 8)];
      const topic = textAt(bytes, topicAt, detailsAt);
      return { realm, message: { type: "EVENT", id, topic, payload, details, audience: null, retain: isSo, at } };
    }
    case INVOCATION: {
      const [request, registration] = [getNumber(bytes, numbers), getNumber(bytes, numbers + 8)];
      const callee = getNumber(bytes, numbers + 16);
      return {
        realm,
        message: { type: "INVOCATION", request, registration, callee, isFirst: isSo, details, payload },
      };
    }
    case RESULT:
      return { realm, message: { type: "RESULT", request: getNumber(bytes, numbers), details, payload } };
    default:
      return null;
  }
}

/** Null if it is no object in JSON. */
function detailsIn(json: string): Dict | null {
  try {
    const details: unknown = JSON.parse(json);
    return isDict(details) ? details : null;
  } catch {
    return null;
  }
}
