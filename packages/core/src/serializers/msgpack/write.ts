import type { Message } from "../../wamp/messages.ts";
import { isEmpty, type Payload, type TailEncoder } from "../../wamp/payload.ts";
import { copyStretch } from "../copy.ts";

/**
 * Writes what a router sends most, EVENT, INVOCATION and RESULT without details, straight to memory.
 *
 * @param target has room for the payload and `HEAD_ROOM` bytes more
 * @returns the position after the message, or -1 where it is another message
 */
export function writeMsgpack(message: Message, encoder: TailEncoder, target: Buffer, at: number): number {
  switch (message.type) {
    case "EVENT":
      if (!isEmpty(message.details)) return -1;
      return write(target, at, 36, message.subscription, message.publication, message.payload, encoder);
    case "INVOCATION":
      if (!isEmpty(message.details)) return -1;
      return write(target, at, 68, message.request, message.registration, message.payload, encoder);
    case "RESULT":
      if (!isEmpty(message.details)) return -1;
      return write(target, at, 50, message.request, null, message.payload, encoder);
    default:
      return -1;
  }
}

function write(
  target: Buffer,
  at: number,
  code: number,
  first: number,
  second: number | null,
  payload: Payload | undefined,
  encoder: TailEncoder,
): number {
  const stretch = payload?.stretch(encoder);
  const fields = second === null ? 3 : 4;
  target[at] = 0x90 | (fields + (stretch?.count ?? 0));
  target[at + 1] = code;
  at = writeNumber(target, at + 2, first);
  if (second !== null) at = writeNumber(target, at, second);
  target[at++] = 0x80;
  return stretch === undefined ? at : copyStretch(stretch, target, at);
}

/** Writes a whole number that is not negative, up to 2^53. @returns the position after it */
export function writeNumber(target: Buffer, at: number, number: number): number {
  if (number < 0x80) {
    target[at] = number;
    return at + 1;
  }
  if (number > 0xffff_ffff) {
    const high = Math.floor(number / 2 ** 32);
    target[at] = 0xcf;
    return writeWord(target, writeWord(target, at + 1, high), number - high * 2 ** 32);
  }
  target[at] = 0xce;
  return writeWord(target, at + 1, number);
}

function writeWord(target: Buffer, at: number, word: number): number {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
  return at + 4;
}
