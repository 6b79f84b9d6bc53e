import type { Serializer } from "../serializers/serializer.ts";
import type { Message } from "../wamp/messages.ts";

/** What a wire puts around the bytes of a message. */
type Framer = (bytes: Uint8Array, binary: boolean) => readonly Uint8Array[];

/** An encoded message on its way out. One serves all receivers of a format. */
export class OutgoingFrame {
  readonly bytes: Uint8Array;
  readonly binary: boolean;
  #framer: Framer | null = null;
  #framed: readonly Uint8Array[] = [];

  constructor(bytes: Uint8Array, binary: boolean) {
    this.bytes = bytes;
    this.binary = binary;
  }

  /** What `framer` makes of it, made once for all connections of that kind. */
  framed(framer: Framer): readonly Uint8Array[] {
    if (this.#framer !== framer) {
      this.#framed = framer(this.bytes, this.binary);
      this.#framer = framer;
    }
    return this.#framed;
  }
}

/** Encodes for one format. An event goes to its receivers one after the other, so remembering the last one is enough. */
export class Outgoing {
  readonly #serializer: Serializer;
  #message: Message | null = null;
  #frame: OutgoingFrame | null = null;

  constructor(serializer: Serializer) {
    this.#serializer = serializer;
  }

  /** @throws WampError where the format cannot say the message */
  frame(message: Message): OutgoingFrame {
    if (this.#frame !== null && this.#message === message) return this.#frame;
    const { binary } = this.#serializer;
    this.#frame = new OutgoingFrame(this.#serializer.encode(message), binary);
    this.#message = message;
    return this.#frame;
  }
}

const byFormat = new WeakMap<Serializer, Outgoing>();

/** The encoder that all connections of a format share. */
export function outgoingOf(serializer: Serializer): Outgoing {
  let outgoing = byFormat.get(serializer);
  if (outgoing === undefined) byFormat.set(serializer, (outgoing = new Outgoing(serializer)));
  return outgoing;
}
