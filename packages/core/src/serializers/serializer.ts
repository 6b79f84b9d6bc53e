import type { Message } from "../wamp/messages.ts";
import type { TailEncoder } from "../wamp/payload.ts";

/** A wire format for messages. Stateless: one object serves all sessions. */
export interface Serializer extends TailEncoder {
  /** Its name in the subprotocol `wamp.2.<name>`. */
  readonly name: string;
  /** Whether frames are binary; else they are text. */
  readonly binary: boolean;
  /** Its number in RawSocket's handshake, 1 to 15 (spec, advanced/transport_rawsocket); without one it is not spoken there. */
  readonly rawSocketId?: number;
  /**
   * One message from its bytes.
   * @param maxDepth how deep its lists and dictionaries may stand in each other: `MAX_DEPTH` at most, which is
   * the default
   * @param maxValues how many values it may hold: the members of its lists and dictionaries, of the message's own list
   * too, counted before anything is made of them. Default: `MAX_VALUES`
   * @throws WampError `wamp.error.protocol_violation`, a `TooDeep` or `TooManyValues` where it is that
   */
  decode(bytes: Uint8Array, maxDepth?: number, maxValues?: number): Message;
  /**
   * The bytes of a message in pieces, as they are to stand behind each other: texts in UTF-8, and bytes that need not be
   * copied. Without it `encode` is used. @throws WampError as `encode`
   */
  readonly encodeParts?: (message: Message) => readonly (string | Uint8Array)[];
  /**
   * Writes a message straight to `target`, which has room for its payload's tail and `HEAD_ROOM` bytes from `at` on.
   * Without it, and where it returns -1, the message is encoded. @returns the position after the message, or -1
   */
  readonly write?: (message: Message, target: Buffer, at: number) => number;
  /** The bytes of a message. @throws WampError `wamp.error.invalid_argument` for a payload the format cannot say. */
  encode(message: Message): Uint8Array;
}

/** The most bytes that a message takes beside its payload where it is written by `Serializer.write`. */
export const HEAD_ROOM = 64;

/** How messages stand in frames: one each, or several. Made anew for each connection. */
export interface Framing {
  /**
   * The messages of a frame that came, one at a time: a frame may be made of millions that are none, and the first of
   * them ends it. @throws WampError `wamp.error.protocol_violation`
   */
  split(frame: Uint8Array): Iterable<Uint8Array>;
  /** A frame of the messages to be sent. */
  join(messages: readonly Uint8Array[]): Uint8Array;
}

/** How deep lists and dictionaries may stand in each other at most. Past it a message is refused, before any stack is. */
export const MAX_DEPTH = 100;

/** How many values a message may hold where nothing else is said. */
export const MAX_VALUES = 100_000;

/** The same bytes, as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
