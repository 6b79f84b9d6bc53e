import type { Message } from "../../wamp/messages.ts";
import { isEmpty, type Payload, type TailEncoder } from "../../wamp/payload.ts";
import { copyStretch } from "../copy.ts";

const COMMA = 0x2c;
const ZERO = 0x30;

/**
 * Writes what a router sends most, EVENT, INVOCATION and RESULT without details, straight to memory, digit by digit:
 * the strings in between would cost more than the message itself.
 *
 * @param target has room for the payload and `HEAD_ROOM` bytes more
 * @returns the position after the message, or -1 for any other message
 */
export function writeJson(message: Message, encoder: TailEncoder, target: Buffer, at: number): number {
  switch (message.type) {
    case "EVENT":
      if (!isEmpty(message.details)) return -1;
      at = writeIds(target, at, 36, message.subscription, message.publication);
      return writeRest(target, at, message.payload, encoder);
    case "INVOCATION":
      if (!isEmpty(message.details)) return -1;
      at = writeIds(target, at, 68, message.request, message.registration);
      return writeRest(target, at, message.payload, encoder);
    case "RESULT":
      if (!isEmpty(message.details)) return -1;
      at = writeIds(target, at, 50, message.request);
      return writeRest(target, at, message.payload, encoder);
    default:
      return -1;
  }
}

/** `[68,1,2,` */
function writeIds(target: Buffer, at: number, code: number, first: number, second?: number): number {
  target[at] = 0x5b;
  at = writeNumber(target, at + 1, code);
  target[at] = COMMA;
  at = writeNumber(target, at + 1, first);
  target[at++] = COMMA;
  if (second === undefined) return at;
  at = writeNumber(target, at, second);
  target[at] = COMMA;
  return at + 1;
}

/** The empty details, the payload and the last bracket. */
function writeRest(target: Buffer, at: number, payload: Payload | undefined, encoder: TailEncoder): number {
  target[at] = 0x7b;
  target[at + 1] = 0x7d;
  at += 2;
  if (payload !== undefined) at = copyStretch(payload.stretch(encoder), target, at);
  target[at] = 0x5d;
  return at + 1;
}

/** A whole number that is not negative, up to 2^53. */
function writeNumber(target: Buffer, at: number, number: number): number {
  if (number < 10) {
    target[at] = ZERO + number;
    return at + 1;
  }
  if (number > 0x7fff_ffff) {
    // What is divided below is then small enough for the processor's own whole numbers.
    const high = Math.floor(number / 1e8);
    return writeDigits(target, writeNumber(target, at, high), number - high * 1e8, 8);
  }
  let count = 1;
  for (let limit = 10; limit <= number; limit *= 10) count++;
  return writeDigits(target, at, number, count);
}

function writeDigits(target: Buffer, at: number, number: number, count: number): number {
  let rest = number | 0;
  for (let i = at + count - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    target[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + count;
}
