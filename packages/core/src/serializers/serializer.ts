import type { Message } from "../wamp/messages.ts";
import type { TailEncoder } from "../wamp/payload.ts";

/** A wire format for messages. Stateless: one object serves all sessions. */
export interface Serializer extends TailEncoder {
  /** Its name in the subprotocol `wamp.2.<name>`. */
  readonly name: string;
  /** Whether frames are binary; else they are text. */
  readonly binary: boolean;
  /**
   * Its number in RawSocket's handshake, 1 to 15 (spec, advanced/transport_rawsocket); without one RawSocket does not
   * offer it.
   */
  readonly rawSocketId?: number;
  /**
   * One message from its bytes.
   * @param maxDepth the maximum nesting depth of its lists and dictionaries: `MAX_DEPTH` at most, which is the default
   * @param maxValues how many values it may hold: the members of its lists and dictionaries, of the message's own list
   * too, counted before any are created. Default: `MAX_VALUES`
   * @throws WampError `wamp.error.protocol_violation`, a `TooDeep` or `TooManyValues` if it exceeds that limit
   */
  decode(bytes: Uint8Array, maxDepth?: number, maxValues?: number): Message;
  /**
   * The bytes of a message as pieces in order: texts in UTF-8, and bytes that need not be copied. Without it `encode`
   * is used. @throws WampError as `encode`
   */
  readonly encodeParts?: (message: Message) => readonly (string | Uint8Array)[];
  /**
   * Writes a message straight to `target`, which has room for its payload's tail and `HEAD_ROOM` bytes from `at` on.
   * Without it, and if it returns -1, the message is encoded. @returns the position after the message, or -1
   */
  readonly write?: (message: Message, target: Buffer, at: number) => number;
  /**
   * The bytes of a message. @throws WampError `wamp.error.invalid_argument` for a payload that the format cannot carry.
   */
  encode(message: Message): Uint8Array;
}

/** The most bytes that `Serializer.write` may write besides the payload. */
export const HEAD_ROOM = 64;

/** How messages are put in frames: one in each, or several. Created for each connection. */
export interface Framing {
  /**
   * The messages of a received frame, one at a time: a frame may hold millions of broken ones, and the first of them
   * ends the reading. @throws WampError `wamp.error.protocol_violation`
   */
  split(frame: Uint8Array): Iterable<Uint8Array>;
  /** A frame of the messages to be sent. */
  join(messages: readonly Uint8Array[]): Uint8Array;
}

/** Maximum nesting depth of a message. A deeper message is refused before the stack overflows. */
export const MAX_DEPTH = 100;

/** How many values a message may hold by default. */
export const MAX_VALUES = 100_000;

/** The same bytes, as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
