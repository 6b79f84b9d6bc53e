import type { Message } from "../../wamp/messages.ts";
import { isEmpty, type Payload, type TailEncoder } from "../../wamp/payload.ts";
import { copyStretch } from "../copy.ts";

/**
 * Writes what a router sends most, EVENT, INVOCATION and RESULT without details, straight to memory.
 *
 * @param target has room for the payload and `HEAD_ROOM` bytes more
 * @returns the position after the message, or -1 where it is another message
 */
export function writeCbor(message: Message, encoder: TailEncoder, target: Buffer, at: number): number {
  switch (message.type) {
    case "EVENT":
      if (!isEmpty(message.details)) return -1;
      return write(target, at, [36, message.subscription, message.publication], message.payload, encoder);
    case "INVOCATION":
      if (!isEmpty(message.details)) return -1;
      return write(target, at, [68, message.request, message.registration], message.payload, encoder);
    case "RESULT":
      if (!isEmpty(message.details)) return -1;
      return write(target, at, [50, message.request], message.payload, encoder);
    default:
      return -1;
  }
}

function write(
  target: Buffer,
  at: number,
  numbers: readonly number[],
  payload: Payload | undefined,
  encoder: TailEncoder,
): number {
  const stretch = payload?.stretch(encoder);
  target[at++] = 0x80 | (numbers.length + 1 + (stretch?.count ?? 0));
  for (const number of numbers) at = writeNumber(target, at, number);
  target[at++] = 0xa0;
  return stretch === undefined ? at : copyStretch(stretch, target, at);
}

/** Writes a whole number that is not negative, up to 2^53, in the fewest bytes. @returns the position after it */
export function writeNumber(target: Buffer, at: number, number: number): number {
  if (number < 24) {
    target[at] = number;
    return at + 1;
  }
  if (number < 0x100) {
    target[at] = 0x18;
    target[at + 1] = number;
    return at + 2;
  }
  if (number < 0x1_0000) {
    target[at] = 0x19;
    return target.writeUInt16BE(number, at + 1);
  }
  if (number < 2 ** 32) {
    target[at] = 0x1a;
    return target.writeUInt32BE(number, at + 1);
  }
  const high = Math.floor(number / 2 ** 32);
  target[at] = 0x1b;
  return target.writeUInt32BE(number - high * 2 ** 32, target.writeUInt32BE(high, at + 1));
}
