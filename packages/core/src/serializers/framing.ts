import { protocolViolation } from "../errors/wamp-error.ts";
import type { Framing, Serializer } from "./serializer.ts";

/** One message in each frame. */
export const plain: Framing = {
  split: (frame) => [frame],
  join: (messages) => Buffer.concat(messages),
};

/**
 * Several messages in each frame (spec, advanced/transport_batched_websocket): in text each ends with a separator, in
 * binary each follows its length of four bytes, most significant first.
 */
export function batched(serializer: Serializer): Framing {
  return serializer.binary ? batchedBinary : batchedText();
}

/**
 * The spec ends each message with 0x1E, Autobahn with 0x18: both are read, and the router sends the one that the client
 * used.
 */
function batchedText(): Framing {
  let separator = 0x1e;
  return {
    *split(frame) {
      const last = frame.at(-1);
      if (last !== 0x1e && last !== 0x18) throw protocolViolation("a batch must end with the separator 0x1E");
      separator = last;
      for (let start = 0; start < frame.length;) {
        const end = frame.indexOf(last, start);
        yield notEmpty(frame.subarray(start, end));
        start = end + 1;
      }
    },
    join: (messages) => Buffer.concat(messages.flatMap((message) => [message, Uint8Array.of(separator)])),
  };
}

const batchedBinary: Framing = {
  *split(frame) {
    const buffer = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    if (buffer.length === 0) throw protocolViolation("a batch must hold at least one message");
    for (let start = 0; start < buffer.length;) {
      const end = start + 4 <= buffer.length ? start + 4 + buffer.readUInt32BE(start) : Infinity;
      if (end > buffer.length) throw protocolViolation("a batch ends in the middle of a message");
      yield notEmpty(buffer.subarray(start + 4, end));
      start = end;
    }
  },
  join(messages) {
    return Buffer.concat(
      messages.flatMap((message) => {
        const length = Buffer.allocUnsafe(4);
        length.writeUInt32BE(message.length);
        return [length, message];
      }),
    );
  },
};

function notEmpty(message: Uint8Array): Uint8Array {
  if (message.length === 0) throw protocolViolation("a batch must not hold empty messages");
  return message;
}
