import type { Serializer } from "../serializers/serializer.ts";
import type { Message } from "../wamp/messages.ts";

/** A piece of an encoded message: a text in UTF-8, or bytes. */
export type Part = string | Uint8Array;

/** What a wire puts around an encoded message. */
type Framer = (frame: OutgoingFrame) => readonly Uint8Array[];

/** An encoded message on its way out. One serves all receivers of a format. */
export class OutgoingFrame {
  readonly parts: readonly Part[];
  readonly binary: boolean;
  /** In bytes. */
  readonly length: number;
  #framer: Framer | null = null;
  #framed: readonly Uint8Array[] = [];
  #bytes: Uint8Array | null = null;

  constructor(parts: readonly Part[], binary: boolean) {
    this.parts = parts;
    this.binary = binary;
    let length = 0;
    for (const part of parts) length += sizeOf(part);
    this.length = length;
  }

  /** All of it as one piece. */
  get bytes(): Uint8Array {
    if (this.#bytes === null) {
      const bytes = Buffer.allocUnsafe(this.length);
      this.copyTo(bytes, 0);
      this.#bytes = bytes;
    }
    return this.#bytes;
  }

  /** Writes all of it to `target`, which has room for it. */
  copyTo(target: Buffer, at: number): void {
    for (const part of this.parts) {
      const size = sizeOf(part);
      put(part, size, target, at);
      at += size;
    }
  }

  /**
   * What `framer` makes of it, made once for all connections of that kind. For one receiver its pieces are handed on as
   * they are; for several it pays to put them together.
   */
  framed(framer: Framer): readonly Uint8Array[] {
    if (this.#framer !== framer) {
      this.#framed = framer(this);
      this.#framer = framer;
    } else if (this.#framed.length > 1) this.#framed = [Buffer.concat(this.#framed)];
    return this.#framed;
  }
}

function sizeOf(part: Part): number {
  return typeof part === "string" ? Buffer.byteLength(part) : part.length;
}

function put(part: Part, size: number, target: Buffer, at: number): void {
  if (typeof part !== "string") target.set(part, at);
  // One byte for each character is what most heads are, and is copied without a look at each.
  else if (part.length === size) target.write(part, at, "latin1");
  else target.write(part, at);
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
    const parts = this.#serializer.encodeParts?.(message) ?? [this.#serializer.encode(message)];
    this.#frame = new OutgoingFrame(parts, binary);
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
