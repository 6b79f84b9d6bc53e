import { type Dict, isDict, type PackedPayload, type RemoteMessage } from "@wampgate/core";
import { isPlain } from "./head.ts";

// The head of the most frequent messages, which is written and read faster than JSON:
//
//     0 u8 type   1 u8 whether it retains, or is the first   2 u16 length of the realm   4 u16 length of the topic
//     6 numbers, 8 bytes each: those of the type, in the order below   … realm, topic, then the details as JSON, if there are any
//
// It has texts of ASCII alone. A message that does not fit into it has a head as any other one.

const EVENT = 1;
const INVOCATION = 2;
const RESULT = 3;

/** How many numbers a type has: `id, at`; `request, registration, callee`; `request`. */
const NUMBERS = [0, 2, 3, 1];

const TEXTS = 6;
const WORD = 2 ** 32;

/** The longest brief head, in bytes. */
const MOST = 4096;

/** Where it is written, before it is known how long it is. */
const scratch = Buffer.allocUnsafeSlow(MOST);

/** What a brief head says. Its message has its payload. */
export interface Brief {
  readonly realm: string;
  readonly message: RemoteMessage;
}

/** The brief head of a message, which is to be copied at once; null if it cannot have one. */
export function writeBrief(realm: string, message: RemoteMessage): Uint8Array | null {
  switch (message.type) {
    case "EVENT": {
      const { id, at, topic, details, audience, retain } = message;
      if (audience !== null || !writeNumber(id, 0) || !writeNumber(at, 1)) return null;
      return write(EVENT, retain, realm, topic, details);
    }
    case "INVOCATION": {
      const { request, registration, callee, isFirst, details } = message;
      if (!writeNumber(request, 0) || !writeNumber(registration, 1) || !writeNumber(callee, 2)) return null;
      return write(INVOCATION, isFirst, realm, "", details);
    }
    case "RESULT":
      return writeNumber(message.request, 0) ? write(RESULT, false, realm, "", message.details) : null;
    default:
      return null;
  }
}

function write(type: number, isSo: boolean, realm: string, topic: string, details: Readonly<Dict>): Uint8Array | null {
  const begin = TEXTS + 8 * (NUMBERS[type] as number);
  const end = begin + realm.length + topic.length;
  if (end > MOST) return null;
  scratch[0] = type;
  scratch[1] = isSo ? 1 : 0;
  scratch.writeUInt16LE(realm.length, 2);
  scratch.writeUInt16LE(topic.length, 4);
  if (!writeText(realm, begin) || !writeText(topic, begin + realm.length)) return null;
  if (isEmpty(details)) return scratch.subarray(0, end);
  if (!isPlain(details)) return null;
  const json = JSON.stringify(details);
  if (end + 3 * json.length > MOST) return null;
  return scratch.subarray(0, end + scratch.write(json, end));
}

/** @param at which number it is @returns false if it cannot be one */
function writeNumber(value: number, at: number): boolean {
  if (!Number.isSafeInteger(value) || value < 0) return false;
  scratch.writeUInt32LE(value % WORD, TEXTS + 8 * at);
  scratch.writeUInt32LE(Math.floor(value / WORD), TEXTS + 8 * at + 4);
  return true;
}

/** @returns false if it is not ASCII */
function writeText(text: string, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    scratch[at + i] = unit;
  }
  return true;
}

function isEmpty(details: Readonly<Dict>): boolean {
  for (const _ in details) return false;
  return true;
}

/** @throws Error if there is no brief head between `begin` and `end` */
export function readBrief(bytes: Buffer, begin: number, end: number, payload: PackedPayload | undefined): Brief {
  const numbers = begin + TEXTS;
  if (end < numbers) throw new Error("this is no brief head");
  const type = bytes[begin] as number;
  const realmAt = numbers + 8 * (NUMBERS[type] ?? 0);
  const topicAt = realmAt + bytes.readUInt16LE(begin + 2);
  const detailsAt = topicAt + bytes.readUInt16LE(begin + 4);
  if (detailsAt > end) throw new Error("what is in a brief head is longer than it");
  const isSo = bytes[begin + 1] === 1;
  const realm = bytes.toString("latin1", realmAt, topicAt);
  const details = detailsAt === end ? {} : readDetails(bytes.toString("utf8", detailsAt, end));
  switch (type) {
    case EVENT: {
      const [id, at] = [readNumber(bytes, numbers), readNumber(bytes, numbers + 8)];
      const topic = bytes.toString("latin1", topicAt, detailsAt);
      return { realm, message: { type: "EVENT", id, topic, payload, details, audience: null, retain: isSo, at } };
    }
    case INVOCATION: {
      const [request, registration] = [readNumber(bytes, numbers), readNumber(bytes, numbers + 8)];
      const callee = readNumber(bytes, numbers + 16);
      return {
        realm,
        message: { type: "INVOCATION", request, registration, callee, isFirst: isSo, details, payload },
      };
    }
    case RESULT:
      return { realm, message: { type: "RESULT", request: readNumber(bytes, numbers), details, payload } };
    default:
      throw new Error("no brief head has this type");
  }
}

/** It may be more than an id can be: core checks it, as it does with other heads. */
function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + WORD * bytes.readUInt32LE(at + 4);
}

/** @throws Error if it is no object in JSON */
function readDetails(json: string): Dict {
  const details: unknown = JSON.parse(json);
  if (!isDict(details)) throw new Error("the details of a brief head are no object");
  return details;
}
